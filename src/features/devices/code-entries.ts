import { AppError } from '../../kit/errors.ts';
import type { Limit } from '../../platform/rate-limit.ts';

/** Codes that are entered by whoever cannot prove that the code is theirs already. */
export type CodeEntries = {
  /** Throws 429 with `Retry-After` after too many wrong ones. Call the answer when it was a right one. */
  enter(address: string): Promise<() => Promise<void>>;
};

/**
 * Each entry counts before it is looked at, and a right one is given back: of a thousand that come at once no more are
 * answered than the limit says.
 */
export function createCodeEntries({ ofAddress, ofAll }: { ofAddress: Limit; ofAll: Limit }): CodeEntries {
  /** Of all addresses, as one. */
  const ALL = 'all';
  return {
    async enter(address) {
      refuse(await ofAddress.take(address));
      const all = await ofAll.take(ALL);
      if (!all.isAllowed) await ofAddress.giveBack(address);
      refuse(all);
      return async () => {
        await Promise.all([ofAddress.giveBack(address), ofAll.giveBack(ALL)]);
      };
    },
  };
}

function refuse({ isAllowed, resetsInSeconds }: Awaited<ReturnType<Limit['take']>>): void {
  if (isAllowed) return;
  throw new AppError(
    'limit.exceeded',
    `Too many wrong codes were entered. Try again in ${resetsInSeconds} seconds.`,
    { status: 429, headers: { 'Retry-After': String(resetsInSeconds) } },
  );
}

import { setTimeout as sleep } from 'node:timers/promises';

export type WaitOptions = {
  /** What is waited for, told when it did not come: "mpv plays". */
  what: string;
  timeoutMs: number;
  everyMs?: number;
  /** Added to the failure, read at the time of the failure: a child's output. */
  detail?: () => string;
};

/** Asks `probe` until it answers something other than undefined or false; throws past the deadline. What `probe` throws ends the wait. */
export async function waitUntil<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(lateMessage(options));
    await sleep(options.everyMs ?? 50);
  }
}

function lateMessage({ what, timeoutMs, detail }: WaitOptions): string {
  const more = detail?.().trim();
  return `not within ${timeoutMs} ms: ${what}${more ? `\n${more}` : ''}`;
}

import type { Notify } from './notify.ts';

export type Soon = {
  /** Of the database's notices. */
  channel: string;
  isMeant?: (payload: string) => boolean;
  /** From the first notice on; changes come in bunches. */
  firstMs: number;
  /** At least, between one and the next. */
  restMs: number;
};

/** Has something run now and soon after a notice: at once at first, then at most once in `restMs`. Answers how to stop. */
export function runSoon(
  notify: Pick<Notify, 'subscribe'>,
  { channel, isMeant = () => true, firstMs, restMs }: Soon,
  runAt: (atMs: number) => Promise<void>,
): () => void {
  let dueAtMs = 0;
  const changed = () => {
    const now = Date.now();
    if (dueAtMs > now) return;
    dueAtMs = Math.max(now + firstMs, dueAtMs + restMs);
    // A schedule runs it too.
    runAt(dueAtMs).catch(() => undefined);
  };
  // Who knows what changed while nothing ran.
  changed();
  return notify.subscribe(channel, {
    onMessage: (payload) => {
      if (isMeant(payload)) changed();
    },
    onGap: changed,
  });
}

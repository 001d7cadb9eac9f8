import type { Notify } from '../../platform/notify.ts';

/** Changes come in bunches; a fill of a million titles takes some seconds, so an import that runs for an hour may not ask for one at each batch. */
const FIRST_MS = 3000;
const REST_MS = 60_000;

/** Has the catalogues filled now and soon after titles changed: at once at first, then at most once a minute. Answers how to stop. */
export function fillSoon(
  notify: Pick<Notify, 'subscribe'>,
  fillAt: (atMs: number) => Promise<void>,
  { firstMs = FIRST_MS, restMs = REST_MS } = {},
): () => void {
  let filledAtMs = 0;
  const changed = () => {
    const now = Date.now();
    if (filledAtMs > now) return;
    filledAtMs = Math.max(now + firstMs, filledAtMs + restMs);
    // The schedule fills them too.
    fillAt(filledAtMs).catch(() => undefined);
  };
  // Who knows what changed while nothing ran.
  changed();
  return notify.subscribe('cache', {
    onMessage: (payload) => {
      if (payload.includes('"group":"media"')) changed();
    },
    onGap: changed,
  });
}

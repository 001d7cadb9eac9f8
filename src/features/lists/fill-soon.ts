import type { Notify } from '../../platform/notify.ts';
import { runSoon } from '../../platform/run-soon.ts';

/** Changes come in bunches; a fill of a million titles takes some seconds, so an import that runs for an hour may not ask for one at each batch. */
const FIRST_MS = 3000;
const REST_MS = 60_000;

/** Has the catalogues filled now and soon after titles changed: at once at first, then at most once a minute. Answers how to stop. */
export function fillSoon(
  notify: Pick<Notify, 'subscribe'>,
  fillAt: (atMs: number) => Promise<void>,
  { firstMs = FIRST_MS, restMs = REST_MS } = {},
): () => void {
  const isMeant = (payload: string) => payload.includes('"group":"media"');
  return runSoon(notify, { channel: 'cache', isMeant, firstMs, restMs }, fillAt);
}

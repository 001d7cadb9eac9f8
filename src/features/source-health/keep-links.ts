import type { Db } from '../../platform/db.ts';
import { deleteStreams, markStreams } from '../stream-index/index.ts';
import { hideLongFailing, hideWithSources, longHidden } from './queries/links.ts';

const AT_ONCE = 5000;

/** Hides as `broken` what nobody reached for 30 days; deletes it 30 days later where the owner says so. */
export async function keepLinks(
  db: Db,
  brokenLinks: 'keep' | 'delete',
  signal: AbortSignal,
): Promise<{ hidden: number; deleted: number }> {
  const hide = (ids: readonly number[]) => markStreams(db, ids, 'broken');
  const hidden =
    (await inPortions(() => hideLongFailing(db, AT_ONCE), hide, signal)) +
    (await inPortions(() => hideWithSources(db, AT_ONCE), hide, signal));
  if (brokenLinks === 'keep') return { hidden, deleted: 0 };
  const deleted = await inPortions(
    () => longHidden(db, AT_ONCE),
    (ids) => deleteStreams(db, ids),
    signal,
  );
  return { hidden, deleted };
}

async function inPortions(
  next: () => Promise<readonly number[]>,
  work: (ids: readonly number[]) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  for (let total = 0; ; ) {
    signal.throwIfAborted();
    const ids = await next();
    if (ids.length > 0) await work(ids);
    total += ids.length;
    if (ids.length < AT_ONCE) return total;
  }
}

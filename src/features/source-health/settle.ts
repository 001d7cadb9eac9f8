import type { Db } from '../../platform/db.ts';
import { countScan, putVerdicts, voicesOf } from './queries/health.ts';
import { SOON_MS, verdictOf } from './verdict.ts';

export type SettleDeps = { db: Db; settings: { get(): { sourceDisableBelow: number } } };

/** Thinks again about these sources, by all that is known of them now. */
export async function settle({ db, settings }: SettleDeps, sourceIds: readonly number[]): Promise<void> {
  if (sourceIds.length === 0) return;
  const { sourceDisableBelow } = settings.get();
  const voices = await voicesOf(db, sourceIds, SOON_MS);
  await putVerdicts(
    db,
    voices.map((each) => verdictOf(each, sourceDisableBelow)),
  );
}

/** Told by whoever scanned a source how that went. */
export async function noteScan(deps: SettleDeps, sourceId: number, isOk: boolean): Promise<void> {
  await countScan(deps.db, sourceId, isOk);
  await settle(deps, [sourceId]);
}

import { trackerUrl } from '../../kit/tracker-url.ts';
import type { Db } from '../../platform/db.ts';
import { type Outcome, recordOutcomes } from './queries/checks.ts';
import { insertTrackers } from './queries/trackers.ts';

/**
 * A real announce is a check: `ok` when the tracker answered, also when it refused (`TrackerRefused`). One statement for a
 * tracker that has its row; nothing for one whose URL holds a member's passkey, which stands in no table.
 */
export async function noteAnnounce(
  db: Db,
  url: string,
  { ok, latencyMs, reason }: Omit<Outcome, 'url'>,
): Promise<void> {
  const known = trackerUrl(url);
  if (known === null) return;
  const outcome = [{ url: known, ok, latencyMs, reason }];
  if ((await recordOutcomes(db, outcome, null)) > 0) return;
  await insertTrackers(db, [known]);
  await recordOutcomes(db, outcome, null);
}

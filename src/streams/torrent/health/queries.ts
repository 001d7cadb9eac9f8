import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** More of them tell nothing new, and each is a packet a torrent. WebSocket trackers are not scraped. */
const MAX_TRACKERS = 5;

const DueSwarm = z.object({
  streamId: z.int(),
  infoHash: z.string(),
  isPrivate: z.boolean(),
  /** Only of private torrents: their announce URLs stand nowhere else. */
  magnetSealed: z.instanceof(Buffer).nullable(),
  seeders: z.int().nullable(),
  /** Whether a tracker said so, not somebody. */
  isChecked: z.boolean(),
  intervalS: z.int(),
  trackers: z.array(z.string()),
});
export type DueSwarm = z.infer<typeof DueSwarm>;

/**
 * Takes at most `limit` torrents that are due, longest due first, for `leaseS` seconds: nobody else gets them meanwhile,
 * and when we die they are due again after it.
 */
export function claimDueSwarms(db: Db, limit: number, leaseS: number): Promise<readonly DueSwarm[]> {
  return db.any(rows('torrent.claim_due', DueSwarm)`
    UPDATE stream_torrent t SET next_check_at = now() + make_interval(secs => ${leaseS})
    WHERE t.stream_id = ANY (ARRAY(
      SELECT d.stream_id FROM stream_torrent d WHERE d.next_check_at <= now()
      ORDER BY d.next_check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
    RETURNING t.stream_id AS "streamId", t.info_hash AS "infoHash", t.visibility = 'private' AS "isPrivate",
      CASE WHEN t.visibility = 'private' THEN t.magnet_sealed END AS "magnetSealed",
      t.seeders, t.checked_at IS NOT NULL AS "isChecked", t.check_interval_s AS "intervalS",
      ARRAY(
        SELECT k.url FROM torrent_tracker tt JOIN tracker k ON k.id = tt.tracker_id
        WHERE tt.stream_id = t.stream_id AND t.visibility <> 'private' AND k.status <> 'failing'
          AND k.url ~ '^(udp|https?):'
        ORDER BY tt.tier, k.success_rate DESC NULLS LAST, k.id
        LIMIT ${MAX_TRACKERS}
      ) AS trackers
  `);
}

export type CheckedSwarm = {
  streamId: number;
  /** Null: no tracker answered, what is stored stays. */
  counts: { seeders: number; leechers: number; completed: number } | null;
  intervalS: number;
  dueInS: number;
};

export async function saveChecks(db: Db, checked: readonly CheckedSwarm[]): Promise<void> {
  const values = checked.map(({ streamId, counts, intervalS, dueInS }) => [
    streamId,
    counts?.seeders ?? null,
    counts?.leechers ?? null,
    counts?.completed ?? null,
    intervalS,
    dueInS,
  ]);
  await db.query(command('torrent.save_checks')`
    UPDATE stream_torrent t SET
      seeders = coalesce(g.seeders, t.seeders), leechers = coalesce(g.leechers, t.leechers),
      completed = greatest(g.completed, t.completed),
      checked_at = CASE WHEN g.seeders IS NULL THEN t.checked_at ELSE now() END,
      check_interval_s = g.interval_s, next_check_at = now() + make_interval(secs => g.due_in_s)
    FROM ${sql.unnest(values, ['int8', 'int4', 'int4', 'int4', 'int4', 'int4'])}
      AS g(stream_id, seeders, leechers, completed, interval_s, due_in_s)
    WHERE t.stream_id = g.stream_id
  `);
}

import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';

/** Gives every tracker a row; in the order of their names, so that two callers cannot wait for each other. */
export async function insertTrackers(db: Db, urls: readonly string[]): Promise<void> {
  await db.query(command('trackers.insert')`
    INSERT INTO tracker (url)
    SELECT n.url FROM unnest(${sql.array(urls, 'text')}) AS n(url)
    WHERE NOT EXISTS (SELECT 1 FROM tracker t WHERE t.url = n.url)
    ORDER BY n.url
    ON CONFLICT DO NOTHING
  `);
}

/** Says which torrents announce to which trackers; `tier` is the place in the torrent's own list. */
export async function linkTrackers(
  db: Db,
  links: readonly { streamId: number; url: string; tier: number }[],
): Promise<void> {
  const values = links.map(({ streamId, url, tier }) => [streamId, url, tier]);
  await db.query(command('trackers.link')`
    INSERT INTO torrent_tracker AS tt (stream_id, tracker_id, tier)
    SELECT s.stream_id, t.id, g.tier
    FROM ${sql.unnest(values, ['int8', 'text', 'int4'])} AS g(stream_id, url, tier)
    JOIN stream_torrent s ON s.stream_id = g.stream_id
    JOIN tracker t ON t.url = g.url
    ORDER BY s.stream_id, t.id
    ON CONFLICT DO NOTHING
  `);
}

export const Tracker = z.object({
  url: z.string(),
  status: z.enum(['working', 'failing', 'unknown']),
  /** 0–1; null before the first check. */
  successRate: z.number().nullable(),
  latencyMs: z.int().nullable(),
  lastCheckAt: z.iso.datetime().nullable(),
});
export type Tracker = z.infer<typeof Tracker>;

/** Every tracker, working ones first. A scan of the whole table on purpose: hundreds of rows, all of them shown. */
export function allTrackers(db: Db, limit: number): Promise<readonly Tracker[]> {
  return db.any(rows('trackers.all', Tracker)`
    SELECT t.url, t.status, t.success_rate AS "successRate", t.latency_ms AS "latencyMs",
      to_char(t.last_check_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "lastCheckAt"
    FROM tracker t
    ORDER BY array_position(ARRAY['working', 'unknown', 'failing'], t.status), t.success_rate DESC NULLS LAST, t.url
    LIMIT ${limit}
  `);
}

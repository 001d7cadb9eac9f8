import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { SOURCE_FINDERS } from '../place.ts';

const Claimed = z.object({
  id: z.int(),
  sourceId: z.int(),
  batchId: z.uuid(),
  path: z.string(),
  name: z.string(),
  sizeBytes: z.int().nullable(),
  finder: z.enum(SOURCE_FINDERS),
  baseUrl: z.string(),
  /** Until when it is ours, in microseconds: whoever takes it later has another. */
  until: z.int(),
});
export type ClaimedItem = z.infer<typeof Claimed>;

/** Whoever died with some of them leaves them to another then. Whoever lives asks about their titles for four minutes at most (`Enricher.enrich`). */
const CLAIM_S = 300;
const UNTIL = sql.fragment`(extract(epoch FROM i.next_at) * 1000000)::int8`;

/**
 * Takes videos that wait to be matched, newest first, and those whose next try has come, so that nobody else has them for some minutes. Two
 * that ask at once get different ones.
 */
export async function claimItems(db: Db, limit: number): Promise<ClaimedItem[]> {
  const claimed = await db.any(rows('sources.claim_items', Claimed)`
    WITH fresh AS (
      SELECT i.id FROM scan_item i WHERE i.state IN ('pending', 'processing') AND i.next_at <= now()
      ORDER BY i.newest_at DESC, i.id DESC LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), again AS (
      SELECT i.id FROM scan_item i WHERE i.state IN ('unmatched', 'failed') AND i.next_at <= now()
      ORDER BY i.next_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), due AS (SELECT f.id FROM fresh f UNION ALL SELECT a.id FROM again a LIMIT ${limit})
    UPDATE scan_item i SET state = 'processing', attempts = least(i.attempts + 1, 30), next_at = now() + make_interval(secs => ${CLAIM_S})
    FROM due d, source c
    WHERE i.id = d.id AND c.id = i.source_id
    RETURNING i.id, i.source_id AS "sourceId", i.batch_id AS "batchId", i.file_path AS path, i.name, i.size_bytes AS "sizeBytes", c.finder,
      c.base_url AS "baseUrl", ${UNTIL} AS until
  `);
  return claimed.toSorted((a, b) => b.id - a.id);
}

/**
 * What came of an item: `matched` and `flagged` have a stream and a title, the one shown, the other for a person; their rows go. `waiting`: its
 * title was not asked about yet.
 */
export type ItemEnd = Pick<ClaimedItem, 'id' | 'batchId' | 'sourceId' | 'until'> & {
  end: 'matched' | 'flagged' | 'unmatched' | 'failed' | 'waiting';
  failure: string | null;
};

/** Nobody knows it: perhaps it is too new. */
const UNMATCHED_DAYS = 3;
/** Whom nobody could be asked about just now. */
const WAITING_S = 60;

const Ended = z.object({ id: z.int() });

/**
 * Rows of what is done go, the others wait for their next try: a failure 2 minutes at first and twice as long each time, a day at most. Answers
 * those that were still ours; what came of others is for whoever has them now.
 */
export async function endItems(db: Db, ends: readonly ItemEnd[]): Promise<ItemEnd[]> {
  const isDone = ({ end }: ItemEnd) => end === 'matched' || end === 'flagged';
  const done = ends.filter(isDone).map(({ id, until }) => [id, until]);
  const kept = ends
    .filter((one) => !isDone(one))
    .map(({ id, until, end, failure }) => [id, until, end, failure?.slice(0, 500) ?? null]);
  const gone = await db.any(rows('sources.drop_ended', Ended)`
    DELETE FROM scan_item i USING ${sql.unnest(done, ['int8', 'int8'])} AS g(id, until)
    WHERE i.id = g.id AND i.state = 'processing' AND ${UNTIL} = g.until
    RETURNING i.id
  `);
  const stayed = await db.any(rows('sources.keep_items', Ended)`
    UPDATE scan_item i SET failure = g.failure,
      state = CASE WHEN g.state = 'waiting' THEN 'pending' ELSE g.state END,
      attempts = CASE WHEN g.state = 'waiting' THEN greatest(i.attempts - 1, 0) ELSE i.attempts END,
      next_at = now() + CASE g.state WHEN 'unmatched' THEN make_interval(days => ${UNMATCHED_DAYS})
        WHEN 'waiting' THEN make_interval(secs => ${WAITING_S})
        ELSE least(make_interval(secs => 60 * 2 ^ least(i.attempts, 11)), interval '1 day') END
    FROM ${sql.unnest(kept, ['int8', 'int8', 'text', 'text'])} AS g(id, until, state, failure)
    WHERE i.id = g.id AND i.state = 'processing' AND ${UNTIL} = g.until
    RETURNING i.id
  `);
  const ours = new Set([...gone, ...stayed].map(({ id }) => id));
  return ends.filter(({ id }) => ours.has(id));
}

/** Counts what came of a batch under its own phase, but for those that wait; the phase ends with the last item that has not been tried. */
export async function noteEnds(db: Db, ends: readonly ItemEnd[]): Promise<void> {
  const counted = ends.filter(({ end }) => end !== 'waiting');
  const values = [...Map.groupBy(counted, ({ batchId }) => batchId)].map(([batchId, members]) => {
    const count = (wanted: ItemEnd['end']) => members.filter(({ end }) => end === wanted).length;
    const counts = [count('matched'), count('flagged'), count('unmatched'), count('failed')];
    return [members[0]?.sourceId ?? 0, batchId, members.length, ...counts];
  });
  await db.query(command('sources.note_ends')`
    INSERT INTO scan_log AS l (source_id, batch_id, phase, status, files, matched, flagged, unmatched, failed, ended_at)
    SELECT c.id, g.batch_id, 'enricher', CASE WHEN w.waits THEN 'started' ELSE 'completed' END, g.files, g.matched, g.flagged, g.unmatched,
      g.failed, CASE WHEN NOT w.waits THEN now() END
    FROM ${sql.unnest(values, ['int8', 'uuid', 'int4', 'int4', 'int4', 'int4', 'int4'])}
      AS g(source_id, batch_id, files, matched, flagged, unmatched, failed)
    JOIN source c ON c.id = g.source_id
    CROSS JOIN LATERAL (SELECT EXISTS (
      SELECT 1 FROM scan_item i WHERE i.batch_id = g.batch_id AND i.state IN ('held', 'pending', 'processing')) AS waits) w
    ON CONFLICT (batch_id, phase) DO UPDATE SET files = l.files + excluded.files, matched = l.matched + excluded.matched,
      flagged = l.flagged + excluded.flagged, unmatched = l.unmatched + excluded.unmatched, failed = l.failed + excluded.failed,
      status = excluded.status, ended_at = excluded.ended_at, noted_at = now()
  `);
}

/** Those nobody knew, or that failed, are due at once; some thousand at a time. True: there may be more. */
export async function retryItems(db: Db, sourceId: number): Promise<boolean> {
  const { rowCount } = await db.query(command('sources.retry_items')`
    UPDATE scan_item SET state = 'pending', next_at = now(), attempts = 0 WHERE id IN (
      SELECT i.id FROM scan_item i WHERE i.state IN ('unmatched', 'failed') AND i.source_id = ${sourceId} LIMIT 5000)
  `);
  return rowCount === 5000;
}

const Standing = z.object({
  mediaId: z.int(),
  /** Nobody knows yet what it is: it was made from a name. */
  isHidden: z.boolean(),
  status: z.string(),
  /** Somebody was asked about it, and answered. */
  isAsked: z.boolean(),
  /** Somebody was asked about it, or tried to. */
  isTried: z.boolean(),
  hasDoubt: z.boolean(),
});
export type Standing = z.infer<typeof Standing>;

/** How some titles stand; one that is gone has become another. */
export function standingsOf(db: Db, mediaIds: readonly number[]): Promise<readonly Standing[]> {
  return db.any(rows('sources.standings', Standing)`
    SELECT m.id AS "mediaId", m.is_from_name AND NOT m.is_published AS "isHidden", m.enrichment_status AS status,
      EXISTS (SELECT 1 FROM title_enrichment e WHERE e.media_id = m.id AND e.tried_at IS NOT NULL AND e.failure IS NULL) AS "isAsked",
      EXISTS (SELECT 1 FROM title_enrichment e WHERE e.media_id = m.id AND e.tried_at IS NOT NULL) AS "isTried",
      EXISTS (SELECT 1 FROM metadata_doubt d WHERE d.media_id = m.id AND d.state = 'open') AS "hasDoubt"
    FROM media m WHERE m.id = ANY (${sql.array(mediaIds, 'int8')})
  `);
}

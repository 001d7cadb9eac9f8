import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

export type Doubt = {
  /** Who says so. */
  provider: string;
  kind: 'match' | 'ids';
  /** What it proposes. */
  ids: Readonly<Record<string, string>>;
  title: string | null;
  year: number | null;
  /** Of what it proposes. */
  posterUrl: string | null;
  confidence: number | null;
  /** A sentence. */
  reason: string;
};

/**
 * Puts doubts before a person, one of a kind from each provider of a title; one that was kept as it is stays so while the provider says the
 * same.
 */
export async function putDoubts(db: Db, doubts: readonly (Doubt & { mediaId: number })[]): Promise<void> {
  const values = doubts.map((d) => [
    d.mediaId,
    d.provider,
    d.kind,
    JSON.stringify(d.ids),
    d.title,
    d.year,
    d.posterUrl,
    d.confidence,
    d.reason,
  ]);
  await db.query(command('metadata.put_doubts')`
    INSERT INTO metadata_doubt AS d (media_id, provider_id, kind, ids, title, year, poster_url, confidence, reason)
    SELECT g.media_id, p.id, g.kind, g.ids::jsonb, g.title, g.year, g.poster_url, g.confidence, g.reason
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'text', 'text', 'int4', 'text', 'float4', 'text'])}
      AS g(media_id, provider, kind, ids, title, year, poster_url, confidence, reason)
    JOIN metadata_provider p ON p.name = g.provider
    ON CONFLICT (media_id, provider_id, kind) DO UPDATE SET
      ids = EXCLUDED.ids, title = EXCLUDED.title, year = EXCLUDED.year, poster_url = EXCLUDED.poster_url, confidence = EXCLUDED.confidence,
      reason = EXCLUDED.reason, state = 'open', created_at = now()
      WHERE (d.ids, d.reason) IS DISTINCT FROM (EXCLUDED.ids, EXCLUDED.reason)
  `);
}

/** Doubts that are none any more: these providers were asked anew about these titles and agree. */
export async function dropDoubts(
  db: Db,
  agreed: readonly { mediaId: number; provider: string }[],
): Promise<void> {
  const values = agreed.map(({ mediaId, provider }) => [mediaId, provider]);
  await db.query(command('metadata.drop_doubts')`
    DELETE FROM metadata_doubt d
    USING ${sql.unnest(values, ['int8', 'text'])} AS g(media_id, provider)
    JOIN metadata_provider p ON p.name = g.provider
    WHERE d.media_id = g.media_id AND d.provider_id = p.id AND d.state = 'open'
  `);
}

/** A person has decided: what is stored stays. */
export async function keepAsIs(db: Db, mediaId: number): Promise<void> {
  await db.query(command('metadata.keep_as_is')`
    UPDATE metadata_doubt SET state = 'kept' WHERE media_id = ${mediaId} AND state = 'open'
  `);
}

/** A person has said what the title is: all that was doubted is gone. */
export async function forgetDoubts(db: Db, mediaId: number): Promise<void> {
  await db.query(command('metadata.forget_doubts')`DELETE FROM metadata_doubt WHERE media_id = ${mediaId}`);
}

/** Why a title waits: a doubt of that kind is open, or (`unknown`) nobody knows what it is called by. */
export const REVIEW_REASONS = ['match', 'ids', 'unknown'] as const;
export type ReviewReason = (typeof REVIEW_REASONS)[number];

/** The title itself is in doubt, or something said of it. */
const WAITS = sql.fragment`(m.enrichment_status = 'flagged' OR EXISTS (
  SELECT 1 FROM metadata_doubt d WHERE d.media_id = m.id AND d.state = 'open'))`;

export const ReviewTitle = z.object({
  /** Our uuid. */
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  year: z.int().nullable(),
  status: z.string(),
  /** That the title is what it was taken for, 0 to 1; null: nobody guessed. */
  confidence: z.number().nullable(),
  /** Made from a name and not shown yet: it can become a title that is here already. */
  isHidden: z.boolean(),
  totalStreams: z.int(),
  posterUrl: z.string().nullable(),
  ids: z.array(z.object({ provider: z.string(), namespace: z.string(), id: z.string() })),
  /** Some of what was found of it, as its names say; with the file server each lies on. */
  files: z.array(z.object({ name: z.string(), source: z.string().nullable() })),
  doubts: z.array(
    z.object({
      id: z.int(),
      provider: z.string(),
      /** `match`: found by name, may be another title; `ids`: contradict what is stored. */
      kind: z.enum(['match', 'ids']),
      ids: z.record(z.string(), z.string()),
      title: z.string().nullable(),
      year: z.int().nullable(),
      confidence: z.number().nullable(),
      reason: z.string(),
      /** Of what it proposes. */
      posterUrl: z.string().nullable(),
      /** The title that has one of these ids here already: a hidden title becomes it when the doubt is approved, others cannot while it has. */
      here: z
        .object({
          id: z.string(),
          title: z.string(),
          year: z.int().nullable(),
          posterUrl: z.string().nullable(),
        })
        .nullable(),
    }),
  ),
});
const Waiting = ReviewTitle.extend({ mediaId: z.int() });
export type Waiting = z.infer<typeof Waiting>;

/** Enough to see what it was taken for. */
const FILES_SHOWN = 3;
const COLUMNS = sql.fragment`
  m.id AS "mediaId", m.public_id AS id, m.kind, m.title, m.year, m.enrichment_status AS status,
  m.match_confidence AS confidence, m.is_from_name AND NOT m.is_published AS "isHidden", m.total_streams AS "totalStreams",
  m.poster_url AS "posterUrl",
  coalesce((SELECT jsonb_agg(jsonb_build_object('provider', e.provider, 'namespace', e.ns, 'id', e.external_id) ORDER BY e.provider, e.ns)
    FROM media_external_id e WHERE e.media_id = m.id), '[]') AS ids,
  coalesce((SELECT jsonb_agg(jsonb_build_object('name', f.name, 'source', f.source)) FROM (
    SELECT s.name, c.name AS source
    FROM stream_media_link k JOIN stream s ON s.id = k.stream_id
      LEFT JOIN stream_http h ON h.stream_id = s.id LEFT JOIN stream_ftp t ON t.stream_id = s.id
      LEFT JOIN stream_local l ON l.stream_id = s.id
      LEFT JOIN source c ON c.id = coalesce(h.source_id, t.source_id, l.source_id)
    WHERE k.media_id = m.id AND s.name IS NOT NULL LIMIT ${FILES_SHOWN}) f), '[]') AS files,
  coalesce((SELECT jsonb_agg(jsonb_build_object('id', d.id, 'provider', p.name, 'kind', d.kind, 'ids', d.ids, 'title', d.title,
      'year', d.year, 'confidence', d.confidence, 'reason', d.reason, 'posterUrl', d.poster_url, 'here', (
        SELECT jsonb_build_object('id', h.public_id, 'title', h.title, 'year', h.year, 'posterUrl', h.poster_url)
        FROM jsonb_each_text(d.ids) i
        JOIN media_external_id he ON he.provider = i.key AND he.ns = ANY('{movie,tv,any}') AND he.external_id = i.value
        JOIN media h ON h.id = he.media_id AND h.kind = m.kind
        WHERE he.media_id <> m.id ORDER BY h.id LIMIT 1)) ORDER BY d.confidence DESC NULLS LAST, d.id)
    FROM metadata_doubt d JOIN metadata_provider p ON p.id = d.provider_id
    WHERE d.media_id = m.id AND d.state = 'open'), '[]') AS doubts`;

/** Titles that wait for a person, newest first, from before a title on; of one reason, or (null) of any. */
export function waitingTitles(
  db: Db,
  { limit, before, reason }: { limit: number; before: number | null; reason: ReviewReason | null },
): Promise<readonly Waiting[]> {
  return db.any(rows('metadata.waiting', Waiting)`
    SELECT ${COLUMNS}
    FROM (
      SELECT f.id FROM media f WHERE f.enrichment_status = 'flagged' AND (${before}::int8 IS NULL OR f.id < ${before}::int8)
        AND (${reason}::text IS NULL OR ${reason}::text = 'unknown' AND NOT EXISTS (
          SELECT 1 FROM metadata_doubt n WHERE n.media_id = f.id AND n.state = 'open'))
      UNION
      SELECT o.media_id FROM metadata_doubt o WHERE o.state = 'open' AND (${before}::int8 IS NULL OR o.media_id < ${before}::int8)
        AND (${reason}::text IS NULL OR o.kind = ${reason}::text)
    ) w
    JOIN media m ON m.id = w.id
    ORDER BY m.id DESC LIMIT ${limit}
  `);
}

/** One of them; null: it does not wait. */
export function waitingTitle(db: Db, mediaId: number): Promise<Waiting | null> {
  return db.maybeOne(rows('metadata.waiting_one', Waiting)`
    SELECT ${COLUMNS} FROM media m WHERE m.id = ${mediaId} AND ${WAITS}
  `);
}

export const ReviewCounts = z.object({ match: z.int(), ids: z.int(), unknown: z.int() });

/** How many titles wait for each reason; no more than `most` are counted of one. A title may wait for two. */
export function waitingCounts(db: Db, most: number): Promise<z.infer<typeof ReviewCounts>> {
  return db.one(rows('metadata.waiting_counts', ReviewCounts)`
    SELECT
      (SELECT count(*) FROM (SELECT DISTINCT o.media_id FROM metadata_doubt o WHERE o.state = 'open' AND o.kind = 'match' LIMIT ${most}) c) AS match,
      (SELECT count(*) FROM (SELECT DISTINCT o.media_id FROM metadata_doubt o WHERE o.state = 'open' AND o.kind = 'ids' LIMIT ${most}) c) AS ids,
      (SELECT count(*) FROM (
        SELECT f.id FROM media f WHERE f.enrichment_status = 'flagged'
          AND NOT EXISTS (SELECT 1 FROM metadata_doubt n WHERE n.media_id = f.id AND n.state = 'open') LIMIT ${most}) c) AS unknown
  `);
}

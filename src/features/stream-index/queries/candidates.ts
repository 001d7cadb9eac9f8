import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import { PostState } from '../schemas.ts';
import { OWN_ORIGIN } from './own-streams.ts';

/** More streams of one title than anyone keeps; the work of ranking stays bounded. */
const MAX_STREAMS = 2000;
/** Links of one place that are looked at; a stream may have some, one for each of its files, and may be switched off. */
const MAX_LINKS = 10_000;

const isInt = (value: unknown): value is number => Number.isSafeInteger(value);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';
const isIntOrNull = (value: unknown): value is number | null => value === null || isInt(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);
const HEALTHS: readonly unknown[] = PostState.shape.health.unwrap().options;
const isHealth = (value: unknown): value is NonNullable<PostState['health']> => HEALTHS.includes(value);

/** One column of all of them. Looking at each value by a schema of its own takes longer than ranking them. */
function column<T>(is: (value: unknown) => value is T) {
  return z.custom<readonly T[]>((value) => Array.isArray(value) && value.every(is));
}

/** The same of what few have: null where none has it. */
function rare<T>(is: (value: unknown) => value is T) {
  return column(is).nullable();
}

/** Lists of one name belong together: each stream's facts stand where its id stands. */
const Candidates = z.object({
  linkId: column(isInt),
  linkedStreamId: column(isInt),
  verifiedLinkId: rare(isInt),
  /** Links that name a file, or say its name or size themselves. */
  fileLinkId: rare(isInt),
  fileIndex: rare(isIntOrNull),
  fileName: rare(isTextOrNull),
  fileSize: rare(isIntOrNull),
  streamId: column(isInt),
  /** A line a stream, as `readFacts` reads it. */
  facts: z.string(),
  name: column(isText),
  sizeBytes: column(isIntOrNull),
  score: column(isNumber),
  /** Parts of films (`CD2`), and which. */
  partId: rare(isInt),
  partNumber: rare(isInt),
  /** Streams that are out of time. */
  expiredId: rare(isInt),
  torrentId: rare(isInt),
  seeders: rare(isIntOrNull),
  webSeededId: rare(isInt),
  /** Posts that were checked. */
  postId: rare(isInt),
  health: rare(isHealth),
  /** Files of sources, and how their source does. */
  sourcedId: rare(isInt),
  isReachable: rare((value): value is boolean => typeof value === 'boolean'),
  sourcePriority: rare(isInt),
  sourceTens: rare(isInt),
});
export type Candidates = z.infer<typeof Candidates>;

/** The place a link is asked for: an episode's own links, or those of the title as a whole. */
export type Place = { mediaId: number; episodeId: number | null };

function ofPlace({ mediaId, episodeId }: Place) {
  return episodeId === null
    ? sql.fragment`l.media_id = ${mediaId} AND l.episode_id IS NULL`
    : sql.fragment`l.media_id = ${mediaId} AND l.episode_id = ${episodeId}`;
}

/**
 * What can be offered for a place, before it is ranked: active, not blocked, not broken, public (or under a title of somebody's own what a user
 * added: who may see that title is asked before), and open if asked. Each table is asked
 * once for all of them, which walks its index once: joined, 500 streams were 1,400 descents into indexes and 2.5 times the work. One row
 * of lists, joined where they are read. Null: there is none.
 */
export function candidatesFor(db: Db, place: Place, only: 'licensed' | 'all'): Promise<Candidates | null> {
  const licensed =
    only === 'all' ? sql.fragment`` : sql.fragment`AND is_open_stream(s.id, s.kind, s.licence_code)`;
  return db.maybeOne(rows('streams.candidates', Candidates)`
    WITH link AS MATERIALIZED (
      SELECT l.id, l.stream_id, l.file_index, l.file_name, l.size_bytes, l.is_verified
      FROM stream_media_link l WHERE ${ofPlace(place)} LIMIT ${MAX_LINKS}
    ), linked AS MATERIALIZED (SELECT ARRAY(SELECT stream_id FROM link) AS ids)
    SELECT * FROM (
      SELECT json_agg(l.id) AS "linkId", json_agg(l.stream_id) AS "linkedStreamId",
        json_agg(l.id) FILTER (WHERE l.is_verified) AS "verifiedLinkId"
      FROM link l
    ) links, (
      SELECT json_agg(l.id) AS "fileLinkId", json_agg(l.file_index) AS "fileIndex",
        json_agg(coalesce(l.file_name, f.name)) AS "fileName", json_agg(coalesce(l.size_bytes, f.size_bytes)) AS "fileSize"
      FROM link l LEFT JOIN stream_file f ON f.stream_id = l.stream_id AND f.file_index = l.file_index
      WHERE l.file_index IS NOT NULL OR l.file_name IS NOT NULL OR l.size_bytes IS NOT NULL
    ) files, (
      SELECT json_agg(s.id) AS "streamId", string_agg(s.ranking_facts, chr(10)) AS facts, json_agg(s.name) AS name,
        json_agg(s.size_bytes) AS "sizeBytes", json_agg(s.score) AS score,
        json_agg(s.id) FILTER (WHERE s.part_number IS NOT NULL) AS "partId",
        json_agg(s.part_number) FILTER (WHERE s.part_number IS NOT NULL) AS "partNumber"
      FROM (
        SELECT s.id, s.ranking_facts, s.name, s.size_bytes, s.score, s.part_number FROM stream s
        WHERE s.id = ANY ((SELECT ids FROM linked)::int8[])
          AND s.is_active AND NOT s.is_blocked AND s.state = 'active' AND (s.is_public OR (s.origin = ${OWN_ORIGIN} AND EXISTS (
            SELECT FROM media m WHERE m.id = ${place.mediaId} AND m.owner_id IS NOT NULL AND NOT m.is_public))) ${licensed}
        LIMIT ${MAX_STREAMS}
      ) s
      HAVING count(*) > 0
    ) streams, (
      SELECT json_agg(t.stream_id) AS "torrentId", json_agg(t.seeders) AS seeders,
        json_agg(t.stream_id) FILTER (WHERE cardinality(t.web_seeds) > 0) AS "webSeededId"
      FROM stream_torrent t WHERE t.stream_id = ANY ((SELECT ids FROM linked)::int8[])
    ) torrents, (
      SELECT json_agg(n.stream_id) FILTER (WHERE n.health IS NOT NULL) AS "postId",
        json_agg(n.health) FILTER (WHERE n.health IS NOT NULL) AS health
      FROM stream_usenet n WHERE n.stream_id = ANY ((SELECT ids FROM linked)::int8[])
    ) posts, (
      SELECT json_agg(f.stream_id) FILTER (WHERE f.expires_at <= now()) AS "expiredId",
        json_agg(f.stream_id) FILTER (WHERE o.id IS NOT NULL) AS "sourcedId",
        json_agg(o.is_reachable) FILTER (WHERE o.id IS NOT NULL) AS "isReachable",
        json_agg(o.priority) FILTER (WHERE o.id IS NOT NULL) AS "sourcePriority",
        json_agg(floor(o.health_score / 10)::int4) FILTER (WHERE o.id IS NOT NULL) AS "sourceTens"
      FROM (
        SELECT stream_id, source_id, expires_at FROM stream_http WHERE stream_id = ANY ((SELECT ids FROM linked)::int8[])
        UNION ALL SELECT stream_id, source_id, NULL FROM stream_ftp WHERE stream_id = ANY ((SELECT ids FROM linked)::int8[])
        UNION ALL SELECT stream_id, source_id, NULL FROM stream_local WHERE stream_id = ANY ((SELECT ids FROM linked)::int8[])
      ) f LEFT JOIN source o ON o.id = f.source_id
    ) places
  `);
}

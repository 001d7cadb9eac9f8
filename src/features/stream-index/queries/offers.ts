import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import { Offer, PostState } from '../schemas.ts';

/** More streams of one title than anyone keeps; the work of ranking stays bounded. */
const MAX_CANDIDATES = 2000;

export type Candidate = {
  linkId: number;
  streamId: number;
  kind: string;
  fileIndex: number | null;
  fileName: string | null;
  /** Of the stream, where no file of it has a name. */
  name: string | null;
  audio: readonly string[];
  channels: readonly string[];
  hdrFormats: readonly string[];
  visualTags: readonly string[];
  resolution: string | null;
  quality: string | null;
  codec: string | null;
  isVerified: boolean;
  score: number;
  sizeBytes: number | null;
  /** Of a torrent whose trackers were asked, or of which somebody told. */
  seeders: number | null;
  hasWebSeeds: boolean;
  /** Of a Usenet post that was checked. */
  health: PostState['health'];
  /** Of a file server: whether anybody reaches it, the owner's priority (lower first), and tens of its health score; of others as of the best. */
  isReachable: boolean;
  sourcePriority: number;
  sourceTens: number;
};

const isInt = (value: unknown): value is number => Number.isSafeInteger(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isIntOrNull = (value: unknown): value is number | null => value === null || isInt(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);

/** One column of all candidates. Looking at each value by a schema of its own takes longer than ranking them. */
function column<T>(is: (value: unknown) => value is T) {
  return z.custom<readonly T[]>((value) => Array.isArray(value) && value.every(is));
}

const texts = column((value) => Array.isArray(value) && value.every(isText));
const HEALTHS: readonly unknown[] = [null, ...PostState.shape.health.unwrap().options];

const CandidateColumns = z.object({
  linkId: column(isInt),
  streamId: column(isInt),
  kind: column(isText),
  fileIndex: column(isIntOrNull),
  fileName: column(isTextOrNull),
  name: column(isTextOrNull),
  audio: texts,
  channels: texts,
  hdrFormats: texts,
  visualTags: texts,
  resolution: column(isTextOrNull),
  quality: column(isTextOrNull),
  codec: column(isTextOrNull),
  isVerified: column((value) => typeof value === 'boolean'),
  score: column((value) => typeof value === 'number'),
  sizeBytes: column(isIntOrNull),
  seeders: column(isIntOrNull),
  hasWebSeeds: column((value) => typeof value === 'boolean'),
  health: column((value): value is PostState['health'] => HEALTHS.includes(value)),
  isReachable: column((value) => typeof value === 'boolean'),
  sourcePriority: column(isInt),
  sourceTens: column(isInt),
} satisfies Record<keyof Candidate, z.ZodType>);
/** Of each fact all candidates' values in one order; null: there is no candidate. */
export type CandidateColumns = z.infer<typeof CandidateColumns>;

/** The place a link is asked for: an episode's own links, or those of the title as a whole. */
export type Place = { mediaId: number; episodeId: number | null };

function ofPlace({ mediaId, episodeId }: Place) {
  return episodeId === null
    ? sql.fragment`l.media_id = ${mediaId} AND l.episode_id IS NULL`
    : sql.fragment`l.media_id = ${mediaId} AND l.episode_id = ${episodeId}`;
}

/**
 * What can be offered for a place, before it is ranked: active, not blocked, not broken, public, not expired, and open if asked.
 * A stream has a row in the table of its own kind only; for the others the key is null, which Postgres looks up nowhere.
 * One row of lists: as rows, 500 candidates were 9,500 values to read one by one, and 6 MB to collect. Null: there is none.
 */
export function candidatesFor(
  db: Db,
  place: Place,
  only: 'licensed' | 'all',
): Promise<CandidateColumns | null> {
  const licensed =
    only === 'all' ? sql.fragment`` : sql.fragment`AND is_open_stream(s.id, s.kind, s.licence_code)`;
  return db.maybeOne(rows('streams.candidates', CandidateColumns)`
    SELECT json_agg(c.link_id) AS "linkId", json_agg(c.stream_id) AS "streamId", json_agg(c.kind) AS kind,
      json_agg(c.file_index) AS "fileIndex", json_agg(c.file_name) AS "fileName",
      json_agg(CASE WHEN c.file_name IS NULL THEN c.name END) AS name,
      json_agg(c.audio) AS audio, json_agg(c.channels) AS channels, json_agg(c.hdr_formats) AS "hdrFormats",
      json_agg(c.visual_tags) AS "visualTags", json_agg(c.resolution) AS resolution, json_agg(c.quality) AS quality,
      json_agg(c.codec) AS codec, json_agg(c.is_verified) AS "isVerified", json_agg(c.score) AS score,
      json_agg(c.size_bytes) AS "sizeBytes", json_agg(c.seeders) AS seeders, json_agg(c.has_web_seeds) AS "hasWebSeeds",
      json_agg(c.health) AS health, json_agg(c.is_reachable) AS "isReachable",
      json_agg(c.source_priority) AS "sourcePriority", json_agg(c.source_tens) AS "sourceTens"
    FROM (
      SELECT l.id AS link_id, s.id AS stream_id, s.kind, l.file_index, s.resolution, s.quality,
        s.name, s.audio, s.channels, s.hdr_formats, s.visual_tags, s.codec, coalesce(l.file_name, f.name) AS file_name,
        l.is_verified, s.score,
        coalesce(l.size_bytes, f.size_bytes, CASE WHEN l.file_index IS NULL THEN s.size_bytes END) AS size_bytes,
        t.seeders, coalesce(cardinality(t.web_seeds) > 0, false) AS has_web_seeds, n.health,
        coalesce(o.is_reachable, true) AS is_reachable, coalesce(o.priority, 0) AS source_priority,
        coalesce(floor(o.health_score / 10)::int4, 10) AS source_tens
      FROM stream_media_link l
      JOIN stream s ON s.id = l.stream_id
      LEFT JOIN stream_file f ON f.stream_id = l.stream_id AND f.file_index = l.file_index
      LEFT JOIN stream_http h ON h.stream_id = CASE s.kind WHEN 'http' THEN s.id END
      LEFT JOIN source o ON o.id = h.source_id
      LEFT JOIN stream_torrent t ON t.stream_id = CASE s.kind WHEN 'torrent' THEN s.id END
      LEFT JOIN stream_usenet n ON n.stream_id = CASE s.kind WHEN 'usenet' THEN s.id END
      WHERE ${ofPlace(place)}
        AND s.is_active AND NOT s.is_blocked AND s.state = 'active' AND s.is_public
        AND (h.expires_at IS NULL OR h.expires_at > now())
        ${licensed}
      LIMIT ${MAX_CANDIDATES}
    ) c
    HAVING count(*) > 0
  `);
}

const OfferRow = Offer.omit({ rank: true, alternatives: true, isReachable: true }).extend({
  linkId: z.int(),
});
export type OfferRow = z.infer<typeof OfferRow>;

/** Everything shown of the streams behind some links, in no order. */
export function offerRows(db: Db, linkIds: readonly number[]): Promise<readonly OfferRow[]> {
  return db.any(rows('streams.offers', OfferRow)`
    SELECT l.id AS "linkId", s.id AS "streamId", s.public_id AS "publicId", s.kind, l.file_index AS "fileIndex", s.name,
      coalesce(l.file_name, f.name) AS "fileName",
      coalesce(l.size_bytes, f.size_bytes, CASE WHEN l.file_index IS NULL THEN s.size_bytes END, a.size_bytes) AS "sizeBytes",
      s.resolution, s.quality, s.codec, s.audio, s.channels, s.hdr_formats AS "hdrFormats", s.visual_tags AS "visualTags",
      s.release_group AS "releaseGroup", s.edition,
      ARRAY(SELECT g.language FROM stream_language g WHERE g.stream_id = s.id AND g.kind = 'audio' ORDER BY g.language) AS languages,
      ARRAY(SELECT g.language FROM stream_language g WHERE g.stream_id = s.id AND g.kind = 'subtitle' ORDER BY g.language) AS "subtitleLanguages",
      coalesce((SELECT jsonb_agg(jsonb_build_object('id', u.id, 'path', u.path, 'language', u.language, 'isInside', u.file_index IS NOT NULL) ORDER BY u.id)
        FROM stream_subtitle u
        WHERE u.stream_id = s.id AND (u.of_file_index IS NULL OR l.file_index IS NULL OR u.of_file_index = l.file_index)), '[]') AS subtitles,
      coalesce((SELECT jsonb_agg(jsonb_build_object('index', k->'index', 'codec', k->'codec', 'language', k->'language', 'isForced', k->'isForced') ORDER BY n)
        FROM jsonb_array_elements(a.media->'tracks') WITH ORDINALITY AS e(k, n) WHERE k->>'type' = 'subtitle'), '[]') AS embedded,
      a.video_hash AS "videoHash",
      li.code AS "licenceCode", li.name AS "licenceName", li.url AS "licenceUrl", coalesce(li.is_open, false) AS "isOpen", s.attribution,
      t.seeders, t.leechers, l.is_verified AS "isVerified", s.score,
      CASE WHEN n.stream_id IS NOT NULL THEN jsonb_build_object('completeness', n.completeness, 'health', n.health,
        'postedAt', (extract(epoch FROM n.posted_at) * 1000)::int8, 'needsPassword', n.is_passworded AND n.password_sealed IS NULL) END AS post
    FROM stream_media_link l
    JOIN stream s ON s.id = l.stream_id
    LEFT JOIN stream_file f ON f.stream_id = l.stream_id AND f.file_index = l.file_index
    LEFT JOIN licence li ON li.code = s.licence_code
    LEFT JOIN stream_torrent t ON t.stream_id = s.id
    LEFT JOIN stream_usenet n ON n.stream_id = s.id
    LEFT JOIN file_facts a ON a.stream_id = s.id AND a.file_index IS NOT DISTINCT FROM l.file_index
    WHERE l.id = ANY(${sql.array(linkIds, 'int8')})
  `);
}

const LinkVerdict = z.object({
  linkId: z.int(),
  mediaId: z.int(),
  publicId: z.string(),
  title: z.string(),
  isTitleVisible: z.boolean(),
  episodeId: z.int().nullable(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  fileIndex: z.int().nullable(),
  fileName: z.string().nullable(),
  sizeBytes: z.int().nullable(),
  isVerified: z.boolean(),
  confidence: z.number(),
});
export type LinkVerdict = z.infer<typeof LinkVerdict>;

/** What one stream is linked to, at most `limit` links. */
export function linksOfStream(db: Db, streamId: number, limit: number): Promise<readonly LinkVerdict[]> {
  return db.any(rows('streams.links_of', LinkVerdict)`
    SELECT l.id AS "linkId", m.id AS "mediaId", m.public_id AS "publicId", m.title,
      m.is_published AND m.is_public AS "isTitleVisible", l.episode_id AS "episodeId",
      se.number AS season, e.number AS episode, l.file_index AS "fileIndex", coalesce(l.file_name, f.name) AS "fileName",
      coalesce(l.size_bytes, f.size_bytes, CASE WHEN l.file_index IS NULL THEN s.size_bytes END) AS "sizeBytes",
      l.is_verified AS "isVerified", l.confidence
    FROM stream_media_link l
    JOIN stream s ON s.id = l.stream_id
    JOIN media m ON m.id = l.media_id
    LEFT JOIN episode e ON e.id = l.episode_id
    LEFT JOIN season se ON se.id = e.season_id
    LEFT JOIN stream_file f ON f.stream_id = l.stream_id AND f.file_index = l.file_index
    WHERE l.stream_id = ${streamId}
    ORDER BY l.id LIMIT ${limit}
  `);
}

import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import { Offer } from '../schemas.ts';

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
      CASE WHEN l.file_index IS NULL THEN s.part_number END AS "partNumber",
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

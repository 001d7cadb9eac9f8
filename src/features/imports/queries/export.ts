import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

const Exported = z.object({ mediaId: z.int(), title: z.record(z.string(), z.unknown()) });

/** Providers whose ids the import format has. */
const ID_PROVIDERS = [
  'imdb',
  'tmdb',
  'tvdb',
  'trakt',
  'kitsu',
  'mal',
  'anilist',
  'tvmaze',
  'wikidata',
  'xmltv',
] as const;

/**
 * Titles as the import format writes them, after `after` in the order they were added, with all streams that are not blocked. What is
 * stored sealed (headers, NZBs and their addresses, `.torrent` files, passwords) is left out; so is what belongs to one user.
 */
export function exportedTitles(
  db: Db,
  { after, kinds, limit }: { after: number; kinds: readonly string[]; limit: number },
): Promise<readonly z.infer<typeof Exported>[]> {
  return db.any(rows('imports.export', Exported)`
    SELECT m.id AS "mediaId", jsonb_strip_nulls(jsonb_build_object(
      'kind', m.kind, 'title', m.title, 'originalTitle', m.original_title, 'year', m.year, 'releaseDate', m.release_date,
      'endDate', m.end_date, 'runtimeMinutes', m.runtime_minutes, 'status', m.status, 'network', m.network, 'tagline', m.tagline,
      'overview', m.overview, 'subkind', m.subkind, 'popularity', m.popularity, 'rating', m.rating, 'ratingCount', m.rating_count,
      'languages', to_jsonb(m.languages), 'countries', to_jsonb(m.countries),
      'isAdult', CASE WHEN m.is_adult THEN true END, 'nudity', nullif(m.nudity, 'unknown'),
      'matchConfidence', CASE WHEN m.is_from_name AND m.enrichment_status IN ('flagged', 'rejected') THEN round(m.match_confidence::numeric, 4) END)
      || jsonb_build_object(
      'ids', (SELECT jsonb_object_agg(e.provider, e.external_id) FROM media_external_id e
        WHERE e.media_id = m.id AND e.provider = ANY(${sql.array(ID_PROVIDERS, 'text')})
          AND e.ns IN ('any', CASE WHEN m.kind IN ('series', 'tv') THEN 'tv' ELSE 'movie' END)),
      'genres', (SELECT jsonb_agg(g.name ORDER BY mg.weight DESC, g.name) FROM media_genre mg JOIN genre g ON g.id = mg.genre_id WHERE mg.media_id = m.id),
      'keywords', (SELECT jsonb_agg(k.name ORDER BY k.name) FROM media_keyword mk JOIN keyword k ON k.id = mk.keyword_id WHERE mk.media_id = m.id),
      'companies', (SELECT jsonb_agg(c.name ORDER BY c.name) FROM media_company mc JOIN company c ON c.id = mc.company_id WHERE mc.media_id = m.id),
      'aliases', (SELECT jsonb_agg(a.title ORDER BY a.title) FROM media_alias a WHERE a.media_id = m.id),
      'cast', (SELECT jsonb_agg(jsonb_build_object('name', p.name, 'character', c.character, 'imdb', p.imdb_id, 'tmdb', p.tmdb_id::text) ORDER BY c.position, c.id)
        FROM media_credit c JOIN person p ON p.id = c.person_id WHERE c.media_id = m.id AND c.credit_type = 'cast'),
      'crew', (SELECT jsonb_agg(jsonb_build_object('name', p.name, 'job', c.job, 'department', c.department, 'imdb', p.imdb_id, 'tmdb', p.tmdb_id::text) ORDER BY c.position, c.id)
        FROM media_credit c JOIN person p ON p.id = c.person_id WHERE c.media_id = m.id AND c.credit_type = 'crew' AND c.job IS NOT NULL),
      'certifications', (SELECT jsonb_agg(jsonb_build_object('country', c.country, 'code', c.code, 'minAge', c.min_age) ORDER BY c.country, c.code)
        FROM media_certification c WHERE c.media_id = m.id),
      'images', (SELECT jsonb_agg(jsonb_build_object('type', i.type, 'url', i.url, 'language', i.language) ORDER BY i.position, i.id) FROM media_image i WHERE i.media_id = m.id),
      'trailer', CASE WHEN m.trailer_youtube_id IS NOT NULL THEN jsonb_build_object('youtube', m.trailer_youtube_id) END,
      'translations', (SELECT jsonb_agg(jsonb_build_object('language', t.language, 'title', t.title, 'overview', t.overview, 'tagline', t.tagline) ORDER BY t.language)
        FROM media_translation t WHERE t.media_id = m.id),
      'ratings', (SELECT jsonb_agg(jsonb_build_object('provider', p.name, 'type', r.rating_type, 'rating', r.raw_rating, 'votes', r.vote_count) ORDER BY p.name, r.rating_type)
        FROM media_rating r JOIN rating_provider p ON p.id = r.provider_id WHERE r.media_id = m.id),
      'seasons', (SELECT jsonb_agg(jsonb_build_object('number', s.number, 'title', s.title, 'overview', s.overview, 'airDate', s.air_date, 'poster', s.poster_url,
        'episodes', (SELECT jsonb_agg(jsonb_build_object('number', e.number, 'title', e.title, 'overview', e.overview, 'airDate', e.air_date,
            'runtimeMinutes', e.runtime_minutes, 'thumbnail', e.thumbnail_url,
            'streams', (SELECT jsonb_agg(${STREAM} ORDER BY x.kind, x.name, x.id, l.id) ${STREAMS} WHERE l.media_id = m.id AND l.episode_id = e.id AND ${WANTED})) ORDER BY e.number)
          FROM episode e WHERE e.season_id = s.id AND e.media_id = m.id)) ORDER BY s.number)
        FROM season s WHERE s.media_id = m.id),
      'streams', (SELECT jsonb_agg(${STREAM} ORDER BY x.kind, x.name, x.id, l.id) ${STREAMS} WHERE l.media_id = m.id AND l.episode_id IS NULL AND ${WANTED}))) AS title
    FROM media m
    WHERE m.id > ${after} AND m.owner_id IS NULL AND m.kind = ANY(${sql.array(kinds, 'text')})
    ORDER BY m.id LIMIT ${limit}
  `);
}

/** Of a pack that is linked by a file, that file only: the others stand at their own episodes. */
const STREAM = sql.fragment`jsonb_build_object(
    'kind', x.kind, 'name', x.name, 'fileIndex', l.file_index,
    'sizeBytes', x.size_bytes, 'resolution', x.resolution, 'quality', x.quality, 'codec', x.codec, 'group', x.release_group, 'edition', x.edition)
  || jsonb_build_object('audio', nullif(to_jsonb(x.audio), '[]'), 'channels', nullif(to_jsonb(x.channels), '[]'), 'hdr', nullif(to_jsonb(x.hdr_formats), '[]'),
    'languages', (SELECT jsonb_agg(n.language ORDER BY n.language) FROM stream_language n WHERE n.stream_id = x.id AND n.kind = 'audio'),
    'subtitleLanguages', (SELECT jsonb_agg(n.language ORDER BY n.language) FROM stream_language n WHERE n.stream_id = x.id AND n.kind = 'subtitle'),
    'subtitles', (SELECT jsonb_agg(jsonb_build_object('url', b.path, 'language', b.language) ORDER BY b.id) FROM stream_subtitle b
      WHERE b.stream_id = x.id AND b.file_index IS NULL AND b.path ~ '^(https?://|asset:)'),
    'licence', CASE WHEN x.licence_code IS NOT NULL THEN
      jsonb_build_object('code', x.licence_code, 'attribution', x.attribution, 'proofUrl', x.licence_proof_url) END,
    'files', (SELECT jsonb_agg(jsonb_build_object('index', f.file_index, 'name', f.name, 'sizeBytes', f.size_bytes) ORDER BY f.file_index) FROM stream_file f
      WHERE f.stream_id = x.id AND (l.file_index IS NULL OR f.file_index = l.file_index)),
    'trackers', (SELECT jsonb_agg(t.url ORDER BY tt.tier, t.url) FROM torrent_tracker tt JOIN tracker t ON t.id = tt.tracker_id WHERE tt.stream_id = x.id),
    'infoHash', xt.info_hash, 'webSeeds', nullif(to_jsonb(xt.web_seeds), '[]'), 'seeders', xt.seeders, 'leechers', xt.leechers,
    'url', coalesce(xh.url, xf.url, xe.url), 'format', xh.format, 'expiresAt', xh.expires_at, 'service', xe.service,
    'videoId', xy.video_id, 'chat', xg.chat, 'messageId', xg.message_id, 'file', xl.folder || '/' || xl.path, 'guid', xu.nzb_guid)`;

const STREAMS = sql.fragment`FROM stream_media_link l JOIN stream x ON x.id = l.stream_id
  LEFT JOIN stream_torrent xt ON xt.stream_id = x.id LEFT JOIN stream_http xh ON xh.stream_id = x.id
  LEFT JOIN stream_ftp xf ON xf.stream_id = x.id
  LEFT JOIN stream_external xe ON xe.stream_id = x.id LEFT JOIN stream_youtube xy ON xy.stream_id = x.id
  LEFT JOIN stream_telegram xg ON xg.stream_id = x.id LEFT JOIN stream_local xl ON xl.stream_id = x.id
  LEFT JOIN stream_usenet xu ON xu.stream_id = x.id`;

const WANTED = sql.fragment`NOT x.is_blocked AND x.owner_id IS NULL AND num_nonnulls(xt.info_hash, xh.url, xf.url, xe.url, xy.video_id, xg.chat, xl.path, xu.nzb_guid) > 0`;

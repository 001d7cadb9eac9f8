import { Client } from 'pg';

/** Names of the rows of `fillEveryTable`; in SQL they stand as `$film`, `$series`, … */
export type Ids = Readonly<Record<string, string>>;

/** A `pg` client on a database; for tests that must see what the database itself refuses. */
export async function connect(url: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** Puts the ids into a statement. */
export function withIds(statement: string, ids: Ids): string {
  return statement.replace(/\$([a-z]\w*)/gi, (name, key: string) => ids[key] ?? name);
}

/** At least one row in every table of the schema, all of them hanging together. */
export async function fillEveryTable(client: Client): Promise<Ids> {
  const ids: Record<string, string> = {};
  for (const [name, statement] of ROWS) {
    const { rows } = await client.query<{ id?: string }>(withIds(statement, ids));
    if (rows[0]?.id !== undefined) ids[name] = rows[0].id;
  }
  return ids;
}

const ROWS: readonly [name: string, statement: string][] = [
  ['user', `INSERT INTO app_user (username, email) VALUES ('owner', 'owner@example.org') RETURNING id`],
  [
    'session',
    `INSERT INTO auth_session (user_id, expires_at) VALUES ($user, now() + interval '1 day') RETURNING id`,
  ],
  [
    '',
    `INSERT INTO auth_token (user_id, kind, token_hash, session_id) VALUES ($user, 'refresh', sha256('a'), $session)`,
  ],
  [
    '',
    `INSERT INTO auth_ticket (token_hash, user_id, purpose, expires_at)
      VALUES (sha256('a'), $user, 'verify-email', now() + interval '1 day')`,
  ],
  ['', `INSERT INTO login_identity (user_id, issuer, subject) VALUES ($user, 'https://id.example', 'a')`],
  ['', `INSERT INTO audit_log (user_id, actor, action) VALUES ($user, 'user', 'account.signed_in')`],
  ['source', `INSERT INTO source (name, base_url) VALUES ('nas', 'http://nas.example/') RETURNING id`],
  ['', `INSERT INTO setting (key, type, value) VALUES ('addonName', 'string', '"x"')`],
  ['', `INSERT INTO sync_state (key) VALUES ('import.starter')`],
  ['', `INSERT INTO rate_limit (key, points) VALUES ('a', 1)`],
  [
    '',
    `INSERT INTO stream_lease (key, holder, subject_key, ip_key, ends_at) VALUES ('a', 'x', 'b', 'c', now())`,
  ],
  ['', `INSERT INTO live_list (instance, streams, updated_at) VALUES ('a', '[]', now())`],
  ['', `INSERT INTO shared_value (space, key, token, ends_at) VALUES ('a', 'b', 'c', now())`],
  ['', `INSERT INTO language (code, iso639_2, name) VALUES ('en', 'eng', 'English')`],
  ['tmdb', `SELECT id FROM metadata_provider WHERE name = 'tmdb'`],
  ['imdbRating', `SELECT id FROM rating_provider WHERE name = 'imdb'`],
  [
    'film',
    `INSERT INTO media (kind, title, year, owner_id, provider_id) VALUES ('movie', 'Film', 1999, $user, $tmdb) RETURNING id`,
  ],
  [
    'profile',
    `INSERT INTO profile (user_id, kind, name, pin_hash, mode)
      VALUES ($user, 'kid', 'Ada', '$argon2id$v=19$m=19456,t=2,p=1$' || repeat('A', 22) || '$' || repeat('A', 43), 'allow') RETURNING id`,
  ],
  [
    '',
    `INSERT INTO profile_policy (profile_id, media_id, policy, kind, rank, is_shown)
      VALUES ($profile, $film, 'allow', 'movie', 0, true)`,
  ],
  ['', `INSERT INTO profile_blocked_episode VALUES ($profile, $film, 1, 2)`],
  ['', `INSERT INTO profile_blocked_tag SELECT $profile, id FROM content_tag WHERE tag = 'monsters'`],
  ['', `INSERT INTO rating_country VALUES ('DE', 0)`],
  ['', `INSERT INTO profile_minute VALUES ($profile, date_trunc('minute', now(), 'UTC'))`],
  ['install', `INSERT INTO install (profile_id, name) VALUES ($profile, 'TV') RETURNING id`],
  [
    'device',
    `INSERT INTO device (user_id, profile_id, install_id, friendly_name, key_hash)
      VALUES ($user, $profile, $install, 'TV', sha256('a')) RETURNING id`,
  ],
  [
    '',
    `INSERT INTO pairing_code (code, made_by, user_id, profile_id, device_name, secret_hash, device_id, used_at)
      VALUES ('012345', 'device', $user, $profile, 'TV', sha256('a'), $device, now())`,
  ],
  // Who decided may go while the child stays.
  ['decider', `INSERT INTO app_user (username) VALUES ('decider') RETURNING id`],
  [
    '',
    `INSERT INTO profile_request (profile_id, media_id, state, decided_at, decided_by)
      VALUES ($profile, $film, 'denied', now(), $decider)`,
  ],
  ['other', `INSERT INTO media (kind, title) VALUES ('movie', 'Other film') RETURNING id`],
  ['series', `INSERT INTO media (kind, title) VALUES ('series', 'Series') RETURNING id`],
  [
    '',
    `INSERT INTO media_external_id VALUES ($film, 'imdb', 'any', 'tt0133093'), ($film, 'tmdb', 'movie', '550')`,
  ],
  ['', `INSERT INTO media_translation (media_id, language, title) VALUES ($film, 'es', 'Película')`],
  ['', `INSERT INTO media_alias VALUES ($film, 'Alias')`],
  ['', `INSERT INTO search_tier (kind, known, famous) VALUES ('tv', 1, 2)`],
  [
    '',
    `INSERT INTO media_image (media_id, provider_id, type, url) VALUES ($film, $tmdb, 'poster', 'https://img.example/1.jpg')`,
  ],
  ['genre', `INSERT INTO genre (slug, name, tmdb_id) VALUES ('drama', 'Drama', 18) RETURNING id`],
  [
    'subgenre',
    `INSERT INTO genre (slug, name, parent_id) VALUES ('legal-drama', 'Legal', $genre) RETURNING id`,
  ],
  ['', `INSERT INTO genre_translation VALUES ($genre, 'es', 'Drama')`],
  ['', `INSERT INTO media_genre (media_id, genre_id) VALUES ($film, $genre)`],
  ['keyword', `INSERT INTO keyword (name) VALUES ('court') RETURNING id`],
  ['', `INSERT INTO media_keyword VALUES ($film, $keyword)`],
  ['company', `INSERT INTO company (name, tmdb_id) VALUES ('Studio', 7) RETURNING id`],
  ['', `INSERT INTO media_company VALUES ($film, $company)`],
  ['person', `INSERT INTO person (name, tmdb_id, imdb_id) VALUES ('Ann', 1, 'nm0000001') RETURNING id`],
  [
    '',
    `INSERT INTO media_credit (media_id, person_id, credit_type, job) VALUES ($film, $person, 'crew', 'Director')`,
  ],
  [
    '',
    `INSERT INTO media_rating (media_id, provider_id, rating, raw_rating) VALUES ($film, $imdbRating, 8.2, 8.2)`,
  ],
  ['', `INSERT INTO media_certification VALUES ($film, 'US', 'R', 17)`],
  [
    'season',
    `INSERT INTO season (media_id, number, tmdb_id, provider_id) VALUES ($series, 1, 11, $tmdb) RETURNING id`,
  ],
  [
    'episode',
    `INSERT INTO episode (season_id, media_id, number, tmdb_id, provider_id) VALUES ($season, $series, 1, 111, $tmdb) RETURNING id`,
  ],
  [
    'torrent',
    `INSERT INTO stream (kind, name, owner_id, licence_code) VALUES ('torrent', 'Pack', $user, 'CC-BY-3.0') RETURNING id`,
  ],
  ['', `INSERT INTO stream_torrent (stream_id, info_hash) VALUES ($torrent, repeat('a', 40))`],
  ['', `INSERT INTO stream_file (stream_id, file_index, name) VALUES ($torrent, 0, 'e1.mkv')`],
  [
    'link',
    `INSERT INTO stream_media_link (stream_id, media_id, episode_id, file_index, linked_by) VALUES ($torrent, $series, $episode, 0, $user) RETURNING id`,
  ],
  [
    '',
    `INSERT INTO watch_history (profile_id, media_id, episode_id, stream_id, origin) VALUES ($profile, $series, $episode, $torrent, 'stream')`,
  ],
  ['', `INSERT INTO user_media_mark (profile_id, media_id, kind) VALUES ($profile, $film, 'watchlist')`],
  ['', `INSERT INTO stream_language VALUES ($torrent, 'en', 'audio')`],
  ['', `INSERT INTO stream_subtitle (stream_id, path, language) VALUES ($torrent, 'e1.srt', 'en')`],
  ['', `INSERT INTO file_facts (stream_id, file_index, failure) VALUES ($torrent, 0, 'media.unreadable')`],
  ['tracker', `INSERT INTO tracker (url) VALUES ('udp://tracker.example:1337/announce') RETURNING id`],
  ['', `INSERT INTO tracker_check (tracker_id, at, successes, failures) VALUES ($tracker, now(), 1, 0)`],
  ['', `INSERT INTO tracker_health (at, working, failing, unknown) VALUES (now(), 1, 0, 0)`],
  [
    '',
    `INSERT INTO tracker_list (name, url, next_fetch_at) VALUES ('remote', 'https://lists.example/', now())`,
  ],
  [
    '',
    `INSERT INTO torrent_storage (info_hash, store, stream_id, status) SELECT info_hash, 'a', stream_id, 'idle' FROM stream_torrent WHERE stream_id = $torrent`,
  ],
  ['', `INSERT INTO torrent_tracker (stream_id, tracker_id) VALUES ($torrent, $tracker)`],
  ['http', `INSERT INTO stream (kind, name) VALUES ('http', 'File') RETURNING id`],
  [
    '',
    `INSERT INTO stream_http (stream_id, source_id, file_path, url, url_hash) VALUES ($http, $source, '/f.mkv', 'http://nas.example/f.mkv', sha256('f'))`,
  ],
  ['', `INSERT INTO stream_media_link (stream_id, media_id) VALUES ($http, $film)`],
  ['ftp', `INSERT INTO stream (kind, name) VALUES ('ftp', 'File') RETURNING id`],
  [
    '',
    `INSERT INTO stream_ftp (stream_id, source_id, file_path, url, url_hash) VALUES ($ftp, $source, '/f.mkv', 'ftp://nas.example/f.mkv', sha256('f'))`,
  ],
  ['', 'SELECT make_report_month(now())'],
  [
    '',
    `INSERT INTO source_health_report (source_id, isp_name, is_reachable, response_ms) VALUES ($source, 'Home', true, 20)`,
  ],
  ['', `INSERT INTO source_probe (source_id, is_ok, connect_ms) VALUES ($source, true, 2)`],
  [
    '',
    `INSERT INTO source_probe_day (source_id, day, probes, successes) VALUES ($source, '2026-01-31', 2, 1)`,
  ],
  [
    '',
    `INSERT INTO source_link_check (stream_id, failing_since, reason) VALUES ($http, now(), 'It is gone.')`,
  ],
  ['', `INSERT INTO scan_log (source_id, batch_id, phase) VALUES ($source, gen_random_uuid(), 'collector')`],
  ['', `INSERT INTO scan_folder (source_id, path) VALUES ($source, '')`],
  ['', `INSERT INTO scan_seen (source_id, path_hash) VALUES ($source, 1)`],
  [
    '',
    `INSERT INTO scan_item (source_id, batch_id, file_path, name) VALUES ($source, gen_random_uuid(), 'g.mkv', 'g.mkv')`,
  ],
  [
    '',
    `INSERT INTO scan_subtitle (source_id, batch_id, file_path, folder, name, state, stream_id)
      VALUES ($source, gen_random_uuid(), 'f.srt', '', 'f.srt', 'linked', $http)`,
  ],
  ['local', `INSERT INTO stream (kind, name) VALUES ('local', 'Clip') RETURNING id`],
  ['', `INSERT INTO stream_local VALUES ($local, 'starter', 'clip.mp4', $source, 'clip.mp4')`],
  ['youtube', `INSERT INTO stream (kind, name) VALUES ('youtube', 'Video') RETURNING id`],
  ['', `INSERT INTO stream_youtube (stream_id, video_id) VALUES ($youtube, 'abcdefghijk')`],
  ['usenet', `INSERT INTO stream (kind, name) VALUES ('usenet', 'Post') RETURNING id`],
  [
    '',
    `INSERT INTO stream_usenet VALUES ($usenet, 'guid-1', '\\x00', '\\x00', true, repeat('r', 22), now(), 5, 0.5, 'damaged', now(), now(), '\\x00')`,
  ],
  ['', `INSERT INTO usenet_release (release_key, learned) VALUES (repeat('r', 22), '{}')`],
  [
    '',
    `INSERT INTO usenet_upload (release_key, nzb_sealed, expires_at) VALUES (repeat('r', 22), '\\x00', now())`,
  ],
  ['', `INSERT INTO usenet_provider_usage (provider, day) VALUES ('news', '2026-01-31')`],
  ['', `INSERT INTO id_mapping (list, entry, kitsu, mal) VALUES ('manami', 'mal:1', 1, 1)`],
  [
    '',
    `INSERT INTO provider_metadata (media_id, provider_id, data, expires_at) VALUES ($film, $tmdb, '{}', now())`,
  ],
  [
    '',
    `INSERT INTO media_field_origin (media_id, field, provider_id, fingerprint) VALUES ($film, 'title', $tmdb, 'x')`,
  ],
  [
    '',
    `INSERT INTO media_provider (media_id, region, service, offer, provider_id) VALUES ($film, 'DE', 'Netflix', 'rent', $tmdb)`,
  ],
  [
    '',
    `INSERT INTO metadata_doubt (media_id, provider_id, kind, ids, reason) VALUES ($film, $tmdb, 'ids', '{}', 'x')`,
  ],
  [
    '',
    `INSERT INTO tv_programme (media_id, start_at, stop_at, title, subtitle, description, icon_url, rating, episode)
      VALUES ($film, now(), now() + interval '1 hour', 'News', 'Late', 'All of it.', 'https://i.example/1.png', 'PG', 'S01E01')`,
  ],
  ['', `INSERT INTO title_enrichment (media_id, next_at) VALUES ($film, now())`],
  ['telegram', `INSERT INTO stream (kind, name) VALUES ('telegram', 'Message') RETURNING id`],
  ['', `INSERT INTO stream_telegram VALUES ($telegram, 'channel', 5)`],
  ['external', `INSERT INTO stream (kind, name) VALUES ('external', 'Page') RETURNING id`],
  [
    '',
    `INSERT INTO stream_external (stream_id, service, url) VALUES ($external, 'web', 'https://watch.example/1')`,
  ],
  [
    '',
    `INSERT INTO stream_media_link (stream_id, media_id) SELECT s.id, $film FROM stream s WHERE s.kind IN ('local', 'youtube', 'usenet', 'telegram', 'external')`,
  ],
  ['', `INSERT INTO play_count (subject_hash, media_id, stream_id) VALUES (sha256('viewer'), $film, $http)`],
  ['tag', `SELECT id FROM content_tag WHERE tag = 'monsters'`],
  [
    '',
    `INSERT INTO media_tag (media_id, episode_id, tag_id, source) VALUES ($film, NULL, $tag, 'rule'), ($series, $episode, $tag, 'moderator')`,
  ],
  [
    '',
    `INSERT INTO media_tag_denied (media_id, episode_id, tag_id) VALUES ($other, NULL, $tag), ($series, $episode, $tag)`,
  ],
  ['', 'INSERT INTO media_tag_due (media_id) VALUES ($film)'],
  ['reviewer', `INSERT INTO app_user (username, role) VALUES ('reviewer', 'moderator') RETURNING id`],
  [
    '',
    `INSERT INTO content_report (reporter_id, media_id, episode_id, stream_id, tag_id, kind, state, reviewer_id, resolved_at) VALUES
      ($user, $film, NULL, NULL, $tag, 'wrong_tag', 'pending', NULL, NULL),
      ($user, NULL, $episode, NULL, NULL, 'other', 'pending', NULL, NULL),
      ($user, NULL, NULL, $external, NULL, 'broken', 'resolved', $reviewer, now())`,
  ],
  ['', `INSERT INTO family_service VALUES ($user, 'netflix')`],
  ['', 'INSERT INTO deep_link_report (stream_id, user_id) VALUES ($external, $user)'],
  ['catalog', `SELECT id FROM catalog WHERE slug = 'open-films'`],
  ['userCatalog', `INSERT INTO catalog (slug, name, owner_id) VALUES ('mine', 'Mine', $user) RETURNING id`],
  [
    'finder',
    `INSERT INTO finder (owner_id, kind, name, host, place_hash, place_sealed, has_key) VALUES ($user, 'rss', 'Feed', 'a.example', sha256('a'), '\\x00', true) RETURNING id`,
  ],
  [
    '',
    `INSERT INTO finder_pattern (finder_id, position, pattern, catalog_id) VALUES ($finder, 0, 'x', $userCatalog)`,
  ],
  ['', `INSERT INTO finder_day (finder_id, day) VALUES ($finder, '2026-01-31')`],
  ['', `INSERT INTO finder_seen (finder_id, item_hash) VALUES ($finder, sha256('a'))`],
  [
    '',
    `INSERT INTO catalog_item (catalog_id, media_id, position) VALUES ($catalog, $film, 1), ($userCatalog, $film, 1)`,
  ],
  [
    'shelf',
    `INSERT INTO shelf (catalog, choice, kind, titles, open_titles) VALUES ('year', '1999', 'movie', 1, 0) RETURNING id`,
  ],
  ['', `INSERT INTO shelf_item VALUES ($shelf, $film, 1, false)`],
];

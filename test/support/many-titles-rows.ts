/**
 * A catalogue as real ones are made: words by Zipf's law (`the` in every tenth title or so, most words in a handful), genres
 * from every second title down to one in 2,000, a few known titles and many nobody watches, one in 50 hidden. 80 % films,
 * 20 % series, half of those with 2 seasons of 5 episodes; a stream each but for the last 2 %, whose streams went to the
 * first 50 titles; a third of the streams open. Everything follows from the title's number: each fill is the same.
 */
const WORDS = [
  'the of and in la der die das le les den un a to for from with love man night day girl life house last',
  'big little black white king time war world island river café grün für nächte garçon niño señor mädchen',
].join(' ');
const SYLLABLES =
  'ka ri mo ten sul bar vi nor pel do ga hin lo mar tis ze fu rin dal co wes ter by qua jen ol ash um pri est ban cle dor ve ny sha rok lim thu gor';
const WORD_COUNT = 40_000;

/** A number in [0, 1) that looks random and is always the same for `n` and `salt`. */
const u = (n: string, salt: number) => `((hashint8extended(${n}, ${salt}) & 4294967295) / 4294967296.0)`;
/** A word nobody else uses and none to three by Zipf's law, now and then with a number, for title `n`. */
const words = (n: string, salt: number) => `(
  SELECT initcap(string_agg(w.word, ' ' ORDER BY slot DESC)) || CASE WHEN ${u(n, salt + 1)} < 0.1 THEN ' ' || (2 + ${n} % 8) ELSE '' END
  FROM generate_series(0, floor(${u(n, salt)} * 4)::integer) slot
  JOIN word w ON w.n = CASE slot WHEN 0 THEN 1 + floor(${u(n, salt + 2)} * ${WORD_COUNT})
    ELSE floor(exp(${u(`${n} * 8 + slot`, salt + 2)} * ln(${WORD_COUNT}))) END::integer)`;
export const MANY_TITLES: readonly string[] = [
  `CREATE TEMP TABLE word AS
    SELECT n, coalesce(w[n], s[1 + n % 40] || s[1 + n / 40 % 40] || CASE WHEN n < 1600 THEN '' ELSE s[1 + n / 1600] END) AS word
    FROM generate_series(1, ${WORD_COUNT}) n,
      (SELECT string_to_array('${WORDS}', ' ') AS w, string_to_array('${SYLLABLES}', ' ') AS s) given`,
  'ALTER TABLE word ADD PRIMARY KEY (n)',
  `CREATE TEMP TABLE draft AS
    SELECT g AS n, CASE WHEN g % 5 = 0 THEN 'series' ELSE 'movie' END AS kind, 1920 + floor(${u('g', 1)} * 105)::integer AS year,
      ${words('g', 10)} AS title,
      CASE WHEN g % 2 = 0 THEN ${words('g', 20)} || CASE WHEN g % 50 = 0 THEN ' 映画' ELSE '' END END AS alias,
      CASE WHEN g % 2 = 0 THEN 'Der ' || ${words('g', 30)} END AS german,
      array_remove(ARRAY['Genre ' || a, 'Genre ' || 1 + (a + floor(${u('g', 3)} * 29)::integer) % 30,
        CASE WHEN ${u('g', 4)} < 0.5 THEN 'Drama' END, CASE WHEN ${u('g', 5)} < 0.01 THEN 'Western' END,
        CASE WHEN ${u('g', 6)} < 0.0005 THEN 'Silent' END], NULL) AS genres
    FROM generate_series(1, $count) g, LATERAL (SELECT 1 + floor(${u('g', 2)} * 30)::integer AS a) first_genre`,
  `CREATE TEMP TABLE draft_stream AS
    SELECT g AS n, CASE WHEN g <= $count * 0.98 THEN g ELSE 1 + g % 50 END AS title,
      (ARRAY['torrent', 'torrent', 'http', 'http', 'youtube', 'external', 'usenet', 'telegram', 'local', 'ftp'])[1 + g % 10] AS kind,
      CASE WHEN ${u('g', 7)} < 0.33 THEN 'CC-BY-3.0' END AS licence, now() - ${u('g', 8)} * interval '300 days' AS added
    FROM generate_series(1, $count) g`,
  `INSERT INTO app_user (username) SELECT 'user' || g FROM generate_series(1, 2000) g`,
  `INSERT INTO auth_session (user_id, expires_at) SELECT 1 + g % 2000, now() + (g - 10) * interval '1 minute'
    FROM generate_series(11, 6000) g`,
  `INSERT INTO auth_token (user_id, kind, token_hash, session_id, superseded_at)
    SELECT user_id, 'refresh', sha256((id || ' ' || g)::bytea), id, CASE WHEN g > 1 THEN now() END FROM auth_session, generate_series(1, 4) g`,
  `INSERT INTO auth_token (user_id, kind, token_hash, name, scopes)
    SELECT 1 + g % 2000, 'api', sha256(('api ' || g)::bytea), 'A script', '{read}' FROM generate_series(1, 4000) g`,
  `INSERT INTO auth_ticket (token_hash, user_id, purpose, expires_at)
    SELECT sha256(('ticket ' || g)::bytea), g, 'reset-password', now() + g * interval '1 minute' FROM generate_series(1, 2000) g`,
  `INSERT INTO login_identity (user_id, issuer, subject) SELECT g, 'https://id.example', 'subject ' || g FROM generate_series(1, 2000) g`,
  `INSERT INTO audit_log (user_id, actor, action, at)
    SELECT 1 + g % 2000, 'user', 'account.signed_in', now() - g * interval '3 minutes' FROM generate_series(1, 50000) g`,
  // Made here: within a statement that is undone it would lock the table for whoever looks at plans.
  'SELECT make_report_month(now() + make_interval(months => m)) FROM generate_series(0, 1) m',
  `INSERT INTO source (name, base_url) SELECT 'Source ' || g, 'https://source' || g || '.example/' FROM generate_series(1, 20) g`,
  `INSERT INTO scan_log (source_id, batch_id, phase, status, started_at, ended_at)
    SELECT 1 + g % 20, gen_random_uuid(), 'collector', 'completed', now() - g * interval '2 minutes', now() FROM generate_series(1, 50000) g`,
  `INSERT INTO scan_folder (source_id, path, state) SELECT 2 + g % 18, 'Folder ' || g, 'read' FROM generate_series(1, 5000) g`,
  `INSERT INTO scan_seen (source_id, path_hash) SELECT 2 + g % 18, hashtextextended('Film ' || g, 0) FROM generate_series(1, 50000) g`,
  `INSERT INTO scan_item (source_id, batch_id, file_path, name, state, newest_at)
    SELECT 2 + g % 18, ('00000000-0000-4000-8000-0000000000' || lpad((2 + g % 18)::text, 2, '0'))::uuid, 'Film.' || g || '.mkv', 'Film.mkv',
      CASE WHEN g % 3 = 0 THEN 'unmatched' ELSE 'pending' END, now() - g * interval '1 minute' FROM generate_series(1, 50000) g`,
  `INSERT INTO scan_subtitle (source_id, batch_id, file_path, folder, name)
    SELECT 2 + g % 18, gen_random_uuid(), 'Films/Film.' || g || '.srt', 'Films', 'Film.srt' FROM generate_series(1, 20000) g`,
  `INSERT INTO shared_value (space, key, token, value, ends_at)
    SELECT 'http-facts', 'key ' || g, 'token', repeat('x', 400), now() + make_interval(secs => g - 1000) FROM generate_series(1, 20000) g`,
  `INSERT INTO stream_lease (key, holder, subject_key, ip_key, ends_at)
   SELECT 'lease ' || g, 'here', 'subject ' || g / 5, 'ip ' || g / 7, now() + g * interval '1 second' FROM generate_series(-10000, 10000) g`,
  `INSERT INTO rate_limit (key, points, expire) SELECT 'limit ' || g, 1, g * 1000::bigint FROM generate_series(1, 20000) g`,
  `INSERT INTO genre (slug, name) SELECT 'genre-' || g, 'Genre ' || g FROM generate_series(1, 30) g`,
  `INSERT INTO genre (slug, name) VALUES ('drama', 'Drama'), ('western', 'Western'), ('silent', 'Silent')`,
  `INSERT INTO person (name, imdb_id) SELECT initcap(a.word || ' ' || b.word), 'nm' || 1000000 + a.n * 100 + b.n
    FROM word a JOIN word b ON b.n BETWEEN 60 AND 99 WHERE a.n > ${WORD_COUNT - 500}`,
  `INSERT INTO keyword (name) SELECT 'keyword ' || g FROM generate_series(1, 5000) g`,
  `INSERT INTO company (name) SELECT 'Company ' || g FROM generate_series(1, 2000) g`,
  `INSERT INTO language (code, iso639_2, name) VALUES ('en', 'eng', 'English'), ('de', 'deu', 'German') ON CONFLICT DO NOTHING`,
  `INSERT INTO tracker (url, next_check_at, lists)
    SELECT 'udp://tracker' || g || '.example:1337/announce', now() + (g - 50) * interval '1 second', CASE WHEN g < 20 THEN ARRAY['builtin'] ELSE '{}' END
    FROM generate_series(1, 2000) g`,
  `INSERT INTO media (id, kind, title, year, release_date, runtime_minutes, overview, popularity, watch_count, rating, canonical_id, imdb_id,
      poster_url, genres, is_published, is_public, total_streams, open_streams, last_stream_added_at, age_min)
    OVERRIDING SYSTEM VALUE
    SELECT d.n, d.kind, d.title, d.year, make_date(d.year, 1 + d.n % 12, 1 + d.n % 28), 60 + d.n % 90,
      'A title about ' || d.title || ', made for measuring; ' || repeat('its overview is as long as overviews usually are. ', 1 + d.n % 9),
      power(${u('d.n', 9)}, 4) * 500, CASE WHEN ${u('d.n', 40)} < 0.3 THEN exp(${u('d.n', 41)} * 7)::integer ELSE 0 END,
      floor(${u('d.n', 42)} * 100) / 10, 'tt' || 90000000 + d.n, 'tt' || 90000000 + d.n, 'https://posters.example/' || d.n || '.jpg',
      d.genres, ${u('d.n', 43)} >= 0.01, ${u('d.n', 44)} >= 0.01, coalesce(s.total, 0), coalesce(s.open, 0), s.added,
      -- One in five is rated.
      CASE WHEN d.n % 5 = 2 THEN (ARRAY[0, 6, 12, 13, 16, 18])[1 + d.n % 6] END
    FROM draft d
    LEFT JOIN (SELECT title, count(*) AS total, count(licence) AS open, max(added) AS added FROM draft_stream GROUP BY title) s ON s.title = d.n`,
  `INSERT INTO media_external_id (media_id, provider, ns, external_id) SELECT id, 'imdb', 'any', imdb_id FROM media`,
  `INSERT INTO media_external_id (media_id, provider, ns, external_id) SELECT id, 'tmdb', CASE kind WHEN 'movie' THEN 'movie' ELSE 'tv' END, id::text FROM media`,
  `INSERT INTO id_mapping (list, entry, type, mal, anilist, kitsu, anidb, imdb, tmdb_tv, tvdb, tvdb_season)
    SELECT 'fribb', 'anidb:' || n, 'tv', n, n + 100000, n + 200000, n, 'tt' || 90000000 + n, n, n / 3 + 1, n % 3 + 1 FROM generate_series(1, 20000) n`,
  `INSERT INTO media_image (media_id, type, url) SELECT id, 'poster', poster_url FROM media`,
  `INSERT INTO media_genre (media_id, genre_id) SELECT m.id, g.id FROM media m JOIN genre g ON g.name = ANY (m.genres)`,
  `INSERT INTO genre_shelf (genre_id, media_id, kind, rank, last_stream_added_at, is_open, age_min)
    SELECT mg.genre_id, m.id, m.kind, m.rank, m.last_stream_added_at, m.open_streams > 0, m.age_min
    FROM media m JOIN media_genre mg ON mg.media_id = m.id WHERE m.is_published AND m.is_public`,
  `INSERT INTO media_alias (media_id, title) SELECT n, alias FROM draft WHERE alias IS NOT NULL`,
  `INSERT INTO media_translation (media_id, language, title, overview) SELECT n, 'de', german, 'Ein Titel namens ' || german FROM draft WHERE german IS NOT NULL`,
  'CREATE INDEX many_titles_popular ON media (kind, rank DESC) WHERE is_published AND is_public',
  'SELECT measure_search_tiers()',
  'DROP INDEX many_titles_popular',
  'SELECT refresh_media_search(ARRAY(SELECT id FROM media))',
  `INSERT INTO media_credit (media_id, person_id, credit_type, department, job, position)
    SELECT m.id, 1 + (m.id * 13 + n) % 10000, CASE n WHEN 0 THEN 'crew' ELSE 'cast' END, CASE n WHEN 0 THEN 'Directing' END, CASE n WHEN 0 THEN 'Director' END, n
    FROM media m CROSS JOIN generate_series(0, 2) n`,
  `INSERT INTO media_keyword (media_id, keyword_id) SELECT id, 1 + id % 5000 FROM media`,
  `INSERT INTO media_company (media_id, company_id) SELECT id, 1 + id % 2000 FROM media`,
  `INSERT INTO media_certification (media_id, country, code, min_age) SELECT id, 'US', age_min || '+', age_min FROM media WHERE age_min IS NOT NULL`,
  `INSERT INTO media_rating (media_id, provider_id, rating, raw_rating, vote_count) SELECT m.id, p.id, 7.5, 7.5, 100 FROM media m, rating_provider p WHERE p.name = 'imdb'`,
  `INSERT INTO provider_metadata (media_id, provider_id, data, fetched_at, expires_at)
    SELECT m.id, p.id, '{"kind":"movie","title":"x","ids":{}}', now() - interval '40 days', now() + (m.id % 100 - 50) * interval '1 day' + interval '20 days'
    FROM media m, metadata_provider p WHERE p.name = 'tmdb' AND m.id % 2 = 0`,
  `INSERT INTO media_field_origin (media_id, field, provider_id, fingerprint)
    SELECT m.id, f.field, p.id, 'x' FROM media m, metadata_provider p, unnest('{overview,genres}'::text[]) AS f(field) WHERE p.name = 'tmdb' AND m.id % 2 = 0`,
  `INSERT INTO media_provider (media_id, region, service, offer, provider_id)
    SELECT m.id, 'DE', 'Service ' || m.id % 40, 'rent', p.id FROM media m, metadata_provider p WHERE p.name = 'tmdb' AND m.id % 2 = 0`,
  `INSERT INTO metadata_doubt (media_id, provider_id, kind, ids, reason, state)
    SELECT m.id, p.id, 'ids', '{}', 'x', CASE WHEN m.id % 200 = 0 THEN 'open' ELSE 'kept' END FROM media m, metadata_provider p WHERE p.name = 'tmdb' AND m.id % 20 = 0`,
  `INSERT INTO tv_programme (media_id, start_at, stop_at, title) SELECT m.id, now() + h * interval '1 hour', now() + (h + 1) * interval '1 hour', 'Show'
    FROM media m, generate_series(-40, 200) h WHERE m.id = 1 OR m.id % 400 = 0`,
  // The first two have a rule for one title of a hundred: 10,000 of a million.
  `INSERT INTO profile (user_id, kind, name, pin_hash, mode, max_age)
    SELECT 1 + g / 3, 'kid', 'Kid ' || g, '$argon2id$v=19$m=19456,t=2,p=1$' || repeat('A', 22) || '$' || repeat('A', 43),
      CASE g % 2 WHEN 1 THEN 'allow' ELSE 'age' END, 12 FROM generate_series(1, 3000) g`,
  `INSERT INTO profile_policy (profile_id, media_id, policy, kind, rank, last_stream_added_at, is_shown)
    SELECT p.id, m.id, CASE WHEN m.id % 300 = 7 THEN 'deny' ELSE 'allow' END, m.kind, m.rank, m.last_stream_added_at, true
    FROM profile p JOIN media m ON CASE WHEN p.id <= 2 THEN m.id % 100 = 7 ELSE m.id IN (p.id % $count, p.id * 7 % $count) END`,
  `INSERT INTO profile_shelf (media_id, profile_id, genre_id, kind, rank, last_stream_added_at)
    SELECT p.media_id, p.profile_id, mg.genre_id, p.kind, p.rank, p.last_stream_added_at
    FROM profile_policy p JOIN media_genre mg ON mg.media_id = p.media_id WHERE p.policy = 'allow' AND p.is_shown`,
  `INSERT INTO profile_blocked_episode SELECT p.id, 1 + p.id % $count, 1, g FROM profile p, generate_series(1, 3) g`,
  `INSERT INTO profile_blocked_tag SELECT p.id, t.id FROM profile p JOIN content_tag t ON t.id = 1 + p.id % 80`,
  `INSERT INTO profile_minute SELECT p.id, date_trunc('minute', now(), 'UTC') - g * interval '1 minute' FROM profile p, generate_series(1, 10) g`,
  `INSERT INTO install (profile_id, name) SELECT p.id, 'TV' FROM profile p`,
  `INSERT INTO device (user_id, profile_id, friendly_name, key_hash, last_active_at)
    SELECT p.user_id, p.id, 'TV', sha256(('device ' || p.id)::bytea), now() FROM profile p`,
  `INSERT INTO pairing_code (code, made_by, user_id, device_name, secret_hash, device_id, used_at, created_at, expires_at)
    SELECT lpad(d.id::text, 6, '0'), 'device', d.user_id, 'TV', d.key_hash, d.id, now(), now() - interval '9 minutes', now() + d.id % 500 * interval '1 second'
    FROM device d WHERE d.id % 2 = 0`,
  `INSERT INTO profile_request (profile_id, media_id, state, asked_at, decided_at)
    SELECT p.id, 1 + (p.id * 7 + g) % $count, CASE WHEN g < 4 THEN 'pending' ELSE 'denied' END, now() - (p.id % 80) * interval '1 day',
      CASE WHEN g >= 4 THEN now() - (p.id % 80) * interval '1 day' END FROM profile p, generate_series(1, 10) g`,
  `INSERT INTO title_enrichment (media_id, next_at) SELECT id, now() + (id % 100 - 10) * interval '1 hour' FROM media WHERE id % 2 = 0`,
  `UPDATE media SET enrichment_status = CASE WHEN id % 100 = 3 THEN 'flagged' ELSE 'pending' END WHERE id % 10 = 3`,
  `INSERT INTO season (media_id, number) SELECT m.id, n FROM media m CROSS JOIN generate_series(1, 2) n WHERE m.id % 10 = 0`,
  `INSERT INTO episode (season_id, media_id, number, title, air_date) SELECT s.id, s.media_id, n, 'Episode ' || n, '2020-01-01' FROM season s CROSS JOIN generate_series(1, 5) n`,
  `INSERT INTO stream (id, kind, name, resolution, quality, size_bytes, licence_code, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, kind, 'Stream ' || n, (ARRAY['2160p', '1080p', '720p', '480p'])[1 + n % 4], 'WEB-DL', n * 1000, licence, added FROM draft_stream`,
  `INSERT INTO stream_torrent (stream_id, info_hash) SELECT id, lpad(to_hex(id), 40, '0') FROM stream WHERE kind = 'torrent'`,
  `INSERT INTO stream_http (stream_id, url, url_hash, expires_at)
    SELECT id, 'https://files.example/' || id || '.mp4', sha256(id::text::bytea), CASE WHEN id % 100 = 2 THEN now() + (id % 50 - 1) * interval '1 hour' END FROM stream WHERE kind = 'http'`,
  `INSERT INTO stream_ftp (stream_id, url, url_hash) SELECT id, 'ftp://files.example/' || id || '.mp4', sha256(id::text::bytea) FROM stream WHERE kind = 'ftp'`,
  `INSERT INTO stream_youtube (stream_id, video_id) SELECT id, lpad(id::text, 11, 'x') FROM stream WHERE kind = 'youtube'`,
  `INSERT INTO stream_external (stream_id, url) SELECT id, 'https://watch.example/' || id FROM stream WHERE kind = 'external'`,
  `INSERT INTO stream_usenet (stream_id, nzb_guid, release_key, next_check_at)
    SELECT id, 'guid' || id, lpad(id::text, 22, '0'), now() + interval '1 day' FROM stream WHERE kind = 'usenet'`,
  `INSERT INTO usenet_release (release_key, learned) SELECT release_key, '{}' FROM stream_usenet`,
  `INSERT INTO usenet_upload (release_key, nzb_sealed, expires_at)
    SELECT release_key, '\\x00', now() + interval '1 day' FROM stream_usenet`,
  `INSERT INTO stream_telegram (stream_id, chat, message_id) SELECT id, 'channel' || id % 20, id FROM stream WHERE kind = 'telegram'`,
  `INSERT INTO stream_local (stream_id, folder, path) SELECT id, 'films', 'film ' || id || '.mkv' FROM stream WHERE kind = 'local'`,
  `INSERT INTO stream_file (stream_id, file_index, name, size_bytes) SELECT id, 0, 'file.mp4', 1000 FROM stream WHERE kind = 'torrent'`,
  `INSERT INTO stream_media_link (stream_id, media_id, episode_id, file_index)
    SELECT d.n, d.title, e.id, CASE d.kind WHEN 'torrent' THEN 0 END FROM draft_stream d
    LEFT JOIN season s ON s.media_id = d.title AND s.number = 1 LEFT JOIN episode e ON e.season_id = s.id AND e.number = 1`,
  `INSERT INTO watch_history (profile_id, media_id, stream_id, origin, is_completed, played_at)
    SELECT p.id, 1 + (p.id * 31 + g * 977) % $count, CASE WHEN g % 2 = 0 THEN 1 + (p.id * 7 + g) % 1000 END, 'stream', g % 3 > 0, now() - g * interval '1 hour'
    FROM profile p, generate_series(1, 20) g`,
  // The first profile has seen a lot.
  `INSERT INTO watch_history (profile_id, media_id, episode_id, origin, played_at)
    SELECT 1, e.media_id, e.id, 'track', now() - g * interval '1 minute' FROM generate_series(1, 5000) g JOIN episode e ON e.id = 1 + g % 1000`,
  `INSERT INTO user_media_mark (profile_id, media_id, kind)
    SELECT p.id, 1 + (p.id * 13 + g) % $count, k.kind FROM profile p, generate_series(1, 10) g, unnest('{watchlist,favorite,library}'::text[]) k(kind)`,
  `INSERT INTO stream_language (stream_id, language, kind) SELECT id, 'en', 'audio' FROM stream`,
  `INSERT INTO stream_subtitle (stream_id, path, language) SELECT id, 'https://files.example/' || id || '.srt', 'en' FROM stream WHERE id % 2 = 0`,
  `INSERT INTO file_facts (stream_id, etag, size_bytes, video_hash, media) SELECT id, '"a"', 5, '0123456789abcdef', '{"tracks":[]}' FROM stream`,
  `INSERT INTO tracker_check (tracker_id, at, successes, failures, latency_ms)
    SELECT 1 + g % 2000, now() - (g / 2000) * interval '1 hour', 1, 0, 20 FROM generate_series(0, 139999) g`,
  `INSERT INTO torrent_tracker (stream_id, tracker_id) SELECT stream_id, 1 + stream_id % 2000 FROM stream_torrent`,
  `INSERT INTO finder (kind, name, host, place_hash, place_sealed, has_key)
    SELECT 'torznab', 'Finder ' || g, 'a.example', sha256(g::text::bytea), '\\x00', true FROM generate_series(1, 20) g`,
  `INSERT INTO finder_seen (finder_id, item_hash, seen_at)
    SELECT 1 + g % 20, sha256(g::text::bytea), now() - make_interval(hours => g / 20) FROM generate_series(1, 20000) g`,
  `INSERT INTO catalog (slug, name, owner_id) SELECT 'list-' || g, 'List ' || g, g FROM generate_series(1, 2000) g`,
  `INSERT INTO catalog_item (catalog_id, media_id, position) SELECT c.id, m.id, m.id FROM catalog c, media m WHERE c.slug = 'open-films' AND m.id % 100 = 1`,
  `INSERT INTO catalog_item (catalog_id, media_id, position)
    SELECT c.id, 1 + (c.id * 31 + n * 97) % $count, n FROM catalog c, generate_series(1, 20) n WHERE c.owner_id IS NOT NULL`,
  `INSERT INTO play_count (subject_hash, media_id, stream_id, counted_at)
    SELECT sha256(m.id::text::bytea), m.id, NULL, now() - make_interval(mins => (m.id % 300)::integer) FROM media m WHERE m.id % 2 = 0`,
  `INSERT INTO shelf (catalog, choice, kind, titles, open_titles)
    SELECT 'year', m.year::text, m.kind, count(*), count(*) FILTER (WHERE m.open_streams > 0) FROM media m GROUP BY m.year, m.kind`,
  `INSERT INTO shelf_item (shelf_id, media_id, score, is_open)
    SELECT s.id, m.id, m.rank, m.open_streams > 0 FROM media m JOIN shelf s ON s.choice = m.year::text AND s.kind = m.kind`,
  `INSERT INTO play_day (day, media_id, plays) SELECT current_date - n, m.id, 1 + n FROM media m, generate_series(0, 20) n WHERE m.id % 50 = 0`,
  `INSERT INTO media_tag (media_id, tag_id, source) SELECT m.id, t.id, 'rule' FROM media m JOIN content_tag t ON t.id % 31 = m.id % 31`,
  `INSERT INTO media_tag (media_id, episode_id, tag_id, source)
    SELECT e.media_id, e.id, t.id, 'rule' FROM episode e JOIN content_tag t ON t.id = 1 + e.id % 60 WHERE e.id % 5 = 0`,
  `INSERT INTO media_tag_denied (media_id, tag_id) SELECT m.id, t.id FROM media m JOIN content_tag t ON t.id = 1 + m.id % 60 WHERE m.id % 50 = 0`,
  `INSERT INTO media_tag_due (media_id) SELECT id FROM media WHERE id % 10 = 0`,
  `INSERT INTO content_report (reporter_id, media_id, kind, state, resolved_at)
    SELECT 1 + id % 2000, id, 'other', CASE WHEN id % 100 = 0 THEN 'resolved' ELSE 'pending' END, CASE WHEN id % 100 = 0 THEN now() END
    FROM media WHERE id % 10 = 0`,
  `INSERT INTO content_report (reporter_id, stream_id, kind) SELECT 1 + id % 2000, id, 'broken' FROM stream WHERE id % 10 = 0`,
  `INSERT INTO family_service (user_id, service) SELECT id, 'netflix' FROM app_user`,
  `INSERT INTO deep_link_report (stream_id, user_id) SELECT stream_id, 1 + stream_id % 2000 FROM stream_external`,
  'DROP TABLE word, draft, draft_stream',
  `SELECT setval(pg_get_serial_sequence('media', 'id'), $count), setval(pg_get_serial_sequence('stream', 'id'), $count)`,
];

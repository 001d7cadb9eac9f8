import { Client } from 'pg';

/**
 * Fills a migrated database with `count` titles (80 % movies, 20 % series with 2 seasons of 5 episodes for each tenth),
 * each with ids, poster, three genres, a stream and a link; a third under an open licence. The derived columns are
 * written straight and the triggers left out: 100,000 titles take seconds instead of minutes. ANALYZE at the end.
 */
export async function fillWithTitles(url: string, count: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const table of TRIGGERED) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    for (const statement of STATEMENTS) await client.query(statement.replaceAll('$count', String(count)));
    for (const table of TRIGGERED) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
    await client.query('ANALYZE');
  } finally {
    await client.end();
  }
}

const TRIGGERED = [
  'media',
  'media_external_id',
  'media_image',
  'media_genre',
  'media_alias',
  'media_translation',
  'media_credit',
  'media_rating',
  'media_certification',
  'season',
  'episode',
  'stream',
  'stream_http',
  'stream_media_link',
  'stream_subtitle',
  'catalog_item',
  'play_count',
];

const WORDS = `ARRAY['river','night','silver','stone','hidden','last','summer','winter','garden','machine','dream','ocean','paper','north',
  'shadow','light','house','train','letter','island','mirror','clock','forest','storm','queen','soldier','painter','bridge','desert','harbour']`;

const STATEMENTS = [
  `INSERT INTO genre (slug, name) SELECT 'genre-' || g, 'Genre ' || g FROM generate_series(1, 30) g`,
  `INSERT INTO person (name) SELECT 'Person ' || g FROM generate_series(1, 5000) g`,
  `INSERT INTO keyword (name) SELECT 'keyword ' || g FROM generate_series(1, 500) g`,
  `INSERT INTO company (name) SELECT 'Company ' || g FROM generate_series(1, 200) g`,
  `INSERT INTO language (code, iso639_2, name) VALUES ('en', 'eng', 'English'), ('de', 'deu', 'German') ON CONFLICT DO NOTHING`,
  `INSERT INTO tracker (url) SELECT 'udp://tracker' || g || '.example:1337/announce' FROM generate_series(1, 2000) g`,
  `INSERT INTO media (kind, title, year, release_date, runtime_minutes, overview, popularity, rating, canonical_id, imdb_id, poster_url,
      genres, total_streams, open_streams, last_stream_added_at, search)
    SELECT CASE WHEN g % 5 = 0 THEN 'series' ELSE 'movie' END, t.title, 1950 + g % 75, make_date(1950 + g % 75, 1 + g % 12, 1 + g % 28), 60 + g % 90,
      'A title about ' || t.title || ', made for measuring; its overview is as long as overviews usually are, two sentences or so.',
      (g * 7919 % 100000) / 100.0, (g % 100) / 10.0, 'tt' || (90000000 + g), 'tt' || (90000000 + g), 'https://posters.example/' || g || '.jpg',
      ARRAY['Genre ' || (1 + g % 30), 'Genre ' || (1 + (g / 7) % 30)], 1, (g % 3 = 0)::integer, now() - make_interval(mins => g % 500000),
      setweight(to_tsvector('simple', t.title), 'A')
    FROM generate_series(1, $count) g
    CROSS JOIN LATERAL (SELECT initcap(w[1 + g % 30] || ' ' || w[1 + (g / 30) % 30] || ' ' || w[1 + (g / 900) % 30]) || ' ' || g AS title
      FROM (SELECT ${WORDS} AS w) words) t`,
  `INSERT INTO media_external_id (media_id, provider, ns, external_id) SELECT id, 'imdb', 'any', imdb_id FROM media`,
  `INSERT INTO media_external_id (media_id, provider, ns, external_id) SELECT id, 'tmdb', CASE kind WHEN 'movie' THEN 'movie' ELSE 'tv' END, id::text FROM media`,
  `INSERT INTO media_image (media_id, type, url) SELECT id, 'poster', poster_url FROM media`,
  `INSERT INTO media_genre (media_id, genre_id) SELECT m.id, g.id FROM media m JOIN genre g ON g.name = ANY (m.genres)`,
  `INSERT INTO media_alias (media_id, title) SELECT id, 'Alias of ' || title FROM media WHERE id % 2 = 0`,
  `INSERT INTO media_translation (media_id, language, title, overview) SELECT id, 'de', 'Der ' || title, overview FROM media WHERE id % 2 = 0`,
  `INSERT INTO media_credit (media_id, person_id, credit_type, department, job, position)
    SELECT m.id, 1 + (m.id * 13 + n) % 5000, CASE n WHEN 0 THEN 'crew' ELSE 'cast' END, CASE n WHEN 0 THEN 'Directing' END, CASE n WHEN 0 THEN 'Director' END, n
    FROM media m CROSS JOIN generate_series(0, 2) n`,
  `INSERT INTO media_keyword (media_id, keyword_id) SELECT id, 1 + id % 500 FROM media`,
  `INSERT INTO media_company (media_id, company_id) SELECT id, 1 + id % 200 FROM media`,
  `INSERT INTO media_certification (media_id, country, code, min_age) SELECT id, 'US', 'PG-13', 13 FROM media`,
  `INSERT INTO media_rating (media_id, provider_id, rating, raw_rating, vote_count) SELECT m.id, p.id, 7.5, 7.5, 100 FROM media m, rating_provider p WHERE p.name = 'imdb'`,
  `INSERT INTO season (media_id, number) SELECT m.id, n FROM media m CROSS JOIN generate_series(1, 2) n WHERE m.kind = 'series' AND m.id % 10 = 0`,
  `INSERT INTO episode (season_id, media_id, number, title, air_date) SELECT s.id, s.media_id, n, 'Episode ' || n, '2020-01-01' FROM season s CROSS JOIN generate_series(1, 5) n`,
  `INSERT INTO stream (kind, name, resolution, quality, size_bytes, licence_code)
    SELECT CASE g % 4 WHEN 0 THEN 'torrent' WHEN 1 THEN 'http' WHEN 2 THEN 'youtube' ELSE 'external' END, 'Stream ' || g,
      (ARRAY['2160p', '1080p', '720p', '480p'])[1 + g % 4], 'WEB-DL', g * 1000, CASE WHEN g % 3 = 0 THEN 'CC-BY-3.0' END
    FROM generate_series(1, $count) g ORDER BY g`,
  `INSERT INTO stream_torrent (stream_id, info_hash) SELECT id, lpad(to_hex(id), 40, '0') FROM stream WHERE kind = 'torrent'`,
  `INSERT INTO stream_http (stream_id, url, url_hash, expires_at)
    SELECT id, 'https://files.example/' || id || '.mp4', sha256(id::text::bytea), CASE WHEN id % 1000 = 1 THEN now() - interval '1 hour' END FROM stream WHERE kind = 'http'`,
  `INSERT INTO stream_youtube (stream_id, video_id) SELECT id, lpad(id::text, 11, 'x') FROM stream WHERE kind = 'youtube'`,
  `INSERT INTO stream_external (stream_id, url) SELECT id, 'https://watch.example/' || id FROM stream WHERE kind = 'external'`,
  `INSERT INTO stream_media_link (stream_id, media_id) SELECT s.id, m.id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM stream) s
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM media) m USING (n)`,
  `INSERT INTO stream_language (stream_id, language, kind) SELECT id, 'en', 'audio' FROM stream`,
  `INSERT INTO stream_subtitle (stream_id, path, language) SELECT id, 'https://files.example/' || id || '.srt', 'en' FROM stream WHERE id % 2 = 0`,
  `INSERT INTO stream_file (stream_id, file_index, name, size_bytes) SELECT id, 0, 'file.mp4', 1000 FROM stream WHERE kind = 'torrent'`,
  `INSERT INTO torrent_tracker (stream_id, tracker_id) SELECT stream_id, t.id FROM stream_torrent s JOIN tracker t ON t.id = (SELECT min(id) FROM tracker) + s.stream_id % 2000`,
  `INSERT INTO catalog_item (catalog_id, media_id, position) SELECT c.id, m.id, m.id FROM catalog c, media m WHERE c.slug = 'open-films' AND m.id % 500 = 0`,
  `INSERT INTO play_count (subject_hash, media_id, stream_id, counted_at)
    SELECT sha256(m.id::text::bytea), m.id, NULL, now() - make_interval(hours => (m.id % 200)::integer) FROM media m WHERE m.id % 2 = 0`,
];

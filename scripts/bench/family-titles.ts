import { fillUnbraked } from '../../test/support/many-titles.ts';

/** A number in [0, 1) that looks random and is always the same for `n` and `salt`. */
const u = (n: string, salt: number) => `((hashint8extended(${n}, ${salt}) & 4294967295) / 4294967296.0)`;

/** Of a hundred titles so many are of the genre, about as IMDb has them. */
const GENRES = {
  ...{ Drama: 45, Comedy: 30, Documentary: 14, Romance: 11, Action: 10, Thriller: 9, Crime: 8, Horror: 7 },
  ...{ Adventure: 6.5, Family: 6, Animation: 5, Fantasy: 4, Mystery: 4, Music: 3, History: 3, Sport: 2 },
  ...{ War: 1.5, Western: 1, 'Film noir': 0.2 },
} as const;
const names = Object.keys(GENRES);

/**
 * Titles for measuring what rules cost: some known ones and many nobody watches, genres from nearly every second title down to one in 500, half
 * of them rated, one to four content tags each. Four profiles: by a list, by age, by age with unrated titles, and a grown-up who blocks tags; the
 * kids have 10,000 rules each for a million titles, half of them for what is best known.
 */
const TITLES: readonly string[] = [
  `INSERT INTO media (id, kind, title, year, release_date, runtime_minutes, overview, popularity, rating, canonical_id, imdb_id, poster_url,
      genres, total_streams, open_streams, last_stream_added_at, age_min)
    OVERRIDING SYSTEM VALUE
    SELECT n, CASE WHEN n % 5 = 0 THEN 'series' ELSE 'movie' END, 'Title ' || n, 1920 + n % 105, make_date(1920 + n % 105, 1 + n % 12, 1 + n % 28),
      60 + n % 90, repeat('An overview is as long as overviews usually are. ', 1 + n % 5), 0.01 * power(${u('n', 9)} + 0.0000001, -0.85),
      floor(${u('n', 42)} * 100) / 10, 'tt' || 90000000 + n, 'tt' || 90000000 + n, 'https://posters.example/' || n || '.jpg',
      array_remove(ARRAY[${Object.entries(GENRES).map(([name, share], index) => `CASE WHEN ${u('n', 100 + index)} < ${share / 100} THEN '${name}' END`)}], NULL),
      2, 0, now() - ${u('n', 8)} * interval '300 days',
      CASE WHEN ${u('n', 50)} < 0.5 THEN (ARRAY[0, 6, 12, 13, 16, 18])[width_bucket(${u('n', 51)}, ARRAY[0, 0.12, 0.27, 0.47, 0.57, 0.8])] END
    FROM generate_series(1, $count) n`,
  `INSERT INTO genre (slug, name) SELECT lower(replace(name, ' ', '-')), name FROM unnest(ARRAY[${names.map((name) => `'${name}'`)}]) AS name`,
  'INSERT INTO media_genre (media_id, genre_id) SELECT m.id, g.id FROM media m CROSS JOIN unnest(m.genres) AS given JOIN genre g ON g.name = given',
  `INSERT INTO genre_shelf (genre_id, media_id, kind, rank, last_stream_added_at, is_open, age_min)
    SELECT mg.genre_id, m.id, m.kind, m.rank, m.last_stream_added_at, false, m.age_min FROM media m JOIN media_genre mg ON mg.media_id = m.id`,
  `INSERT INTO media_translation (media_id, language, title) SELECT id, 'de', 'Titel ' || id FROM media WHERE id % 3 = 0`,
  `INSERT INTO media_tag (media_id, tag_id, source)
    SELECT DISTINCT m.id, t.id, 'rule' FROM media m CROSS JOIN LATERAL generate_series(0, m.id % 4) g
    JOIN content_tag t ON t.id = 1 + floor(80 * power(${u('m.id * 4 + g', 60)}, 2))::integer`,
  `INSERT INTO app_user (username) VALUES ('parent')`,
  `INSERT INTO rating_country VALUES ('US', 0)`,
  `INSERT INTO profile (user_id, kind, name, pin_hash, mode, max_age, allows_unrated)
    SELECT u.id, v.kind, v.name, CASE v.kind WHEN 'kid' THEN '$argon2id$v=19$m=19456,t=2,p=1$' || repeat('A', 22) || '$' || repeat('A', 43) END,
      v.mode, 12, v.allows_unrated
    FROM app_user u, (VALUES (1, 'kid', 'By a list', 'allow', false), (2, 'kid', 'By age', 'age', false),
      (3, 'kid', 'By age, unrated too', 'age', true), (4, 'standard', 'Blocks tags', 'all', false)) AS v(place, kind, name, mode, allows_unrated)
    ORDER BY v.place`,
  `INSERT INTO profile_policy (profile_id, media_id, policy, kind, rank, last_stream_added_at, is_shown)
    SELECT p.id, m.id, CASE WHEN m.id % 5 = 1 THEN 'deny' ELSE 'allow' END, m.kind, m.rank, m.last_stream_added_at, true
    FROM profile p CROSS JOIN (
      SELECT b.id FROM (SELECT id FROM media ORDER BY rank DESC LIMIT $count / 50) b WHERE ${u('b.id', 70)} < 0.25
      UNION SELECT id FROM media WHERE ${u('id', 71)} < 0.005) chosen
    JOIN media m ON m.id = chosen.id
    WHERE p.kind = 'kid'`,
  `INSERT INTO profile_shelf (media_id, profile_id, genre_id, kind, rank, last_stream_added_at)
    SELECT p.media_id, p.profile_id, mg.genre_id, p.kind, p.rank, p.last_stream_added_at
    FROM profile_policy p JOIN media_genre mg ON mg.media_id = p.media_id WHERE p.policy = 'allow' AND p.is_shown`,
  'INSERT INTO profile_blocked_tag SELECT p.id, t.id FROM profile p JOIN content_tag t ON t.id IN (20, 40, 60)',
];

/** Fills a migrated, empty database with `count` titles. 1,000,000 take about two minutes. */
export function fillWithFamilyTitles(url: string, count: number): Promise<void> {
  return fillUnbraked(url, { maintenance_work_mem: '512MB', work_mem: '256MB' }, async (client) => {
    for (const statement of TITLES) await client.query(statement.replaceAll('$count', String(count)));
  });
}

import { fillUnbraked } from '../../test/support/many-titles.ts';

/**
 * Titles for measuring search and catalogue pages, made by statements over whole tables: one title, three aliases and for every
 * tenth a German translation, names of 1 to 5 words (one of them any word, the others by Zipf's law) in seven scripts, Chinese ones
 * without blanks; popularity by a power law; two streams counted for each. Everything follows from the title's number.
 */
const SCRIPTS = [
  {
    share: 0.7,
    words: 120_000,
    common:
      'the of and in la der die das le les den un a to for from with love man night day girl life house last big little black king war',
    syllables:
      'ka ri mo ten sul bar vi nor pél do ga hin lo mar tis ze fü rin dal co wes ter by qua jen ol ash um pri est ban clé dor ve ny sha rok lim thu gor',
  },
  {
    share: 0.08,
    words: 40_000,
    common: 'и в на не с что любовь ночь день дом',
    syllables:
      'ка ри мо тен суль бар ви нор пел до га хин ло мар тис зё фу рин даль ко вес тер бы шу жен оль ащ ум при ест',
  },
  {
    share: 0.03,
    words: 20_000,
    common: 'η ο το και της',
    syllables: 'κα ρι μο τεν σολ βα ρη νορ πέλ δο γα χιν λο μαρ τις ζε φυ ριν δαλ κω ψε ξου θα',
  },
  {
    share: 0.04,
    words: 20_000,
    common: 'في من ال على ليلة',
    syllables: 'كا ري مو تن سل بر في نر بل دو جا هن لو مر تس زي فو رن دل كو أس طر شي',
  },
  {
    share: 0.1,
    words: 40_000,
    common: '的 之 一 大 人',
    syllables:
      '東 京 物 語 風 花 雪 月 山 川 海 空 天 地 男 女 愛 夢 夜 日 王 龍 虎 馬 鳥 金 木 水 火 土 春 夏 秋 冬 紅 白 黒 青 少 年 家 族 戦 争 平 和 新 世 界 旅 人 心 命 光 影 星 千 萬 古 都 城 門 道 剣 侠 客 英 雄 伝 説 神 鬼 魔 国 民 学 校 先 生 友 達 電 車 駅',
  },
  {
    share: 0.05,
    words: 30_000,
    common: 'का की और में प्यार',
    syllables: 'का रि मो तेन सुल बार वी नोर पेल दो गा हिन लो मर तीस जे फू रिन दल को वेस टर शा',
  },
];
const CHINESE = 4;
/** A number in [0, 1) that looks random and is always the same for `n` and `salt`. */
const u = (n: string, salt: number) => `((hashint8extended(${n}, ${salt}) & 4294967295) / 4294967296.0)`;

const WORDS = SCRIPTS.map(
  ({ words, common, syllables }, script) => `
  SELECT ${script}, n, coalesce(c[n], s[1 + floor(${u('n', 71)} * cardinality(s))::integer] || s[1 + floor(${u('n', 72)} * cardinality(s))::integer]
    || CASE WHEN ${script === CHINESE ? 'n < 30000' : `${u('n', 73)} < 0.1`} THEN '' ELSE s[1 + floor(${u('n', 74)} * cardinality(s))::integer] END
    || CASE WHEN ${script === CHINESE ? 'true' : `${u('n', 75)} < 0.6`} THEN '' ELSE s[1 + floor(${u('n', 76)} * cardinality(s))::integer] END) AS word
  FROM generate_series(1, ${words}) n, (SELECT string_to_array('${common}', ' ') AS c, string_to_array('${syllables}', ' ') AS s) given`,
);
const shareBelow = (index: number) => SCRIPTS.slice(0, index).reduce((sum, { share }) => sum + share, 0);
const script = (n: string, salt: number) =>
  `CASE ${SCRIPTS.slice(1)
    .map((_, i) => `WHEN ${u(n, salt)} < ${shareBelow(i + 1)} THEN ${i}`)
    .join(' ')} ELSE ${SCRIPTS.length - 1} END`;
const size = `(ARRAY[${SCRIPTS.map(({ words }) => words).join(', ')}])[d.script + 1]`;
/** Slot 0 is any word, the others follow Zipf's law; absent past the name's length. */
const slot = (place: number) =>
  place === 0
    ? `1 + floor(${u('d.name', 20)} * ${size})::integer`
    : `CASE WHEN d.length > ${place} THEN floor(exp(${u('d.name', 20 + place)} * ln(${size})))::integer END`;
const SLOTS = [0, 1, 2, 3, 4];
/** The word that tells a name apart stands first in every third name, else last. */
const inOrder = (blank: string) =>
  `CASE WHEN d.name % 3 = 0 THEN concat_ws('${blank}', w0.word, w1.word, w2.word, w3.word, w4.word)
    ELSE concat_ws('${blank}', w1.word, w2.word, w3.word, w4.word, w0.word) END`;

const MILLION_TITLES: readonly string[] = [
  `CREATE TEMP TABLE word (script, n, word) AS ${WORDS.join(' UNION ALL ')}`,
  'ANALYZE word',
  `CREATE TEMP TABLE draft AS
    SELECT d.name / 4 AS title, d.name % 4 AS place, ${SLOTS.map((place) => `${slot(place)} AS s${place}`).join(', ')}, d.name, d.script
    FROM (SELECT name, CASE WHEN name % 4 = 1 THEN 0 ELSE ${script('name', 1)} END AS script,
        width_bucket(${u('name', 2)}, ARRAY[0, 0.15, 0.45, 0.75, 0.9]) AS length
      FROM generate_series(4::bigint, 4 * $count::bigint + 3) name) d`,
  `CREATE TEMP TABLE name AS
    SELECT d.title AS media_id, d.place, CASE d.script WHEN ${CHINESE} THEN ${inOrder('')} ELSE initcap(${inOrder(' ')}) END AS title
    FROM draft d ${SLOTS.map((place) => `LEFT JOIN word w${place} ON w${place}.script = d.script AND w${place}.n = d.s${place}`).join(' ')}`,
  'DROP TABLE draft, word',
  `INSERT INTO media (id, kind, title, year, release_date, runtime_minutes, overview, popularity, rating, canonical_id, imdb_id, poster_url,
      genres, total_streams, open_streams, last_stream_added_at)
    OVERRIDING SYSTEM VALUE
    SELECT n.media_id, CASE WHEN n.media_id % 5 = 0 THEN 'series' ELSE 'movie' END, n.title, y.year, make_date(y.year, 1 + y.id % 12, 1 + y.id % 28), 60 + y.id % 90,
      'A title about ' || n.title || ', made for measuring; ' || repeat('its overview is as long as overviews usually are. ', 1 + y.id % 5),
      0.01 * power(${u('n.media_id', 9)} + 0.0000001, -0.85), floor(${u('n.media_id', 42)} * 100) / 10,
      'tt' || 90000000 + n.media_id, 'tt' || 90000000 + n.media_id, 'https://posters.example/' || n.media_id || '.jpg',
      ARRAY['Genre ' || 1 + y.id % 30, CASE WHEN y.id % 2 = 0 THEN 'Drama' ELSE 'Comedy' END], 2, 0, now() - ${u('n.media_id', 8)} * interval '300 days'
    FROM name n CROSS JOIN LATERAL (SELECT 1920 + floor(${u('n.media_id', 1)} * 105)::integer AS year, n.media_id::integer AS id) y
    WHERE n.place = 0`,
  `INSERT INTO genre (slug, name) SELECT 'genre-' || g, 'Genre ' || g FROM generate_series(1, 30) g`,
  `INSERT INTO genre (slug, name) VALUES ('drama', 'Drama'), ('comedy', 'Comedy')`,
  `INSERT INTO media_genre (media_id, genre_id) SELECT m.id, g.id FROM media m JOIN genre g ON g.name = ANY (m.genres)`,
  `INSERT INTO genre_shelf (genre_id, media_id, kind, rank, last_stream_added_at, is_open)
    SELECT mg.genre_id, m.id, m.kind, m.rank, m.last_stream_added_at, false FROM media m JOIN media_genre mg ON mg.media_id = m.id`,
  `INSERT INTO media_alias (media_id, title) SELECT media_id, title FROM name WHERE place > 0 ON CONFLICT DO NOTHING`,
  `INSERT INTO media_translation (media_id, language, title) SELECT id, 'de', 'Der ' || title FROM media WHERE id % 10 = 0`,
];

/** Search documents in portions of this many titles. */
const PORTION = 20_000;

/** Fills a migrated, empty database with `count` titles of many names. 1,000,000 take about five minutes. */
export function fillWithManyNames(url: string, count: number): Promise<void> {
  return fillUnbraked(url, { maintenance_work_mem: '512MB', work_mem: '256MB' }, async (client) => {
    for (const statement of MILLION_TITLES) await client.query(statement.replaceAll('$count', String(count)));
    await client.query(
      'CREATE INDEX bench_popular ON media (kind, rank DESC) WHERE is_published AND is_public',
    );
    await client.query('ANALYZE media; SELECT measure_search_tiers()');
    await client.query('DROP INDEX bench_popular');
    for (let first = 1; first <= count; first += PORTION)
      await client.query('SELECT refresh_media_search(ARRAY(SELECT generate_series($1::bigint, $2)))', [
        first,
        Math.min(count, first + PORTION - 1),
      ]);
  });
}

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ensureEpisodes, mergeWithOwner, titleForName, upsertTitle } from '../../src/features/media/index.ts';
import { command, rows, sql } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

// A hidden title that was made from a name and turns out to be one we have: all that hangs on it is the other's.

let database: TestDatabase;
let kept = 0;
let gone = 0;
const IDS = { imdb: 'tt0944947' };

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  const { db } = database;
  await db.query(command('test.empty')`TRUNCATE media, stream, catalog RESTART IDENTITY CASCADE`);
  ({ mediaId: kept } = await upsertTitle(db, { kind: 'series', title: 'Thrones', year: 2011, ids: IDS }));
  ({ mediaId: gone } = await titleForName(db, { kind: 'series', title: 'Spel der Tronen', year: 2011 }));
  await ensureEpisodes(db, [
    { mediaId: kept, season: 1, episode: 1 },
    ...[1, 2, 3].map((episode) => ({ mediaId: gone, season: 1, episode })),
    { mediaId: gone, season: 2, episode: 1 },
  ]);
});

/** Streams of every episode of the hidden title but the third; one is the other's too. */
async function fill(): Promise<void> {
  const { db } = database;
  await db.query(command('test.streams')`
    INSERT INTO stream (kind, name) SELECT 'http', 'Spel.' || n FROM generate_series(1, 4) n`);
  await db.query(command('test.links')`
    INSERT INTO stream_media_link (stream_id, media_id, episode_id, file_index, confidence)
    SELECT v.stream, m.id, e.id, v.file, 0.9
    FROM (VALUES (1, ${gone}::int8, 1, 1, 5), (2, ${gone}::int8, 1, 2, NULL), (3, ${gone}::int8, 2, 1, 0), (4, ${gone}::int8, NULL, NULL, NULL),
      (1, ${kept}::int8, 1, 1, 5)) AS v(stream, media, season, number, file)
    JOIN media m ON m.id = v.media
    LEFT JOIN season s ON s.media_id = m.id AND s.number = v.season
    LEFT JOIN episode e ON e.season_id = s.id AND e.number = v.number`);
  await db.query(command('test.subtitle')`INSERT INTO stream_subtitle (stream_id, path) VALUES (2, 'a.srt')`);
  await db.query(command('test.plays')`
    INSERT INTO play_count (subject_hash, media_id, stream_id)
    VALUES (sha256('a'), ${gone}, 2), (sha256('b'), ${gone}, 2), (sha256('b'), ${kept}, 1)`);
  await db.query(command('test.list')`
    WITH list AS (INSERT INTO catalog (slug, name) VALUES ('mine', 'Mine') RETURNING id)
    INSERT INTO catalog_item (catalog_id, media_id) SELECT l.id, ${gone} FROM list l`);
}

const merge = (ids: Record<string, string | null> = IDS) =>
  database.db.transaction((tx) => mergeWithOwner(tx, { mediaId: gone, kind: 'series' }, ids));

const State = z.object({
  titles: z.array(z.int()),
  links: z.array(z.string()),
  counts: z.string(),
  aliases: z.array(z.string()),
  listed: z.array(z.int()),
  subtitles: z.int(),
});
const state = () =>
  database.db.one(rows('test.state', State)`
    SELECT ARRAY(SELECT id FROM media ORDER BY id) AS titles,
      ARRAY(SELECT concat_ws(' ', l.stream_id, l.media_id, s.number || 'x' || e.number, l.file_index) FROM stream_media_link l
        LEFT JOIN episode e ON e.id = l.episode_id LEFT JOIN season s ON s.id = e.season_id ORDER BY l.stream_id) AS links,
      (SELECT concat_ws(' ', m.watch_count, m.total_streams, (SELECT sum(plays) FROM play_day d WHERE d.media_id = m.id),
        (SELECT string_agg(playback_count::text, ',' ORDER BY id) FROM stream)) FROM media m WHERE m.id = ${kept}) AS counts,
      ARRAY(SELECT title FROM media_alias WHERE media_id = ${kept}) AS aliases,
      ARRAY(SELECT media_id FROM catalog_item) AS listed,
      (SELECT count(*) FROM stream_subtitle) AS subtitles`);

test('its streams go to the same episodes of the other, with files, subtitles, plays and places in lists', async () => {
  await fill();
  expect(await merge()).toBe(kept);
  expect(await state()).toEqual({
    titles: [kept],
    links: [`1 ${kept} 1x1 5`, `2 ${kept} 1x2`, `3 ${kept} 2x1 0`, `4 ${kept}`],
    // Nothing was played by being moved.
    counts: '3 4 3 1,2,0,0',
    aliases: ['Spel der Tronen'],
    listed: [kept],
    subtitles: 1,
  });
});

test('done twice, or by two at once, it is done once', async () => {
  await fill();
  expect((await Promise.all([merge(), merge()])).toSorted()).toEqual([null, kept].toSorted());
  const once = await state();
  expect(await merge()).toBeNull();
  expect(await state()).toEqual(once);
});

test('its ids go along where the other has none of that provider, and those a person took away do not', async () => {
  await database.db.query(command('test.ids')`
    INSERT INTO media_external_id (media_id, provider, ns, external_id)
    VALUES (${gone}, 'kitsu', 'any', '7'), (${gone}, 'mal', 'any', '8'), (${gone}, 'imdb', 'any', 'tt0000009')`);
  expect(await merge({ ...IDS, mal: null })).toBe(kept);
  const ids = await database.db.any(rows('test.held', z.object({ id: z.string() }))`
    SELECT provider || ' ' || external_id AS id FROM media_external_id ORDER BY 1`);
  expect(ids.map(({ id }) => id)).toEqual(['imdb tt0944947', 'kitsu 7']);
});

test.each([
  ['somebody named', { is_from_name: false }],
  ['is shown', { is_published: true }],
  ['is of another kind', { kind: 'tv' }],
])('a title that %s is not merged, and keeps all it has', async (_why, columns) => {
  await fill();
  await database.db.query(command('test.change')`
    UPDATE media m SET (is_from_name, is_published, kind) = (n.is_from_name, n.is_published, n.kind)
    FROM media o CROSS JOIN LATERAL jsonb_populate_record(o, ${sql.jsonb(columns)}) n WHERE m.id = o.id AND m.id = ${gone}`);
  const before = await state();
  expect(await merge()).toBeNull();
  expect(await state()).toEqual(before);
});

test('ids of two other titles say of none that it is that one', async () => {
  await upsertTitle(database.db, { kind: 'series', title: 'Other', ids: { tvdb: '121361' } });
  expect(await merge({ ...IDS, tvdb: '121361' })).toBeNull();
});

/** Tables of a title's own texts, and of what was found for a guess: they go with it. Others are moved. */
const GOES = [
  'genre_shelf',
  'media_certification',
  'media_company',
  'media_credit',
  'media_field_origin',
  'media_genre',
  'media_image',
  'media_keyword',
  'media_provider',
  'media_rating',
  'media_search',
  'media_tag',
  'media_tag_denied',
  'media_translation',
  'metadata_doubt',
  'provider_metadata',
  'shelf_item',
  'title_enrichment',
];

test('every table that refers to titles is either moved or known to go', async () => {
  const found = await database.db.any(rows(
    'test.children',
    z.object({ child: z.string(), isMoved: z.boolean() }),
  )`
    SELECT DISTINCT k.conrelid::regclass::text AS child,
      pg_get_functiondef('merge_title'::regproc) ~ ('(INSERT INTO|UPDATE) ' || k.conrelid::regclass::text || '\\M') AS "isMoved"
    FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = 'media'::regclass ORDER BY 1`);
  expect(found.length).toBeGreaterThan(20);
  expect(found.filter(({ isMoved }) => !isMoved).map(({ child }) => child)).toEqual(GOES);
});

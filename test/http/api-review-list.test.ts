import { afterAll, beforeAll, expect, test } from 'vitest';
import { titleForName, upsertTitle } from '../../src/features/media/index.ts';
import { createEnricher, ReviewPage, reviewRoutes } from '../../src/features/metadata/index.ts';
import { command } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { putOnNas } from '../support/put-on-nas.ts';
import { teller } from '../support/told-titles.ts';

// What a person sees of each title that waits: the candidates' posters, who has their ids here, and how many wait for what.

const POSTER = 'https://img.example/river.jpg';
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await freshDatabase();
  const { db } = database;
  api = await startApi((place) => [reviewRoutes({ db, ...place, enrichLater: async () => {} })]);
  const tmdb = teller('tmdb', ['tmdb', 'imdb']);
  const movie = { kind: 'movie' as const };
  // Found by its name, which is hardly alike.
  tmdb.hits = [{ ...movie, title: 'River of No Return', year: 1954, ids: { tmdb: '11' }, poster: POSTER }];
  await titleForName(db, { ...movie, title: 'The River', year: 1951 });
  const enricher = createEnricher({ db, log: createLog('silent'), providers: [tmdb], isOn: () => true });
  await enricher.enrichDue(10, new AbortController().signal);
  // It says another id than is stored, and one that another title has here.
  tmdb.hits = [];
  const images = [
    { type: 'background' as const, url: 'https://img.example/back.jpg' },
    { type: 'poster' as const, url: 'ftp://img.example/no.jpg' },
    { type: 'poster' as const, url: POSTER },
  ];
  tmdb.titles.set('tmdb 22', { ...movie, title: 'Lake', ids: { tmdb: '22', imdb: 'tt0000044' }, images });
  await upsertTitle(db, { ...movie, title: 'The Lake', ids: { tmdb: '22', imdb: 'tt0000033' } });
  await upsertTitle(db, {
    ...{ ...movie, title: 'Lake', year: 1990, overview: 'x', ids: { imdb: 'tt0000044' } },
    images: [{ type: 'poster', url: 'asset:starter/lake.jpg' }],
  });
  await enricher.enrichDue(10, new AbortController().signal);
  // Nobody knows its name.
  await upsertTitle(db, { ...movie, title: 'xqzt', ids: { xmltv: 'xqzt' } });
  await database.db.query(
    command('test.unknown')`UPDATE media SET enrichment_status = 'flagged' WHERE title = 'xqzt'`,
  );
  await enricher.close();
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const list = async (query = '') => ReviewPage.parse((await api.ask('GET', `/api/review${query}`)).body);
const named = (page: ReviewPage) => page.titles.map(({ title }) => title);

test('candidates come with their posters; a poster that is no address of the web is none', async () => {
  const doubts = (await list()).titles.flatMap((title) => title.doubts);
  expect(doubts.map(({ kind, title, posterUrl }) => ({ kind, title, posterUrl }))).toEqual([
    { kind: 'ids', title: 'Lake', posterUrl: POSTER },
    { kind: 'match', title: 'River of No Return', posterUrl: POSTER },
  ]);
});

test('the title that has a proposed id here already is told, with its own poster', async () => {
  const [lake] = (await list('?reason=ids')).titles;
  expect(lake?.doubts[0]?.here).toMatchObject({
    ...{ title: 'Lake', year: 1990, posterUrl: '/assets/starter/lake.jpg' },
  });
  const [river] = (await list('?reason=match')).titles;
  expect(river?.doubts[0]?.here).toBeNull();
});

test('by reason, with how many wait for each, page by page', async () => {
  const all = await list();
  expect(named(all)).toEqual(['xqzt', 'The Lake', 'The River']);
  expect(all.counts).toEqual({ match: 1, ids: 1, unknown: 1 });
  expect(named(await list('?reason=match'))).toEqual(['The River']);
  expect(named(await list('?reason=ids'))).toEqual(['The Lake']);
  expect(named(await list('?reason=unknown'))).toEqual(['xqzt']);
  const first = await list('?limit=2');
  expect([named(first), first.counts]).toEqual([['xqzt', 'The Lake'], all.counts]);
  expect(named(await list(`?limit=2&cursor=${first.nextCursor}`))).toEqual(['The River']);
  expect((await api.ask('GET', '/api/review?reason=ugly')).status).toBe(400);
});

test('some of the files its name was read from are told, with the file server each lies on', async () => {
  const { db } = database;
  const river = await titleForName(db, { kind: 'movie', title: 'The River', year: 1951 });
  for (const n of [1, 2, 3, 4]) await putOnNas(db, river.mediaId, `The.River.1951.part${n}.mkv`);
  const [{ files } = { files: [] }] = (await list('?reason=match')).titles;
  expect(files).toHaveLength(3);
  expect(files).toContainEqual({ name: 'The.River.1951.part1.mkv', source: 'NAS' });
  await db.query(command('test.forget')`DELETE FROM source`);
  await db.query(command('test.magnet')`
    WITH s AS (INSERT INTO stream (kind, name) VALUES ('torrent', 'The River 1951 WEB') RETURNING id)
    INSERT INTO stream_media_link (stream_id, media_id) SELECT id, ${river.mediaId} FROM s`);
  const [{ files: others } = { files: [] }] = (await list('?reason=match')).titles;
  expect(others).toEqual([{ name: 'The River 1951 WEB', source: null }]);
});

import nock from 'nock';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { putSyncState, syncStates } from '../../src/features/imports/index.ts';
import { mediaDetail, upsertTitle } from '../../src/features/media/index.ts';
import {
  createEnricher,
  type Enricher,
  metadataJobs,
  POPULAR_JOB,
  takeChanges,
} from '../../src/features/metadata/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import type { Net } from '../../src/platform/net.ts';
import { openProviders } from '../../src/providers/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { endOutside, outsideNet } from '../support/outside-api.ts';
import { TMDB_FILM } from '../support/tmdb-answers.ts';

// Titles that are known are asked about again when their provider says that they changed, and the popular ones at night.

const TMDB = 'https://api.themoviedb.org';
const NEVER = new AbortController().signal;
const log = createLog('silent');
let database: TestDatabase;
let net: Net;
let providers: ReturnType<typeof openProviders>;
let enricher: Enricher;
let matrix: number;

beforeAll(async () => {
  database = await freshDatabase();
  net = outsideNet();
  nock.enableNetConnect('127.0.0.1');
});
beforeEach(async () => {
  nock.cleanAll();
  await database.db.query(
    command(
      'test.empty',
    )`TRUNCATE media, sync_state, genre, person, keyword, company RESTART IDENTITY CASCADE`,
  );
  providers = openProviders(
    { net },
    { providers: ['tmdb'], keys: { tmdb: '0123456789abcdef0123456789abcdef' }, perDay: {} },
  );
  enricher = createEnricher({ db: database.db, providers, log, isOn: () => true });
  matrix = (
    await upsertTitle(database.db, { kind: 'movie', title: 'The Matrix', year: 1999, ids: { tmdb: '603' } })
  ).mediaId;
  filmIs('A hacker learns what is real.');
  expect(await enricher.enrichDue(5, NEVER)).toMatchObject([{ outcome: 'enriched' }]);
});
afterAll(async () => {
  endOutside();
  await enricher?.close();
  await net?.close();
  await database?.close();
});

const filmIs = (overview: string) =>
  nock(TMDB)
    .get('/3/movie/603')
    .query(true)
    .reply(200, { ...TMDB_FILM, overview });
const changesAre = (films: readonly number[], onAsked: (since: string) => void = () => undefined) => {
  const answer = (ids: readonly number[]) => ({
    results: ids.map((id) => ({ id })),
    page: 1,
    total_pages: 1,
    total_results: 1,
  });
  nock(TMDB)
    .get('/3/movie/changes')
    .query((asked) => {
      onAsked(String(asked.start_date));
      return true;
    })
    .reply(200, answer(films));
  nock(TMDB)
    .get('/3/tv/changes')
    .query(true)
    .reply(200, answer([603]));
};
const take = () => takeChanges({ db: database.db, providers, log, syncStates, putSyncState }, NEVER);
const overview = async () => (await mediaDetail(database.db, matrix, 'en'))?.overview;
const longAgo = (hours: number) =>
  database.db.query(command('test.long_ago')`
    UPDATE sync_state SET data = jsonb_set(data, '{fromMs}', to_jsonb((data->>'fromMs')::int8 - ${hours}::int8 * 3600000))
  `);
const status = async () =>
  (
    await database.db.one(
      rows(
        'test.status',
        z.object({ status: z.string() }),
      )`SELECT enrichment_status AS status FROM media WHERE id = ${matrix}`,
    )
  ).status;

test('a title that changed is asked about anew, once; it stays what it was taken for', async () => {
  const before = await status();
  expect(await enricher.enrichDue(5, NEVER)).toEqual([]);
  changesAre([603, 999]);
  expect(await take()).toEqual({ asked: 2, titles: 1, failures: 0 });
  filmIs('It was all told anew.');
  expect(await enricher.enrichDue(5, NEVER)).toMatchObject([{ outcome: 'enriched' }]);
  expect(await overview()).toBe('It was all told anew.');
  expect(await status()).toBe(before);
  expect(await enricher.enrichDue(5, NEVER)).toEqual([]);
});

test('what changed is asked for every hour and a half, from the last time on', async () => {
  const asked: string[] = [];
  changesAre([], (since) => asked.push(since));
  await take();
  expect(await take()).toEqual({ asked: 0, titles: 0, failures: 0 });
  await longAgo(1);
  expect(await take()).toEqual({ asked: 0, titles: 0, failures: 0 });
  // The machine was off for six days.
  await longAgo(143);
  changesAre([], (since) => asked.push(since));
  expect(await take()).toMatchObject({ asked: 2, failures: 0 });
  const daysAgo = (days: number) =>
    new Date(Date.now() - days * 86_400_000 - 600_000).toISOString().slice(0, 10);
  expect(asked).toEqual([daysAgo(1), daysAgo(6)]);
});

test('a provider that is down is asked for the same time again at the next tick', async () => {
  nock(TMDB).get('/3/movie/changes').query(true).times(3).reply(503);
  nock(TMDB).get('/3/tv/changes').query(true).reply(200, '<html>');
  expect(await take()).toEqual({ asked: 2, titles: 0, failures: 2 });
  changesAre([603]);
  expect(await take()).toEqual({ asked: 2, titles: 1, failures: 0 });
});

test('the popular are asked about at night, where what is kept of them is older than that', async () => {
  const job = metadataJobs.find(({ name }) => name === POPULAR_JOB);
  const night = () =>
    job?.run(
      {},
      { db: database.db, providers, enricher, log, signal: NEVER, attempt: 1, syncStates, putSyncState },
    );
  await night();
  // Asked about, and what was told in the last 20 hours is still good: nobody is asked.
  expect(await enricher.enrichDue(5, NEVER)).toMatchObject([{ outcome: 'enriched' }]);
  await database.db.query(
    command('test.old')`UPDATE provider_metadata SET fetched_at = now() - interval '2 days'`,
  );
  await night();
  filmIs('Of tonight.');
  await enricher.enrichDue(5, NEVER);
  expect(await overview()).toBe('Of tonight.');
  expect(await syncStates(database.db, [`job.${POPULAR_JOB}`])).toMatchObject([{ data: { titles: 1 } }]);
});

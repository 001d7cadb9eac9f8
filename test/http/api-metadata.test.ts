import { setTimeout as sleep } from 'node:timers/promises';
import { Router } from 'express';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { upsertTitle } from '../../src/features/media/index.ts';
import {
  createEnricher,
  type Enricher,
  MetadataProgress,
  metadataRoutes,
} from '../../src/features/metadata/index.ts';
import { command } from '../../src/platform/db.ts';
import { AskedTooOften } from '../../src/platform/json-api.ts';
import { createLog } from '../../src/platform/log.ts';
import { ADMIN_TOKEN, startApi, type TestApi } from '../support/api.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Teller, teller } from '../support/told-titles.ts';

// How far the titles are, how each source does, and another try for what failed.

const NEVER = new AbortController().signal;
let database: TestDatabase;
let api: TestApi;
let enricher: Enricher;
let [tmdb, omdb]: Teller[] = [];
let later = 0;

beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  await database.db.query(command('test.empty')`TRUNCATE media RESTART IDENTITY CASCADE`);
  await database.db.query(command('test.anew')`
    UPDATE metadata_provider SET asked = 0, failures = 0, asked_today = 0, last_asked_at = NULL, last_error = NULL, rest_until = NULL`);
  await api?.close();
  await enricher?.close();
  tmdb = teller('tmdb', ['imdb']);
  omdb = teller('omdb', ['imdb']);
  enricher = createEnricher({
    ...{ db: database.db, log: createLog('silent'), isOn: () => true },
    providers: [tmdb, omdb],
  });
  later = 0;
  api = await startApi((place) => [
    metadataRoutes({
      ...{ db: database.db, ...place, enricher },
      known: [
        { name: 'tmdb', perDay: undefined },
        { name: 'omdb', perDay: 1000 },
        { name: 'trakt', perDay: undefined },
      ],
      enrichLater: async () => {
        later += 1;
      },
    }),
  ]);
});
afterAll(async () => {
  await api.close();
  await enricher.close();
  await database.close();
});

const progress = async () => MetadataProgress.parse((await api.ask('GET', '/api/metadata')).body);
const film = (n: number) =>
  upsertTitle(database.db, { kind: 'movie', title: `Film ${n}`, ids: { imdb: `tt000000${n}` } });

test('before anybody was asked titles wait, and sources without a key say so', async () => {
  await film(1);
  await film(2);
  const { isOn, titles, sources } = await progress();
  expect([isOn, titles]).toEqual([true, { waiting: 2, failed: 0, lately: 0 }]);
  expect(sources.map(({ name, isAsked, perDay }) => ({ name, isAsked, perDay }))).toEqual([
    { name: 'tmdb', isAsked: true, perDay: null },
    { name: 'omdb', isAsked: true, perDay: 1000 },
    { name: 'trakt', isAsked: false, perDay: null },
  ]);
  expect(sources[0]).toMatchObject({
    asked: 0,
    askedToday: 0,
    failures: 0,
    lastAskedAt: null,
    lastError: null,
  });
});

test('what became of each question is counted by source, with the last error and its wish for peace', async () => {
  await film(1);
  await film(2);
  if (omdb === undefined || tmdb === undefined) throw new Error('made before each test');
  omdb.byId = () => Promise.reject(new AskedTooOften('omdb', 3_600_000));
  tmdb.titles.set('imdb tt0000001', { kind: 'movie', title: 'Film 1', overview: 'x', ids: {} });
  await enricher.enrichDue(5, NEVER);
  const { titles, sources } = await progress();
  expect(titles).toEqual({ waiting: 2, failed: 2, lately: 2 });
  const [good, bad] = sources;
  expect(good).toMatchObject({ asked: 2, askedToday: 2, failures: 0, lastError: null, restUntil: null });
  expect(bad).toMatchObject({ asked: 2, failures: 2, lastError: 'omdb wants no more requests for 3600 s.' });
  const restMs = Date.parse(bad?.restUntil ?? '') - Date.now();
  expect(restMs).toBeGreaterThan(3_500_000);
  // Yesterday's are none of today's.
  await database.db.query(command('test.day')`UPDATE metadata_provider SET asked_on = asked_on - 1`);
  expect((await progress()).sources[0]).toMatchObject({ asked: 2, askedToday: 0 });
});

test('what failed is due at once when the owner says so', async () => {
  await film(1);
  if (tmdb === undefined) throw new Error('made before each test');
  tmdb.isDown = true;
  await enricher.enrichDue(5, NEVER);
  expect(await enricher.enrichDue(5, NEVER)).toEqual([]);
  expect((await api.ask('POST', '/api/metadata/retry')).status).toBe(204);
  expect(later).toBe(1);
  tmdb.isDown = false;
  tmdb.titles.set('imdb tt0000001', { kind: 'movie', title: 'Film 1', overview: 'x', ids: {} });
  expect(await enricher.enrichDue(5, NEVER)).toMatchObject([{ outcome: 'enriched' }]);
  const { titles, sources } = await progress();
  expect(titles).toEqual({ waiting: 0, failed: 0, lately: 1 });
  expect(sources[0]).toMatchObject({ asked: 2, failures: 1, lastError: null });
});

test('nothing more is made due when the owner has left', async () => {
  const leaving = new AbortController();
  const left = Promise.withResolvers<void>();
  let batches = 0;
  await using watched = await freshDatabase({
    async onBeforeStatement({ name }) {
      if (name !== 'metadata.make_failed_due') return;
      batches += 1;
      leaving.abort();
      await left.promise;
    },
  });
  // A batch is full with 5,000: who asks on begins another.
  await watched.db.query(command('test.bare')`ALTER TABLE media DISABLE TRIGGER USER`);
  await watched.db.query(command('test.failed')`
    WITH title AS (INSERT INTO media (kind, title) SELECT 'movie', 'Film ' || n FROM generate_series(1, 5000) n RETURNING id)
    INSERT INTO title_enrichment (media_id, next_at, failure) SELECT id, now() + interval '1 day', 'down' FROM title`);
  const ended = Promise.withResolvers<void>();
  await using place = await startApi(({ requireAdmin }) => [
    Router().use((_req, res, next) => {
      res.once('close', () => left.resolve());
      next();
    }),
    metadataRoutes({
      ...{ db: watched.db, requireAdmin, enricher, known: [] },
      enrichLater: async () => ended.resolve(),
    }),
  ]);
  const answer = fetch(`${place.baseUrl}/api/metadata/retry`, {
    ...{ method: 'POST', headers: { Authorization: `Bearer ${ADMIN_TOKEN}` }, signal: leaving.signal },
  });
  await expect(answer).rejects.toThrow(/abort/i);
  await Promise.race([ended.promise, sleep(1000)]);
  expect(batches).toBe(1);
});

test('strangers are told nothing', async () => {
  const headers = { Authorization: 'Bearer no' };
  expect((await api.ask('GET', '/api/metadata', undefined, headers)).status).toBe(401);
  expect((await api.ask('POST', '/api/metadata/retry', undefined, headers)).status).toBe(401);
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { putSyncState, syncStates } from '../../src/features/imports/index.ts';
import { mediaRoutes, titleForName, upsertTitle } from '../../src/features/media/index.ts';
import {
  createEnricher,
  ENRICH_JOB,
  type Enricher,
  metadataJobs,
  onOpened,
  ReviewPage,
  reviewRoutes,
} from '../../src/features/metadata/index.ts';
import { command } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { problemIn } from '../support/problem-answer.ts';
import { type Teller, teller } from '../support/told-titles.ts';

const log = createLog('silent');
const tmdb: Teller = teller('tmdb', ['tmdb', 'imdb']);
let database: TestDatabase;
let enricher: Enricher;
let api: TestApi;
let isOn = true;
let later = 0;

beforeAll(async () => {
  database = await freshDatabase();
  const { db } = database;
  api = await startApi((place) => [
    mediaRoutes({
      db,
      language: 'en',
      ...place,
      onOpened: onOpened({ opened: (id, ms) => enricher.opened(id, ms) }),
    }),
    reviewRoutes({
      ...{ db, ...place },
      enrichLater: async () => {
        later += 1;
      },
    }),
  ]);
});
beforeEach(async () => {
  await database.db.query(command('test.empty')`TRUNCATE media, person, genre RESTART IDENTITY CASCADE`);
  // A new one, that has opened no title of these numbers.
  await enricher?.close();
  enricher = createEnricher({ db: database.db, log, providers: [tmdb], isOn: () => isOn });
  tmdb.titles.clear();
  [tmdb.hits, tmdb.asked, tmdb.thinksMs, isOn, later] = [[], [], 0, true, 0];
});
afterAll(async () => {
  await enricher.close();
  await api.close();
  await database.close();
});

/** One run of the job, as the queue does it. */
async function runJob(): Promise<void> {
  const job = metadataJobs.find(({ name }) => name === ENRICH_JOB);
  const states = { providers: [], syncStates, putSyncState };
  const context = {
    db: database.db,
    enricher,
    log,
    signal: new AbortController().signal,
    attempt: 1,
    ...states,
  };
  await job?.run({}, context);
}
const list = async (query = '') => ReviewPage.parse((await api.ask('GET', `/api/review${query}`)).body);
const decide = (id: string | undefined, verb: string, body?: unknown) =>
  api.ask('POST', `/api/review/${id}/${verb}`, body);
async function only(): Promise<z.infer<typeof ReviewPage>['titles'][number]> {
  const [title, another] = (await list()).titles;
  if (title === undefined || another !== undefined) throw new Error('not just one waits');
  return title;
}
const shown = async (id: string) => (await api.ask('GET', `/api/media/${id}`)).body;

const SEQUEL = {
  kind: 'movie' as const,
  title: 'Avatar: The Way of Water',
  year: 2022,
  ids: { tmdb: '76600', imdb: 'tt1630029' },
  overview: 'Under water.',
};
async function avatar(): Promise<void> {
  tmdb.hits = [{ kind: 'movie', title: SEQUEL.title, year: 2022, ids: { tmdb: '76600' } }];
  tmdb.titles.set('tmdb 76600', SEQUEL);
  await titleForName(database.db, { kind: 'movie', title: 'Avatar', year: 2022 });
  await runJob();
}

describe('GET /api/review', () => {
  test('has titles of whom it is not sure, with what was found of them', async () => {
    await avatar();
    const { confidence, ...title } = await only();
    expect(confidence).toBeCloseTo(0.4, 4);
    expect(title).toMatchObject({
      ...{ kind: 'movie', title: 'Avatar', year: 2022, status: 'flagged', ids: [], totalStreams: 0 },
      doubts: [{ provider: 'tmdb', kind: 'match', ids: { tmdb: '76600' }, title: SEQUEL.title, year: 2022 }],
    });
  });

  test('has contradictory ids of titles that are otherwise well', async () => {
    await upsertTitle(database.db, {
      kind: 'movie',
      title: 'Avatar',
      ids: { imdb: 'tt0499549', tmdb: '19995' },
    });
    tmdb.titles.set('tmdb 19995', { ...SEQUEL, ids: { tmdb: '19995', imdb: 'tt1630029' } });
    await runJob();
    expect(await only()).toMatchObject({
      status: 'completed',
      doubts: [{ kind: 'ids', reason: 'It has imdb tt0499549 here, tmdb says tt1630029.' }],
    });
  });

  test('goes by pages, newest first, and refuses what it does not know', async () => {
    for (const title of ['One', 'Two', 'Three']) await titleForName(database.db, { kind: 'movie', title });
    const first = await list('?limit=2');
    expect(first.titles.map(({ title }) => title)).toEqual(['Three', 'Two']);
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect([second.titles.map(({ title }) => title), second.nextCursor]).toEqual([['One'], null]);
    for (const query of ['?limit=0', '?limit=101', '?cursor=x', '?page=2'])
      expect((await api.ask('GET', `/api/review${query}`)).status).toBe(400);
    expect((await api.ask('GET', '/api/review', undefined, { Authorization: 'Bearer no' })).status).toBe(401);
  });
});

describe('deciding', () => {
  test('approve: it is what it was called, and stays so when it is asked about again', async () => {
    await avatar();
    const { id } = await only();
    expect((await decide(id, 'approve')).status).toBe(204);
    expect((await list()).titles).toEqual([]);
    expect(await shown(id)).toMatchObject({ title: 'Avatar', isPublished: true, ids: [] });
    await database.db.query(command('test.again')`UPDATE title_enrichment SET next_at = now()`);
    await enricher.opened(1, 5000);
    expect((await list()).titles).toEqual([]);
    expect(problemIn((await decide(id, 'approve')).body).code).toBe('review.not_waiting');
    expect(api.settledCount()).toBeGreaterThan(0);
  });

  test('approve a doubt: what it proposes is right, and its texts come', async () => {
    await avatar();
    const { id, doubts } = await only();
    expect((await decide(id, 'approve', { doubt: 999_999 })).status).toBe(404);
    expect((await decide(id, 'approve', { doubt: doubts[0]?.id })).status).toBe(204);
    expect(later).toBe(1);
    await runJob();
    expect(await shown(id)).toMatchObject({
      title: SEQUEL.title,
      overview: 'Under water.',
      imdbId: 'tt1630029',
      aliases: ['Avatar'],
    });
    expect((await list()).titles).toEqual([]);
  });

  test('correct: the ids a person gives, and the name; ids of a title of another kind are refused', async () => {
    await avatar();
    await upsertTitle(database.db, {
      kind: 'series',
      title: 'Other',
      overview: 'x',
      ids: { imdb: 'tt0000009' },
    });
    const { id } = await only();
    const taken = await decide(id, 'correct', { ids: { imdb: 'tt0000009' } });
    expect([taken.status, problemIn(taken.body).code]).toEqual([409, 'media.contradictory_ids']);
    for (const bad of [{}, { ids: { imdb: 'x' } }, { name: 'x' }, undefined])
      expect((await decide(id, 'correct', bad)).status).toBe(400);
    expect(await list()).toMatchObject({ titles: [{ id }] });
    tmdb.titles.set('imdb tt0499549', {
      ...SEQUEL,
      title: 'Avatar (2009)',
      year: 2009,
      overview: 'On a moon.',
      ids: { imdb: 'tt0499549', tmdb: '19995' },
    });
    expect(
      (await decide(id, 'correct', { ids: { imdb: 'tt0499549' }, title: 'Avatar', year: 2009 })).status,
    ).toBe(204);
    await runJob();
    expect(await shown(id)).toMatchObject({
      title: 'Avatar',
      year: 2009,
      overview: 'On a moon.',
      imdbId: 'tt0499549',
    });
    expect((await list()).titles).toEqual([]);
  });

  test('reject: the title is hidden, not deleted; a contradiction is refused and its title stays', async () => {
    await avatar();
    const { id } = await only();
    expect((await decide(id, 'reject')).status).toBe(204);
    expect(await shown(id)).toMatchObject({ title: 'Avatar', isPublished: false });
    const { mediaId } = await upsertTitle(database.db, {
      kind: 'movie',
      title: 'Film',
      ids: { imdb: 'tt0499549', tmdb: '19995' },
    });
    tmdb.titles.set('tmdb 19995', { ...SEQUEL, ids: { tmdb: '19995', imdb: 'tt1630029' } });
    await runJob();
    const contradicted = await only();
    expect((await decide(contradicted.id, 'reject')).status).toBe(204);
    expect(await shown(contradicted.id)).toMatchObject({ isPublished: true });
    await database.db.query(command('test.again')`UPDATE title_enrichment SET next_at = now()`);
    await database.db.query(
      command('test.pending')`UPDATE media SET enrichment_status = 'pending' WHERE id = ${mediaId}`,
    );
    await runJob();
    expect((await list()).titles).toEqual([]);
  });

  test('a title that is not there, or does not wait, is told so', async () => {
    expect((await decide('tt9999999', 'approve')).status).toBe(404);
    const { mediaId } = await upsertTitle(database.db, {
      kind: 'movie',
      title: 'Well',
      overview: 'x',
      ids: { imdb: 'tt0000008' },
    });
    expect(mediaId).toBeGreaterThan(0);
    for (const verb of ['approve', 'reject']) expect((await decide('tt0000008', verb)).status).toBe(409);
  });
});

describe('what runs beside', () => {
  test('a title without details that is opened has them in the answer where they come in a moment', async () => {
    await upsertTitle(database.db, { kind: 'movie', title: 'Avatar', ids: { imdb: 'tt1630029' } });
    tmdb.titles.set('imdb tt1630029', SEQUEL);
    expect(await shown('tt1630029')).toMatchObject({ overview: 'Under water.' });
  });

  test('and is answered without them where they do not; they come all the same', async () => {
    await upsertTitle(database.db, { kind: 'movie', title: 'Avatar', ids: { imdb: 'tt1630029' } });
    tmdb.titles.set('imdb tt1630029', SEQUEL);
    tmdb.thinksMs = 2500;
    const began = performance.now();
    expect(await shown('tt1630029')).toMatchObject({ overview: null });
    expect(performance.now() - began).toBeLessThan(2400);
    await enricher.opened(1, 10_000);
    expect(await shown('tt1630029')).toMatchObject({ overview: 'Under water.' });
  });

  test('paused, nobody is asked; it goes on where it was', async () => {
    await upsertTitle(database.db, { kind: 'movie', title: 'Avatar', ids: { imdb: 'tt1630029' } });
    tmdb.titles.set('imdb tt1630029', SEQUEL);
    isOn = false;
    await runJob();
    expect(await shown('tt1630029')).toMatchObject({ overview: null });
    expect(tmdb.asked).toEqual([]);
    isOn = true;
    await runJob();
    expect(await shown('tt1630029')).toMatchObject({ overview: 'Under water.' });
  });

  test('newest first, and five failures in a row end a run', async () => {
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8])
      await upsertTitle(database.db, { kind: 'movie', title: `Film ${n}`, ids: { imdb: `tt000000${n}` } });
    tmdb.isDown = true;
    await runJob();
    tmdb.isDown = false;
    expect(tmdb.asked).toEqual([8, 7, 6, 5, 4].map((n) => `imdb tt000000${n}`));
    await runJob();
    expect(tmdb.asked.slice(5)).toEqual([3, 2, 1].map((n) => `imdb tt000000${n}`));
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Explanation, explainStream } from '../../src/features/stream-index/explain.ts';
import {
  createUsenetUsage,
  ProvidersAnswer,
  usenetJobs,
  usenetRoutes,
} from '../../src/features/usenet/index.ts';
import { UpstreamFailed } from '../../src/kit/errors.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import type { ReleaseHealth, UsenetSpec } from '../../src/streams/usenet/engine.ts';
import { checkPosts } from '../../src/streams/usenet/health/check-posts.ts';
import { usenetKind } from '../../src/streams/usenet/index.ts';
import type { ProviderState } from '../../src/streams/usenet/providers/provider.ts';
import { createReleases } from '../../src/streams/usenet/releases.ts';
import { startApi } from '../support/api.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { nzbOf } from '../support/nzb-post.ts';
import { storedStreamsRoom } from '../support/stored-streams-room.ts';

const room = storedStreamsRoom();
const { db, save, offers } = room;
const log = createLog('silent');
const NEVER = new AbortController().signal;
const [HOUR_S, DAY_S] = [3600, 86_400];

let ground: TestKindDeps;
beforeAll(async () => {
  ground = await openKindDeps();
});
afterAll(() => ground.close());
beforeEach(async () => {
  await db().query(command('test.empty_usage')`TRUNCATE usenet_provider_usage`);
});

let posts = 0;
/** A post of three articles that was put up so many seconds ago. */
async function add(ageS: number, more: object = {}): Promise<number> {
  posts += 1;
  const parts = [1, 2, 3].map((number) => ({ id: `${posts}.${number}@x`, number, bytes: 700 }));
  const date = `date="${Math.floor(Date.now() / 1000) - ageS}"`;
  const nzb = nzbOf([{ subject: `"post${posts}.mkv" yEnc (1/3)`, parts }]).replace(/date="\d+"/, date);
  const saved = await save({
    kind: 'usenet',
    name: `Film.2008.1080p ${posts}`,
    nzb: Buffer.from(nzb).toString('base64'),
    ...more,
  });
  return saved.streamId;
}

const Row = z.object({
  health: z.string().nullable(),
  completeness: z.number().nullable(),
  isChecked: z.boolean(),
  dueInS: z.number().nullable(),
});
const rowOf = (streamId: number) =>
  db().one(rows('test.post', Row)`
    SELECT health, completeness, checked_at IS NOT NULL AS "isChecked", extract(epoch FROM next_check_at - now())::float8 AS "dueInS"
    FROM stream_usenet WHERE stream_id = ${streamId}`);
const makeDue = () =>
  db().query(command('test.due')`UPDATE stream_usenet SET next_check_at = now() - interval '1 second'`);

const found = (verdict: ReleaseHealth['verdict'], completeness = 1): ReleaseHealth => ({
  ...{ asked: 3, there: Math.round(3 * completeness), completeness, verdict },
});
function check(health: (spec: UsenetSpec) => ReleaseHealth | Promise<ReleaseHealth>, random = 0.5) {
  const releases = createReleases({ db: db(), crypto: room.crypto(), net: ground.deps.net });
  const engine = { health: async (spec: UsenetSpec) => await health(spec) };
  return checkPosts({ db: db(), log, releases, engine, random: () => random }, NEVER);
}

describe('a post that is due', () => {
  test('is asked about with its NZB, and again when it is twice as old', async () => {
    const streamId = await add(3 * DAY_S);
    const asked: UsenetSpec[] = [];
    const answer = await check((spec) => {
      asked.push(spec);
      return found('damaged', 0.97);
    });
    expect(answer).toEqual({ checked: 1, changed: [streamId] });
    expect(asked[0]?.nzb.files[0]?.segments.map(({ id }) => id)).toEqual(
      [1, 2, 3].map((n) => `${posts}.${n}@x`),
    );
    const row = await rowOf(streamId);
    expect(row).toMatchObject({ health: 'damaged', isChecked: true });
    expect(row.completeness).toBeCloseTo(0.97);
    expect(Math.abs((row.dueInS ?? 0) - 3 * DAY_S)).toBeLessThan(120);
    expect(await check(() => found('complete'))).toEqual({ checked: 0, changed: [] });
    await makeDue();
    expect((await check(() => found('damaged', 0.9))).changed).toEqual([]);
    await makeDue();
    expect((await check(() => found('complete'))).changed).toEqual([streamId]);
  });

  test.each([
    [60, 0, 6 * HOUR_S],
    [60, 1, 6 * HOUR_S * 1.1],
    [400 * DAY_S, 1, 30 * DAY_S],
    [400 * DAY_S, 0, 27 * DAY_S],
    [10 * DAY_S, 0, 9 * DAY_S],
    [10 * DAY_S, 1, 11 * DAY_S],
  ])('of %i s is due after it by the jitter of %d in %i s', async (ageS, random, dueInS) => {
    const streamId = await add(ageS);
    await check(() => found('complete'), random);
    expect(Math.abs(((await rowOf(streamId)).dueInS ?? 0) - dueInS)).toBeLessThan(200);
  });

  test('keeps what was found before where nobody could be asked, and is due in an hour', async () => {
    const streamId = await add(DAY_S);
    await check(() => found('gone', 0));
    for (const failing of [
      () => Promise.reject(new UpstreamFailed('all are away', { retryable: true, status: 503 })),
      () => found('unknown', 0),
    ]) {
      await makeDue();
      expect((await check(failing)).changed).toEqual([]);
      const row = await rowOf(streamId);
      expect(row).toMatchObject({ health: 'gone', completeness: 0, isChecked: true });
      expect(Math.abs((row.dueInS ?? 0) - HOUR_S)).toBeLessThan(120);
    }
  });

  test('is taken by one of several instances', async () => {
    for (let count = 0; count < 15; count += 1) await add(DAY_S);
    const asked: string[] = [];
    const one = () =>
      check(({ key }) => {
        asked.push(key);
        return found('complete');
      });
    const answers = await Promise.all([one(), one(), one()]);
    expect(answers.reduce((sum, { checked }) => sum + checked, 0)).toBe(15);
    expect(new Set(asked).size).toBe(15);
  });

  test('is none without its NZB, and nothing is looked at without providers', async () => {
    const { streamId } = await save({ kind: 'usenet', guid: 'only-a-guid', name: 'Post' });
    expect((await rowOf(streamId)).dueInS).toBeNull();
    expect(usenetKind(ground.deps).posts).toBeUndefined();
    const job = usenetJobs.find(({ name }) => name === 'usenet.health');
    await job?.run(
      {},
      { db: db(), log, signal: NEVER, attempt: 1, checkPosts: null, forgetReleases: async () => 0 },
    );
    const ran: AbortSignal[] = [];
    const checking = async (signal: AbortSignal) => {
      ran.push(signal);
      return { checked: ran.length < 3 ? 10 : 0, changed: [] };
    };
    await job?.run(
      {},
      { db: db(), log, signal: NEVER, attempt: 1, checkPosts: checking, forgetReleases: async () => 0 },
    );
    expect(ran).toEqual([NEVER, NEVER, NEVER]);
  });
});

describe('in the list of streams', () => {
  const names = async (weakPosts: 'off' | 'hide') => (await offers({ weakPosts })).map(({ name }) => name);

  test('a post tells how much of it is there, how old it is, and whether it wants a password', async () => {
    await add(3 * DAY_S, { isPassworded: true });
    await add(3 * DAY_S, { isPassworded: true, password: 'x' });
    await save({ kind: 'usenet', guid: 'bare', name: 'Bare' });
    const told = new Map((await offers()).map(({ name, post }) => [name, post]));
    const postedAt = expect.any(Number);
    const known = { completeness: 1, health: null, postedAt, needsPassword: true };
    expect(told.get(`Film.2008.1080p ${posts - 1}`)).toEqual(known);
    expect(told.get(`Film.2008.1080p ${posts}`)).toEqual({ ...known, needsPassword: false });
    expect(told.get('Bare')).toEqual({
      completeness: null,
      health: null,
      postedAt: null,
      needsPassword: false,
    });
  });

  test('damaged ones come last, or are hidden while others are there', async () => {
    const damaged = await add(DAY_S, { name: 'Damaged.2160p' });
    await check(() => found('damaged', 0.5));
    expect(await names('hide')).toEqual(['Damaged.2160p']);
    await save({ kind: 'external', url: 'https://watch.example/1', name: 'Elsewhere' });
    expect(await names('hide')).toEqual(['Damaged.2160p', 'Elsewhere']);
    await save({ kind: 'torrent', infoHash: room.hash(), name: 'Swarm.480p' });
    expect(await names('off')).toEqual(['Swarm.480p', 'Damaged.2160p', 'Elsewhere']);
    expect(await names('hide')).toEqual(['Swarm.480p', 'Elsewhere']);
    const told = Explanation.parse(await explainStream(db(), damaged, { only: 'all', weakPosts: 'hide' }));
    expect(told.links[0]).toMatchObject({
      isOffered: false,
      reason: 'A check found this post damaged, and others are there: the setting weakPosts hides it.',
    });
  });
});

describe('what providers gave', () => {
  const state = (name: string, more: Partial<ProviderState> = {}): ProviderState => ({
    ...{ name, connections: 1, maxConnections: 8, inFlight: 0, status: 'ready', retryAt: null, reason: null },
    ...{
      bytes: 0,
      articles: 0,
      missing: 0,
      corrupt: 0,
      failures: 0,
      latencyMs: null,
      failure: null,
      ...more,
    },
  });

  test('is added up a day, from the difference, over a new start and a database that was away', async () => {
    let states = [state('a', { bytes: 100, articles: 2, missing: 1 }), state('b')];
    let isAway = false;
    const failing = {
      ...db(),
      query: (...given: Parameters<ReturnType<typeof db>['query']>) =>
        isAway ? Promise.reject(new Error('away')) : db().query(...given),
    };
    const usage = createUsenetUsage({ db: failing, log, states: () => states });
    await usage.flush();
    await usage.flush();
    states = [state('a', { bytes: 150, articles: 3, missing: 1, corrupt: 1, failures: 2 })];
    isAway = true;
    await usage.flush();
    isAway = false;
    await usage.flush();
    states = [state('a', { bytes: 7, articles: 1 })];
    await usage.close();
    await db().query(command('test.old')`
      INSERT INTO usenet_provider_usage (provider, day, bytes) VALUES ('gone', current_date - 20, 5), ('old', current_date - 40, 5)`);
    await using api = await startApi(({ requireAdmin }) => [
      usenetRoutes({ db: db(), requireAdmin, usenetProviders: () => [state('c'), ...states] }),
    ]);
    const { status, body } = await api.ask('GET', '/api/usenet/providers');
    const { providers } = ProvidersAnswer.parse(body);
    const today = new Date().toISOString().slice(0, 10);
    expect(status).toBe(200);
    expect(providers.map(({ name, state: now }) => [name, now?.status ?? null])).toEqual([
      ['c', 'ready'],
      ['a', 'ready'],
      ['gone', null],
    ]);
    expect(providers[1]?.usage).toEqual([{ day: today, bytes: 157, articles: 4, missing: 1, failures: 3 }]);
    expect((await fetch(`${api.baseUrl}/api/usenet/providers`)).status).toBe(401);
  });
});

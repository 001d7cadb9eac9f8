import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as Client } from 'ioredis';
import { Client as PgClient } from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Cache, createCache } from '../../src/platform/cache.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { createRateLimiter, openRateLimitPool } from '../../src/platform/rate-limit.ts';
import { createRedis, type Redis } from '../../src/platform/redis.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { freePort, openTempDir, type RunningProcess, startProcess } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
const Title = z.object({ title: z.string() });
const HOUR = { ttlMs: 3_600_000, maxEntries: 100, schema: Title };
const now = (title: string) => async () => ({ title });

let database: TestDatabase;
let port: number;
let folder: Awaited<ReturnType<typeof openTempDir>>;
let server: RunningProcess;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  database = await freshDatabase({ isEmpty: true });
  return () => database.close();
});
beforeEach(async () => {
  folder = await openTempDir();
  port = await freePort();
  server = await startServer();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await server.stop();
  await folder.remove();
});

/** Keeps its data in the test's folder, so that it can come back with it. */
function startServer(): Promise<RunningProcess> {
  return startProcess({
    command: 'redis-server',
    args: ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder.path],
    readyWhen: /Ready to accept connections/,
    stopTimeoutMs: 2000,
  });
}

async function kill(): Promise<void> {
  server.signal('SIGKILL');
  await server.exited;
}

/** Another client of the same server: what a maintainer would see. */
function observer(): Client {
  const client = new Client(port, '127.0.0.1', { lazyConnect: true });
  closers.push(() => client.disconnect());
  return client;
}

async function keysOf(space: string): Promise<string[]> {
  const keys = await observer().keys(`trib:${space}:*`);
  return keys.filter((key) => !key.includes(':generation:'));
}

type Instance = { cache: Cache; redis: Redis; notify: Notify };

async function instance(options: { isUp?: boolean; port?: number } = {}): Promise<Instance> {
  const redis = await createRedis({ url: `redis://127.0.0.1:${options.port ?? port}`, log });
  const notify = createNotify({ url: database.url, log });
  const cache = createCache({ redis, notify, log });
  closers.push(async () => {
    await cache.close();
    redis.close();
    await notify.close();
  });
  await waitUntil(() => notify.isConnected(), { what: 'the instance listens', timeoutMs: 10_000 });
  if (options.isUp ?? true) await up({ redis });
  return { cache, redis, notify };
}

/** A way to Redis that can be cut while Redis lives. */
async function startRelay() {
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => socket.destroy()));
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const cut = async () => {
    if (!relay.listening) return;
    relay.close();
    for (const socket of sockets) socket.destroy();
    await once(relay, 'close');
  };
  return { port: address.port, cut, [Symbol.asyncDispose]: cut };
}

async function up(...instances: { redis: Redis }[]): Promise<void> {
  await waitUntil(() => instances.every(({ redis }) => redis.isUp()), {
    what: 'Redis is in use',
    timeoutMs: 15_000,
  });
}

async function onDatabase(statement: string): Promise<void> {
  const client = new PgClient({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const begun = performance.now();
  const value = await work();
  return { value, tookMs: performance.now() - begun };
}

describe('two instances with one Redis', () => {
  test('what one loaded the other finds, under the key and the life that were promised', async () => {
    const [a, b] = [await instance(), await instance()];
    const [ofA, ofB] = [a.cache.space('title', HOUR), b.cache.space('title', HOUR)];
    await ofA.get('tt0133093', now('from the database'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
    expect(await ofB.get('tt0133093', now('again'))).toEqual({ title: 'from the database' });
    expect(b.cache.stats()[0]).toMatchObject({ hits: 0, sharedHits: 1, misses: 0 });
    const [key = ''] = await keysOf('title');
    expect(key).toMatch(/^trib:title:[\w-]{12}:tt0133093$/);
    const lifeMs = await observer().pttl(key);
    expect(lifeMs).toBeLessThanOrEqual(HOUR.ttlMs);
    expect(lifeMs).toBeGreaterThan(HOUR.ttlMs * 0.85);
  });

  test('a drop at one is a drop in Redis and at the other', async () => {
    const [a, b] = [await instance(), await instance()];
    const [ofA, ofB] = [a.cache.space('title', HOUR), b.cache.space('title', HOUR)];
    for (const key of ['a', 'b']) for (const space of [ofA, ofB]) await space.get(key, now('old'));
    await ofA.drop('a');
    expect(await ofA.get('a', now('new'))).toEqual({ title: 'new' });
    await waitUntil(async () => (await ofB.get('a', now('new'))).title === 'new', {
      what: 'the other forgets it',
      timeoutMs: 2000,
      everyMs: 1,
    });
    expect(await ofB.get('b', now('new'))).toEqual({ title: 'old' });
    await ofB.dropAll();
    const c = (await instance()).cache.space('title', HOUR);
    expect(await c.get('b', now('newest'))).toEqual({ title: 'newest' });
  });

  test('a load under way at one while the other drops does not reach Redis: a third one loads for itself', async () => {
    const [a, b, c] = [await instance(), await instance(), await instance()];
    const [ofA, ofB, ofC] = [a, b, c].map(({ cache }) => cache.space('title', HOUR));
    const gate = Promise.withResolvers<void>();
    const early = ofA?.get('a', async () => {
      await gate.promise;
      return { title: 'read before the change' };
    });
    await waitUntil(async () => (await keysOf('title')).length === 1, { what: 'the lease', timeoutMs: 2000 });
    await ofB?.drop('a');
    gate.resolve();
    await early;
    await sleep(50);
    expect(await ofC?.get('a', now('read after the change'))).toEqual({ title: 'read after the change' });
  });

  test('a value of an older program, which the schema refuses, is loaded anew', async () => {
    const ofA = (await instance()).cache.space('title', HOUR);
    await ofA.get('a', now('text'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
    const newer = { ...HOUR, schema: z.object({ title: z.string(), year: z.int() }) };
    const ofB = (await instance()).cache.space('title', newer);
    expect(await ofB.get('a', async () => ({ title: 'text', year: 1999 }))).toEqual({
      title: 'text',
      year: 1999,
    });
  });
});

describe('what the database itself announces', () => {
  const GROUP = { ...HOUR, group: 'media' as const };
  const NOTICE = `SELECT pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}')`;

  test('is forgotten here, in Redis and at the others, without anyone dropping it', async () => {
    const [a, b] = [await instance(), await instance()];
    const [ofA, ofB] = [a.cache.space('title', GROUP), b.cache.space('title', GROUP)];
    for (const space of [ofA, ofB]) await space.get('a', now('old'));
    await onDatabase(NOTICE);
    for (const space of [ofA, ofB])
      await waitUntil(async () => (await space.get('a', now('new'))).title === 'new', {
        what: 'it is forgotten',
        timeoutMs: 2000,
        everyMs: 1,
      });
  });

  test('and nobody heard, because the listening connection was away, is not served from Redis afterwards', async () => {
    const a = await instance();
    const titles = a.cache.space('title', GROUP);
    await titles.get('a', now('old'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
    await onDatabase(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'tributary notify' AND datname = current_database()`);
    await waitUntil(() => !a.notify.isConnected(), { what: 'the loss', timeoutMs: 5000, everyMs: 1 });
    await onDatabase(NOTICE);
    await waitUntil(() => a.notify.isConnected(), {
      what: 'it listens again',
      timeoutMs: 10_000,
      everyMs: 1,
    });
    expect(await titles.get('a', now('new'))).toEqual({ title: 'new' });
  });
});

describe('a Redis that dies', () => {
  test('by kill -9 in the middle of requests: every request is answered, none waits long, and it is used again when it is back', async () => {
    const a = await instance();
    const titles = a.cache.space('title', HOUR);
    let slowestMs = 0;
    let answered = 0;
    const requests = Array.from({ length: 40 }, async (_, client) => {
      for (let i = 0; i < 20; i += 1) {
        const { value, tookMs } = await timed(() =>
          titles.get(`${client}:${i}`, now(`title ${client}:${i}`)),
        );
        expect(value).toEqual({ title: `title ${client}:${i}` });
        slowestMs = Math.max(slowestMs, tookMs);
        answered += 1;
        await sleep(5);
      }
    });
    await sleep(30);
    await kill();
    await Promise.all(requests);
    expect(answered).toBe(800);
    expect(slowestMs).toBeLessThan(1500);
    expect(a.redis.isUp()).toBe(false);
    server = await startServer();
    await up(a);
    await titles.get('after', now('after'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
  });

  test('and was not there at the start: the program runs without it and takes it up when it comes', async () => {
    await kill();
    const a = await instance({ isUp: false });
    const titles = a.cache.space('title', HOUR);
    expect(await titles.get('a', now('without'))).toEqual({ title: 'without' });
    await titles.drop('a');
    server = await startServer();
    await up(a);
    await titles.get('b', now('with'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
  });

  test('by hanging: one request waits a quarter of a second, the next ones do not, and what was dropped meanwhile is not served when it goes on', async () => {
    const a = await instance();
    const titles = a.cache.space('title', HOUR);
    await titles.get('a', now('old'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
    server.signal('SIGSTOP');
    const first = await timed(() => titles.get('x', now('x')));
    expect(first.tookMs).toBeLessThan(1500);
    expect(a.redis.isUp()).toBe(false);
    const later = await timed(async () => {
      for (let i = 0; i < 100; i += 1) await titles.get(`later ${i}`, now('y'));
    });
    // Each alone would wait 250 ms.
    expect(later.tookMs).toBeLessThan(2000);
    await titles.drop('a');
    server.signal('SIGCONT');
    await up(a);
    expect(await titles.get('a', now('new'))).toEqual({ title: 'new' });
  });

  test('for one instance only: its drops are made in Redis by another one', async () => {
    await using relay = await startRelay();
    const [a, b] = [await instance({ port: relay.port }), await instance()];
    const [ofA, ofB] = [a.cache.space('title', HOUR), b.cache.space('title', HOUR)];
    await ofB.get('a', now('old'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
    await relay.cut();
    await ofA.drop('a');
    expect(a.redis.isUp()).toBe(false);
    expect(b.redis.isUp()).toBe(true);
    await waitUntil(async () => (await ofB.get('a', now('new'))).title === 'new', {
      what: 'the other does not find the old value in Redis',
      timeoutMs: 2000,
      everyMs: 1,
    });
  });

  test('and comes back with the data of before a drop: nothing of it is served', async () => {
    const a = await instance();
    const titles = a.cache.space('title', HOUR);
    await titles.get('a', now('old'));
    await waitUntil(async () => (await keysOf('title')).length === 1, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
    await observer().save();
    await titles.drop('a');
    await kill();
    server = await startServer();
    expect(await keysOf('title')).toHaveLength(1);
    await up(a);
    const late = (await instance()).cache.space('title', HOUR);
    expect(await late.get('a', now('new'))).toEqual({ title: 'new' });
    await waitUntil(async () => (await keysOf('title')).length === 2, {
      what: 'it is stored',
      timeoutMs: 2000,
    });
    expect(await titles.get('a', now('newer'))).toEqual({ title: 'new' });
  });
});

describe('rate limits with Redis', () => {
  /** A Postgres that is not there: nothing may depend on it. */
  async function limiter(redis: Redis) {
    const pgPool = openRateLimitPool({ url: 'postgresql://postgres@127.0.0.1:1/none', log });
    closers.push(() => pgPool.end());
    return createRateLimiter({
      redis,
      pgPool,
      log,
      hashKey: (text) => Buffer.from(text).toString('base64url'),
    });
  }

  test('are one count over two instances, and go on in memory when Redis is killed', async () => {
    const rule = { name: 'shared', points: 10, perSeconds: 60 };
    const [a, b] = [await instance(), await instance()];
    const limits = [(await limiter(a.redis)).limit(rule), (await limiter(b.redis)).limit(rule)];
    let allowed = 0;
    for (let i = 0; i < 20; i += 1) allowed += (await limits[i % 2]?.take('visitor'))?.isAllowed ? 1 : 0;
    expect(allowed).toBe(10);
    expect(await observer().keys('trib:limit:shared:*')).toHaveLength(1);
    await kill();
    const verdicts = await Promise.all(Array.from({ length: 30 }, () => limits[0]?.take('another')));
    expect(verdicts.filter((verdict) => verdict?.isAllowed)).toHaveLength(10);
  });
});

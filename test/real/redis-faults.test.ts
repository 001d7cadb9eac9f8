import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createLog } from '../../src/platform/log.ts';
import { createRateLimiter, openRateLimitPool } from '../../src/platform/rate-limit.ts';
import type { Redis } from '../../src/platform/redis.ts';
import { redisForEachTest, timed } from '../support/redis-instances.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
const Title = z.object({ title: z.string() });
const HOUR = { ttlMs: 3_600_000, maxEntries: 100, schema: Title };
const now = (title: string) => async () => ({ title });

const { kill, observer, keysOf, instance, startRelay, up, startServer, signalServer, onEnd } =
  redisForEachTest();

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
    await startServer();
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
    await startServer();
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
    signalServer('SIGSTOP');
    const first = await timed(() => titles.get('x', now('x')));
    expect(first.tookMs).toBeLessThan(1500);
    expect(a.redis.isUp()).toBe(false);
    const later = await timed(async () => {
      for (let i = 0; i < 100; i += 1) await titles.get(`later ${i}`, now('y'));
    });
    // Each alone would wait 250 ms.
    expect(later.tookMs).toBeLessThan(2000);
    await titles.drop('a');
    signalServer('SIGCONT');
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
    await startServer();
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
    onEnd(() => pgPool.end());
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

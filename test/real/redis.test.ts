import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { redisForEachTest } from '../support/redis-instances.ts';
import { waitUntil } from '../support/wait-until.ts';

const Title = z.object({ title: z.string() });
const HOUR = { ttlMs: 3_600_000, maxEntries: 100, schema: Title };
const now = (title: string) => async () => ({ title });

const { observer, keysOf, instance, onDatabase } = redisForEachTest();

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

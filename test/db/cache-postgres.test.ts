import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Cache, createCache } from '../../src/platform/cache.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
const Title = z.object({ title: z.string() });
const HOUR = { ttlMs: 3_600_000, maxEntries: 100, schema: Title };

let database: TestDatabase;
const opened: { cache: Cache; notify: Notify }[] = [];

beforeAll(async () => {
  database = await freshDatabase({ isEmpty: true });
});
afterAll(async () => {
  for (const { cache, notify } of opened) {
    await cache.close();
    await notify.close();
  }
  await database.close();
});

async function instance(options: { maxBytes?: number } = {}) {
  const notify = createNotify({ url: database.url, log });
  const cache = createCache({ redis: null, db: database.db, notify, log, ...options });
  opened.push({ cache, notify });
  await waitUntil(() => notify.isConnected(), { what: 'the instance listens', timeoutMs: 10_000 });
  return { cache, notify };
}

/** A load that can be held up, and that counts how often it ran. */
function source(text: string) {
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const load = async () => {
    runs += 1;
    const title = text;
    await gate.promise;
    return { title };
  };
  return { load, open: () => gate.resolve(), runs: () => runs };
}
const now = (title: string) => async () => ({ title });

describe('one instance', () => {
  test('loads a key once and answers from memory after that', async () => {
    const { cache } = await instance();
    const titles = cache.space('title', HOUR);
    expect(await titles.get('a', now('first'))).toEqual({ title: 'first' });
    expect(await titles.get('a', now('second'))).toEqual({ title: 'first' });
    expect(cache.stats()).toEqual([
      { name: 'title', hits: 1, sharedHits: 0, misses: 1, size: 1, sizeBytes: expect.any(Number) },
    ]);
  });

  test('shares one load between a hundred callers of one key', async () => {
    const titles = (await instance()).cache.space('title', HOUR);
    const { load, open, runs } = source('shared');
    const callers = Array.from({ length: 100 }, () => titles.get('a', load));
    open();
    expect(new Set((await Promise.all(callers)).map(({ title }) => title))).toEqual(new Set(['shared']));
    expect(runs()).toBe(1);
  });

  test('gives a failed load to all who waited for it and tries again for the next', async () => {
    const titles = (await instance()).cache.space('title', HOUR);
    const failing = async (): Promise<{ title: string }> => {
      throw new Error('the database is away');
    };
    const both = await Promise.allSettled([titles.get('a', failing), titles.get('a', failing)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await titles.get('a', now('back'))).toEqual({ title: 'back' });
  });

  test('does not keep what a load read before a drop, and does not hand that load to later callers', async () => {
    const titles = (await instance()).cache.space('title', HOUR);
    const old = source('old');
    const early = titles.get('a', old.load);
    await titles.drop('a');
    expect(await titles.get('a', now('new'))).toEqual({ title: 'new' });
    old.open();
    expect(await early).toEqual({ title: 'old' });
    expect(await titles.get('a', now('loaded again'))).toEqual({ title: 'new' });
  });

  test('forgets after the TTL and keeps to its number of entries', async () => {
    const { cache } = await instance();
    const short = cache.space('short', { ttlMs: 20, maxEntries: 3, schema: Title });
    for (const key of ['a', 'b', 'c', 'd', 'e']) await short.get(key, now(key));
    expect(cache.stats()[0]?.size).toBe(3);
    await sleep(40);
    expect(await short.get('e', now('fresh'))).toEqual({ title: 'fresh' });
  });

  test('keeps all spaces together under the size it was given, at the cost of the biggest', async () => {
    const { cache } = await instance({ maxBytes: 100_000 });
    const [small, big] = [cache.space('small', HOUR), cache.space('big', HOUR)];
    await small.get('a', now('small'));
    for (let i = 0; i < 50; i += 1) await big.get(`key ${i}`, now('x'.repeat(10_000)));
    const stats = new Map(cache.stats().map((each) => [each.name, each]));
    expect(stats.get('small')?.size).toBe(1);
    expect(stats.get('big')?.size).toBeGreaterThan(5);
    expect((stats.get('small')?.sizeBytes ?? 0) + (stats.get('big')?.sizeBytes ?? 0)).toBeLessThanOrEqual(
      100_000,
    );
    await big.get('a huge one', now('x'.repeat(60_000)));
    expect(await big.get('a huge one', now('is not kept'))).toEqual({ title: 'is not kept' });
  });

  test('takes a name once', async () => {
    const { cache } = await instance();
    cache.space('title', HOUR);
    expect(() => cache.space('title', HOUR)).toThrow('is taken');
  });
});

describe('two instances over Postgres alone', () => {
  /** What both serve after a drop; the other one hears it a moment after the first. */
  async function pair() {
    const [a, b] = [await instance(), await instance()];
    return { a, b, ofA: a.cache.space('title', HOUR), ofB: b.cache.space('title', HOUR) };
  }

  test('a drop at one is a drop at the other, and other keys stay', async () => {
    const { ofA, ofB } = await pair();
    for (const key of ['a', 'b']) await ofB.get(key, now('old'));
    await ofA.drop('a');
    await waitUntil(async () => (await ofB.get('a', now('new'))).title === 'new', {
      what: 'the other forgets the key',
      timeoutMs: 2000,
      everyMs: 1,
    });
    expect(await ofB.get('b', now('new'))).toEqual({ title: 'old' });
  });

  test('dropping the space drops every key at both, other spaces stay', async () => {
    const { a, b, ofA, ofB } = await pair();
    a.cache.space('other', HOUR);
    const otherOfB = b.cache.space('other', HOUR);
    for (const key of ['a', 'b']) await ofB.get(key, now('old'));
    await otherOfB.get('a', now('old'));
    await ofA.dropAll();
    await waitUntil(() => b.cache.stats()[0]?.size === 0, { what: 'the space is empty', timeoutMs: 2000 });
    expect(await ofB.get('b', now('new'))).toEqual({ title: 'new' });
    expect(await otherOfB.get('a', now('new'))).toEqual({ title: 'old' });
  });

  test('a load under way at the other when the drop comes is not kept there', async () => {
    const { a, ofA, ofB } = await pair();
    const old = source('old');
    const early = ofB.get('a', old.load);
    await ofA.drop('a');
    // A message later than the drop has passed through the same line, so the drop has.
    await a.notify.publish('marker', '');
    await sleep(50);
    old.open();
    await early;
    expect(await ofB.get('a', now('new'))).toEqual({ title: 'new' });
  });

  test('three thousand drops at once, with long and odd keys among them, all arrive', async () => {
    const [a, b] = [await instance(), await instance()];
    const big = { ...HOUR, maxEntries: 10_000 };
    const [ofA, ofB] = [a.cache.space('title', big), b.cache.space('title', big)];
    const keys = Array.from({ length: 3000 }, (_, i) => `search: "größe" ${i} – 映画`);
    keys.push('x'.repeat(9000), '"'.repeat(5000), '');
    for (const key of keys) await ofB.get(key, now('old'));
    expect(b.cache.stats()[0]?.size).toBe(keys.length);
    await Promise.all(keys.map((key) => ofA.drop(key)));
    await waitUntil(() => b.cache.stats()[0]?.size === 0, { what: 'all keys are gone', timeoutMs: 5000 });
  });

  test('a lost connection costs the cache of the one who lost it, never a stale answer', async () => {
    const { a, b, ofA, ofB } = await pair();
    await ofB.get('a', now('old'));
    await cutListeners();
    await waitUntil(() => !b.notify.isConnected(), { what: 'the loss', timeoutMs: 5000, everyMs: 1 });
    await ofA.drop('a');
    await waitUntil(() => a.notify.isConnected() && b.notify.isConnected(), {
      what: 'both back',
      timeoutMs: 10_000,
    });
    await waitUntil(async () => (await ofB.get('a', now('new'))).title === 'new', {
      what: 'the other forgets what it may have missed',
      timeoutMs: 2000,
    });
  });
});

async function cutListeners(): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'tributary notify' AND datname = current_database()`,
    );
  } finally {
    await client.end();
  }
}

describe('a space that packs its values', () => {
  test('frees each once: when another takes its place, when it is dropped, pushed out, or too large', async () => {
    const { cache } = await instance({ maxBytes: 8000 });
    const [held, freed] = [new Set<object>(), new Set<object>()];
    const sizes: Record<string, number> = { large: 2000 };
    const titles = cache.space('packed', {
      ...HOUR,
      pack: ({ title }) => {
        const packed = {
          ...{ sizeBytes: sizes[title] ?? 700, value: () => ({ title: `${title}, unpacked` }) },
          free() {
            if (!held.delete(packed)) throw new Error('freed twice');
            freed.add(packed);
          },
        };
        held.add(packed);
        return packed;
      },
    });
    await titles.get('a', now('first'));
    expect(await titles.get('a', now('never'))).toEqual({ title: 'first, unpacked' });
    await titles.put('a', { title: 'second' });
    expect([held.size, freed.size]).toEqual([1, 1]);
    await titles.get('b', now('large'));
    expect([held.size, freed.size]).toEqual([1, 2]);
    await titles.drop('a');
    expect([held.size, freed.size]).toEqual([0, 3]);
    for (let index = 0; index < 30; index += 1) await titles.get(`k${index}`, now('many'));
    expect(held.size).toBeLessThan(11);
    await titles.dropAll();
    expect([held.size, freed.size]).toEqual([0, 33]);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../src/kit/errors.ts';
import { openDb, type Pool, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { type Admission, createAdmission } from '../../src/play/admission.ts';
import { createLeaseStore } from '../../src/play/lease-store.ts';
import { forgetEndedStreams } from '../../src/play/queries.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { admitted, type TestBody, testBody } from '../support/viewers.ts';

const log = createLog('silent');
let database: TestDatabase;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => database.close());

type Limits = { perSubject: number; perIp: number };

/** One instance of the program on a pool of its own. */
async function instance(limits: Limits, options: { db?: Pool; restMs?: number } = {}): Promise<Admission> {
  const db = options.db ?? (await openDb({ url: database.url, poolMax: 8, log }));
  const admission = createAdmission({
    store: createLeaseStore({ redis: null, db, log }),
    limits: () => limits,
    hashKey: (text) => Buffer.from(text).toString('base64url'),
    onRejected: () => {},
    ...(options.restMs === undefined ? {} : { restMs: options.restMs }),
  });
  closers.push(async () => {
    await admission.close();
    if (options.db === undefined) await db.end();
  });
  return admission;
}

const leasesStored = () =>
  database.db.oneFirst(
    rows('test.leases', z.object({ n: z.int() }))`SELECT count(DISTINCT key) AS n FROM stream_lease`,
  );
const viewer = (target: string, subject = 'install-1', client = '192.0.2.1') => ({ subject, client, target });

describe('the limits of running streams', () => {
  test('let exactly 5 of 50 begin that two instances are asked for at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const limits = { perSubject: 5, perIp: 0 };
      const both = [await instance(limits), await instance(limits)];
      const tries = Array.from({ length: 50 }, (_, index) =>
        both[index % 2]?.admit(viewer(`film ${index}`, `subject ${round}`), testBody()),
      );
      const settled = await Promise.allSettled(tries);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
      for (const result of settled)
        if (result.status === 'rejected') {
          expect(result.reason).toBeInstanceOf(AppError);
          expect(result.reason).toMatchObject({ code: 'limit.streams', status: 429 });
          expect(Number(result.reason.headers['Retry-After'])).toBeGreaterThanOrEqual(1);
          expect(Number(result.reason.headers['Retry-After'])).toBeLessThanOrEqual(30);
        }
      for (const close of closers.splice(0).reverse()) await close();
      expect(await leasesStored()).toBe(0);
    }
  });

  test('count by address too, whoever the subject is', async () => {
    const one = await instance({ perSubject: 0, perIp: 3 });
    const tries = Array.from({ length: 10 }, (_, index) =>
      one.admit(viewer('film', `subject ${index}`, '198.51.100.9'), testBody()),
    );
    expect((await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    await admitted(one, viewer('film', 'subject 1', '198.51.100.10'));
  });

  test('do not let strangers without an install share one count', async () => {
    const one = await instance({ perSubject: 1, perIp: 0 });
    for (const subject of ['public', 'api'])
      for (const client of ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
        await admitted(one, viewer('film', subject, client));
    await expect(admitted(one, viewer('other film', 'public', '192.0.2.2'))).rejects.toThrow(/already/);
    // Of one household: addresses of one /64 are one visitor.
    await expect(admitted(one, viewer('other film', 'api', '2001:db8::2'))).rejects.toThrow(/already/);
  });

  test('take a seek for the stream it is, at the same instance or another', async () => {
    const limits = { perSubject: 1, perIp: 1 };
    const [one, other] = [await instance(limits), await instance(limits)];
    const first = await admitted(one, viewer('film'));
    const second = await admitted(one, viewer('film'));
    await admitted(other, viewer('film'));
    expect(await leasesStored()).toBe(1);
    await expect(admitted(other, viewer('other film'))).rejects.toThrow(/already/);
    first.leave();
    second.leave();
  });

  test('let a viewer go on to the next film although his last lease rests', async () => {
    const one = await instance({ perSubject: 1, perIp: 0 });
    for (const film of ['a', 'b', 'c']) (await admitted(one, viewer(film))).leave();
    expect(await leasesStored()).toBe(1);
  });

  test('of 0 count nothing', async () => {
    const one = await instance({ perSubject: 0, perIp: 0 });
    for (let index = 0; index < 100; index += 1) await admitted(one, viewer(`film ${index}`));
    expect(await leasesStored()).toBe(0);
  });

  test('keep a lease while its stream runs, and give it back some seconds after', async () => {
    const one = await instance({ perSubject: 2, perIp: 0 }, { restMs: 300 });
    const running = await admitted(one, viewer('film'));
    await sleep(1500);
    expect([one.count(), await leasesStored()]).toEqual([1, 1]);
    running.leave();
    await expect.poll(() => one.count(), { timeout: 5000 }).toBe(0);
    await expect.poll(leasesStored, { timeout: 5000 }).toBe(0);
  });

  test.each([
    { how: 'is gone', gone: true },
    { how: 'hangs', gone: false },
  ])('count here while the database $how, and nobody waits for it longer than a second', async ({ gone }) => {
    const away = await openDb({ url: database.url, poolMax: 2, log });
    const one = await instance({ perSubject: 4, perIp: 0 }, { db: away });
    const locker = new Client({ connectionString: database.url });
    await locker.connect();
    if (gone) await away.end();
    else await locker.query('BEGIN; LOCK TABLE stream_lease');
    try {
      const begun = performance.now();
      const tries = Array.from({ length: 20 }, (_, index) => admitted(one, viewer(`film ${index}`)));
      const settled = await Promise.allSettled(tries);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
      expect(performance.now() - begun).toBeLessThan(2000);
    } finally {
      await locker.end();
      if (!gone) await away.end();
      // What hung has been done since.
      await database.db.query(rows('test.empty', z.unknown())`DELETE FROM stream_lease`);
    }
  });

  test('forget the leases of an instance that died', async () => {
    await database.db.query(rows('test.old', z.unknown())`
      INSERT INTO stream_lease SELECT 'old ' || g, 'gone', 's', 'i', now() - interval '2 minutes' FROM generate_series(1, 30) g
    `);
    const one = await instance({ perSubject: 1, perIp: 0 });
    await admitted(one, viewer('film', 's'));
    expect(await forgetEndedStreams(database.db)).toBe(30);
    expect(await leasesStored()).toBe(1);
  });
});

describe('older bodies of the same viewer and file', () => {
  test('go on beside the new one: players open parallel ranges', async () => {
    const one = await instance({ perSubject: 5, perIp: 0 });
    const bodies = [testBody(), testBody(), testBody()];
    for (const body of bodies) await admitted(one, viewer('film'), body);
    expect(ended(bodies)).toEqual([false, false, false]);
  });

  test('are ended when they have stalled', async () => {
    const one = await instance({ perSubject: 5, perIp: 0 });
    const bodies = [testBody(31_000), testBody(29_000), testBody()];
    for (const body of bodies) await admitted(one, viewer('film'), body);
    expect(ended(bodies)).toEqual([true, false, false]);
  });

  test('are ended, the oldest first, when they would pass the limit, but two are always let be', async () => {
    const one = await instance({ perSubject: 1, perIp: 0 });
    const bodies = [testBody(), testBody(), testBody(), testBody()];
    for (const body of bodies) await admitted(one, viewer('film'), body);
    expect(ended(bodies)).toEqual([true, true, false, false]);
  });
});

test('the next range of a viewer asks nobody and costs less than 20 µs', async () => {
  const one = await instance({ perSubject: 20, perIp: 30 });
  const film = viewer('stream 7:0');
  (await admitted(one, film)).leave();
  const rounds = 20_000;
  const round = () => {
    const leave = one.admit(film, testBody());
    if (typeof leave !== 'function') throw new Error('it had to ask');
    leave();
  };
  for (let count = 0; count < rounds; count += 1) round();
  const begun = performance.now();
  for (let count = 0; count < rounds; count += 1) round();
  const microseconds = ((performance.now() - begun) * 1000) / rounds;
  expect(microseconds).toBeLessThan(20);
});

function ended(bodies: readonly TestBody[]): boolean[] {
  return bodies.map((body) => body.isEnded());
}

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createRedis } from '../../src/platform/redis.ts';
import { createAdmission } from '../../src/play/admission.ts';
import { createLeaseStore } from '../../src/play/lease-store.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { admitted, testBody } from '../support/viewers.ts';
import { waitUntil } from '../support/wait-until.ts';

// The leases of running streams in a real Redis; test/db/stream-limits.test.ts has the rules on Postgres.

const log = createLog('silent');
let database: TestDatabase;
let server: TestRedis;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  server = await startRedis();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(async () => {
  await server.stop();
  await database.close();
});

async function instance(limits: { perSubject: number; perIp: number }) {
  const redis = await createRedis({ url: server.url, log });
  await waitUntil(() => redis.isUp(), { what: 'Redis is up', timeoutMs: 5000 });
  const admission = createAdmission({
    store: createLeaseStore({ redis, db: database.db, log }),
    limits: () => limits,
    hashKey: (text) => Buffer.from(text).toString('base64url'),
    onRejected: () => {},
    restMs: 500,
  });
  closers.push(async () => {
    await admission.close();
    redis.close();
  });
  return { admission, redis };
}

const viewer = (target: string, subject = 'install') => ({ subject, client: '192.0.2.1', target });
const begun = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.filter(({ status }) => status === 'fulfilled').length;

test('exactly 5 of 50 begin that two instances are asked for at once', async () => {
  for (let round = 0; round < 10; round += 1) {
    const limits = { perSubject: 5, perIp: 0 };
    const both = [await instance(limits), await instance(limits)];
    const tries = Array.from({ length: 50 }, (_, index) =>
      both[index % 2]?.admission.admit(viewer(`film ${index}`, `subject ${round}`), testBody()),
    );
    expect(begun(await Promise.allSettled(tries))).toBe(5);
    for (const close of closers.splice(0).reverse()) await close();
  }
});

test('a lease is one at both instances, is renewed while it runs and given back after', async () => {
  const limits = { perSubject: 1, perIp: 1 };
  const [one, other] = [await instance(limits), await instance(limits)];
  const running = await admitted(one.admission, viewer('film'));
  (await admitted(other.admission, viewer('film'))).leave();
  const refusal = await admitted(other.admission, viewer('other')).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'limit.streams', status: 429 });
  const keys = () => one.redis.attempt((client) => client.keys('trib:streams:*'));
  await waitUntil(async () => other.admission.count() === 0, {
    what: 'the other gave back',
    timeoutMs: 5000,
  });
  running.leave();
  await waitUntil(async () => (await keys())?.length === 0, { what: 'nothing is left', timeoutMs: 5000 });
  await admitted(other.admission, viewer('other'));
});

test('Postgres counts while Redis is away, and Redis again when it is back', async () => {
  const { admission, redis } = await instance({ perSubject: 3, perIp: 0 });
  const { port } = server;
  await server.stop();
  await waitUntil(() => !redis.isUp(), { what: 'Redis is missed', timeoutMs: 5000 });
  const away = Array.from({ length: 10 }, (_, index) => admitted(admission, viewer(`film ${index}`, 'away')));
  expect(begun(await Promise.allSettled(away))).toBe(3);
  server = await startRedis({ port });
  await waitUntil(() => redis.isUp(), { what: 'Redis is back', timeoutMs: 20_000 });
  const back = Array.from({ length: 10 }, (_, index) => admitted(admission, viewer(`film ${index}`, 'back')));
  expect(begun(await Promise.allSettled(back))).toBe(3);
});

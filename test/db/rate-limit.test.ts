import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { createLog } from '../../src/platform/log.ts';
import { createRateLimiter, openRateLimitPool, visitorOf } from '../../src/platform/rate-limit.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/processes.ts';

const log = createLog('silent');
let database: TestDatabase;
const pools: Pool[] = [];

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.close();
});

/** One instance of the program, and how often it asked Postgres. */
function instance(url = database.url) {
  const pgPool = openRateLimitPool({ url, log });
  pools.push(pgPool);
  let questions = 0;
  const counted = Object.assign(Object.create(pgPool), {
    query: (...args: Parameters<Pool['query']>) => {
      questions += 1;
      return pgPool.query(...args);
    },
  });
  const rejected: string[] = [];
  const limiter = createRateLimiter({
    redis: null,
    pgPool: counted,
    log,
    hashKey: (text) => Buffer.from(text).toString('base64url'),
    onRejected: (name) => rejected.push(name),
  });
  return { limiter, questions: () => questions, rejected };
}

async function allowedOf(verdicts: Promise<{ isAllowed: boolean }>[]): Promise<number> {
  return (await Promise.all(verdicts)).filter(({ isAllowed }) => isAllowed).length;
}

describe('a limit', () => {
  test('takes a point back, from the next one on, on every instance', async () => {
    const rule = { name: 'back', points: 2, perSeconds: 60 };
    const [here, there] = [instance().limiter.limit(rule), instance().limiter.limit(rule)];
    for (const limit of [here, there]) expect((await limit.take('a')).isAllowed).toBe(true);
    expect((await here.take('a')).isAllowed).toBe(false);
    // The refused one is counted as well; so is what is given back.
    await here.giveBack('a');
    await here.giveBack('a');
    expect((await here.take('a')).isAllowed).toBe(true);
    expect((await here.take('a')).isAllowed).toBe(false);
    await there.giveBack('never taken');
    expect((await there.look('never taken')).remaining).toBe(2);
  });

  test('lets exactly its points pass in a window, tells what is left and begins anew after the window', async () => {
    const limit = instance().limiter.limit({ name: 'exact', points: 3, perSeconds: 1 });
    const verdicts = [];
    for (let i = 0; i < 5; i += 1) verdicts.push(await limit.take('a'));
    expect(verdicts.map(({ isAllowed, remaining }) => [isAllowed, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
      [false, 0],
    ]);
    expect(verdicts[4]?.resetsInSeconds).toBe(1);
    expect((await limit.take('another')).isAllowed).toBe(true);
    await sleep(1050);
    expect(await limit.take('a')).toMatchObject({ isAllowed: true, remaining: 2 });
  });

  test('is one count over two instances, however the requests fall on them', async () => {
    const rule = { name: 'shared', points: 10, perSeconds: 60 };
    const [a, b] = [instance().limiter.limit(rule), instance().limiter.limit(rule)];
    let allowed = 0;
    for (let i = 0; i < 20; i += 1)
      allowed += (await (i % 3 === 0 ? a : b).take('visitor')).isAllowed ? 1 : 0;
    expect(allowed).toBe(10);
  });

  test('never lets more than its points pass when both instances are flooded at once, and wastes 2.5 % each at most', async () => {
    const rule = { name: 'flood', points: 600, perSeconds: 60 };
    const [a, b] = [instance(), instance()];
    const [ofA, ofB] = [a.limiter.limit(rule), b.limiter.limit(rule)];
    let allowed = 0;
    for (let round = 0; round < 40; round += 1) {
      allowed += await allowedOf(
        Array.from({ length: 25 }, () => (round % 2 === 0 ? ofA : ofB).take('attacker')),
      );
      allowed += await allowedOf([ofA.take('attacker'), ofB.take('attacker')]);
    }
    expect(allowed).toBeLessThanOrEqual(600);
    expect(allowed).toBeGreaterThanOrEqual(600 - 2 * 15);
    const before = [a.questions(), b.questions()];
    for (let i = 0; i < 200; i += 1) await Promise.all([ofA.take('attacker'), ofB.take('attacker')]);
    expect([a.questions(), b.questions()]).toEqual(before);
    expect(a.rejected.length + b.rejected.length).toBe(40 * 27 + 400 - allowed);
  });

  test('asks Postgres far less often than it is asked, and once for a visitor of one request', async () => {
    const one = instance();
    const limit = one.limiter.limit({ name: 'questions', points: 600, perSeconds: 60 });
    await limit.take('quiet');
    await sleep(20);
    expect(one.questions()).toBe(1);
    for (let i = 0; i < 300; i += 1) expect((await limit.take('busy')).isAllowed).toBe(true);
    expect(one.questions() - 1).toBeLessThanOrEqual(35);
  });

  test('follows a limit that is changed while it runs', async () => {
    let points = 2;
    const limit = instance().limiter.limit({ name: 'changing', points: () => points, perSeconds: 60 });
    const take = async () => (await limit.take('a')).isAllowed;
    expect([await take(), await take(), await take()]).toEqual([true, true, false]);
    points = 5;
    // The refused request had been counted.
    expect([await take(), await take(), await take()]).toEqual([true, true, false]);
    points = 1;
    expect(await take()).toBe(false);
  });

  test('is counted in memory while Postgres cannot be reached: requests go on, limited', async () => {
    const url = `postgresql://postgres@127.0.0.1:${await freePort()}/none`;
    const limit = instance(url).limiter.limit({ name: 'insured', points: 4, perSeconds: 60 });
    const begun = performance.now();
    expect(await allowedOf(Array.from({ length: 10 }, () => limit.take('a')))).toBe(4);
    expect(performance.now() - begun).toBeLessThan(2500);
  });
});

test('the middleware sets the headers, refuses with 429, and stores no address', async () => {
  const { limiter, rejected } = instance();
  const app = express();
  app.use(
    limiter.middleware({ name: 'http', points: 2, perSeconds: 60, keyOf: (req) => visitorOf(req.ip ?? '') }),
  );
  app.get('/', (_req, res) => void res.send('ok'));
  app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    if (!(error instanceof AppError)) throw error;
    res.set(error.headers).status(error.status).json({ code: error.code, detail: error.message });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const first = await fetch(url);
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-limit')).toBe('2');
    expect(first.headers.get('ratelimit-remaining')).toBe('1');
    expect(first.headers.get('ratelimit-policy')).toBe('2;w=60');
    expect((await fetch(url)).status).toBe(200);
    const refused = await fetch(url);
    expect(refused.status).toBe(429);
    const waitSeconds = Number(refused.headers.get('retry-after'));
    expect(waitSeconds).toBeGreaterThan(50);
    expect(waitSeconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit-reset')).toBe(String(waitSeconds));
    expect(await refused.json()).toEqual({
      code: 'limit.exceeded',
      detail: `Too many requests. Try again in ${waitSeconds} seconds.`,
    });
    expect(rejected).toEqual(['http']);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('the visitor at %s is %s', (address, visitor) => {
  expect(visitorOf(address)).toBe(visitor);
});

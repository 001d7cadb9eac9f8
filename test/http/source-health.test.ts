import type { Request } from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createCountOnce,
  MeasuredSources,
  noteScan,
  ReportsTaken,
  SourceHistory,
  SourcesHealth,
  sourceHealthRoutes,
  sourceReportRoutes,
} from '../../src/features/source-health/index.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command, rows } from '../../src/platform/db.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { problemIn } from '../support/problem-answer.ts';

let database: TestDatabase;
let api: TestApi;
let sources: Record<'a' | 'b' | 'off', string>;
let isShown = true;

/** Each test's clients are its own; the marks of who was counted live as long as the server. */
let crowd = 0;
const clientOf = (req: Request) => `${crowd} ${req.get('x-client') ?? 'nobody'}`;

beforeAll(async () => {
  database = await freshDatabase();
  const { db } = database;
  const deps = { db, settings: { get: () => ({ sourceDisableBelow: 20 }) } };
  const once = createCountOnce({
    redis: null,
    crypto: createCrypto(['a secret that is long enough for tests']),
  });
  api = await startApi((place) => [
    sourceReportRoutes({
      ...{ ...deps, once, clientOf, areSourcesShown: () => isShown },
      limitReports: (_req, _res, next) => next(),
    }),
    sourceHealthRoutes({ ...deps, ...place }),
  ]);
});
beforeEach(async () => {
  crowd += 1;
  isShown = true;
  await database.db.query(command('test.empty')`TRUNCATE source RESTART IDENTITY CASCADE`);
  const added = await database.db.any(rows('test.add', z.object({ id: z.string(), name: z.string() }))`
    INSERT INTO source (name, base_url, is_active, offers) VALUES ('a', 'http://nas.example:8080/secret/films/', true, 'both'),
      ('b', 'ftp://b.example/', true, 'direct'), ('off', 'http://off.example/', false, 'both')
    RETURNING public_id AS id, name
  `);
  const idOf = (name: string) => added.find((source) => source.name === name)?.id ?? '';
  sources = { a: idOf('a'), b: idOf('b'), off: idOf('off') };
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const post = (body: unknown, client = 'one') =>
  api.ask('POST', '/api/sources/health-reports', body, { 'x-client': client });

async function report(ispName: string, isReachable: boolean, client: string, sourceId = sources.a) {
  const answer = await post({ ispName, reports: [{ sourceId, isReachable, responseMs: 90 }] }, client);
  expect(answer.status).toBe(200);
  return ReportsTaken.parse(answer.body);
}

async function healthOf(id = sources.a) {
  const { status, body } = await api.ask('GET', `/api/sources/${id}/health`);
  expect(status).toBe(200);
  return SourceHistory.parse(body);
}

/** As if what was reported so far had been reported so long ago. */
async function age(hours: number): Promise<void> {
  await makeMonths();
  await database.db.query(command('test.age')`
    UPDATE source_health_report SET reported_at = reported_at - make_interval(hours => ${hours})
  `);
}

/** The months of the last 31 days take rows. */
const makeMonths = () =>
  database.db.query(
    command(
      'test.months',
    )`SELECT make_report_month(now() - make_interval(days => d)) FROM generate_series(0, 31) AS d`,
  );

describe('scenario F7', () => {
  test('one provider up and one down is an outage of a provider, all down is offline everywhere, and no address is kept', async () => {
    await report('ISP1', true, 'c1');
    for (const client of ['c2', 'c3']) await report('ISP2', false, client);
    expect(await healthOf()).toMatchObject({ state: 'isp_outage', score: 50 });
    await age(2);
    for (const client of ['c4', 'c5', 'c6']) await report('ISP1', false, client);
    expect(await healthOf()).toMatchObject({ state: 'globally_offline' });
    const columns = await database.db.any(rows('test.columns', z.object({ name: z.string() }))`
      SELECT column_name AS name FROM information_schema.columns
      WHERE table_name = 'source_health_report' AND column_name ~ 'ip$|ip_|addr|client|hash'
    `);
    expect(columns).toEqual([]);
  });

  test('the list of sources tells the same, and a source nobody spoke of has 100', async () => {
    for (const client of ['c1', 'c2']) await report('ISP', false, client);
    await healthOf();
    const list = SourcesHealth.parse((await api.ask('GET', '/api/sources/health')).body);
    expect(list.sources.map(({ name, state, score }) => [name, state, score])).toEqual([
      ['a', 'globally_offline', 0],
      ['b', 'unknown', 100],
      ['off', 'unknown', 100],
    ]);
  });
});

describe('POST /api/sources/health-reports', () => {
  test('counts a client once for each source and hour, whatever provider it names', async () => {
    expect(await report('Home', true, 'c1')).toEqual({ accepted: 1, repeated: 0, ignored: 0, full: 0 });
    expect(await report('Other', false, 'c1')).toMatchObject({ accepted: 0, repeated: 1 });
    expect(await report('Home', true, 'c1', sources.b)).toMatchObject({ accepted: 1 });
    expect(await report('Home', true, 'c2')).toMatchObject({ accepted: 1 });
    const twice = { sourceId: sources.a, isReachable: true };
    const { body } = await post({ ispName: 'Home', reports: [twice, twice] }, 'c3');
    expect(body).toMatchObject({ accepted: 1, repeated: 1 });
  });

  const HOME_ONLY = [
    ['is in a private network', { allowsPrivate: true, offers: 'both', username: null }],
    ['is offered through us only', { allowsPrivate: false, offers: 'proxied', username: null }],
    ['is asked with a login', { allowsPrivate: false, offers: 'direct', username: 'viewer' }],
  ] as const;
  test.each(HOME_ONLY)('does not hear, and names to nobody, a source that %s', async (_what, set) => {
    await database.db.query(command('test.home')`
      UPDATE source SET allows_private = ${set.allowsPrivate}, offers = ${set.offers}, username = ${set.username} WHERE name = 'a'
    `);
    expect(await report('Home', false, 'c1')).toEqual({ accepted: 0, repeated: 0, ignored: 1, full: 0 });
    expect(await report('Home', false, 'c2')).toMatchObject({ ignored: 1 });
    expect(await healthOf()).toMatchObject({ score: 100, state: 'unknown', isps: [] });
    expect((await api.ask('GET', '/api/sources/measured')).body).toEqual({ sources: [] });
  });

  test('hears nobody while the public catalogue does not show sources', async () => {
    isShown = false;
    expect(await report('Home', false, 'c1')).toEqual({ accepted: 0, repeated: 0, ignored: 1, full: 0 });
    isShown = true;
    expect(await report('Home', false, 'c1')).toMatchObject({ accepted: 1 });
  });

  test('tells how many sources it does not know, or are switched off, and needs no sign-in', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    const ids = [sources.a, sources.off, unknown];
    const body = { ispName: 'Home', reports: ids.map((sourceId) => ({ sourceId, isReachable: true })) };
    const answer = await api.ask('POST', '/api/sources/health-reports', body, { Authorization: '' });
    expect([answer.status, answer.body]).toEqual([200, { accepted: 1, repeated: 0, ignored: 2, full: 0 }]);
  });

  const entry = { sourceId: '00000000-0000-4000-8000-000000000000', isReachable: true };
  test.each<[what: string, body: unknown]>([
    ['nothing', undefined],
    ['no report', { ispName: 'x', reports: [] }],
    ['51 reports', { ispName: 'x', reports: Array.from({ length: 51 }, () => entry) }],
    ['a provider without a name', { ispName: '  ', reports: [entry] }],
    ['a name of 101 characters', { ispName: 'x'.repeat(101), reports: [entry] }],
    ['a name that turns writing around', { ispName: 'x\u202ey', reports: [entry] }],
    ['an answer after 30,001 ms', { ispName: 'x', reports: [{ ...entry, responseMs: 30_001 }] }],
    ['an answer before it was asked', { ispName: 'x', reports: [{ ...entry, responseMs: -1 }] }],
    ['half a millisecond', { ispName: 'x', reports: [{ ...entry, responseMs: 0.5 }] }],
    ['an address along with it', { ispName: 'x', reports: [entry], ip: '127.0.0.1' }],
    ['a number for a source', { ispName: 'x', reports: [{ ...entry, sourceId: 1 }] }],
    ['a word for a yes', { ispName: 'x', reports: [{ ...entry, isReachable: 'yes' }] }],
  ])('refuses %s', async (_what, body) => {
    const { status, body: answer } = await post(body);
    expect([status, problemIn(answer).code]).toEqual([400, 'request.invalid']);
  });

  test('takes 50 reports, 100 characters and 30,000 ms', async () => {
    const reports = Array.from({ length: 50 }, () => ({ ...entry, responseMs: 30_000 }));
    expect((await post({ ispName: 'x'.repeat(100), reports })).body).toMatchObject({ ignored: 50 });
  });
});

describe('what one client can do to a score', () => {
  test('a client that invents a provider a day for a month moves it by what one provider weighs', async () => {
    for (const isp of ['One', 'Two', 'Three'])
      for (const client of ['x', 'y']) await report(isp, true, `${isp}${client}`);
    await makeMonths();
    await database.db.query(command('test.invent')`
      INSERT INTO source_health_report (source_id, isp_name, is_reachable, reported_at)
      SELECT 1, 'Invented ' || d, false, now() - make_interval(days => d, mins => 5) FROM generate_series(0, 29) AS d
    `);
    expect(await healthOf()).toMatchObject({ state: 'online', score: 75 });
  });

  test('reports after the first of a day tell the state and are no votes', async () => {
    for (const client of ['c1', 'c2']) await report('Home', true, client);
    await age(20);
    await report('Home', false, 'c9');
    await database.db.query(command('test.more')`
      INSERT INTO source_health_report (source_id, isp_name, is_reachable, is_vote, reported_at)
      SELECT 1, 'home', false, false, now() - make_interval(hours => h) FROM generate_series(1, 9) AS h
    `);
    expect((await healthOf()).score).toBe(66.67);
  });

  test('a name is the same in other letters and with other spaces', async () => {
    await report('  Deutsche   Telekom ', false, 'c1');
    await report('deutsche telekom', false, 'c2');
    const { isps, state } = await healthOf();
    expect(state).toBe('globally_offline');
    expect(isps).toMatchObject([{ ispName: 'Deutsche Telekom', reports: 2, reachable: 0, responseMs: null }]);
  });
});

test('failed scans take 10 each, rest a source below 20, and one that went well forgives them', async () => {
  const deps = { db: database.db, settings: { get: () => ({ sourceDisableBelow: 20 }) } };
  for (let failed = 0; failed < 9; failed += 1) await noteScan(deps, 1, false);
  expect(await healthOf()).toMatchObject({ score: 10, scanFailures: 9, disabledAt: expect.any(String) });
  const isReachable = await database.db.oneFirst(rows('test.reach', z.object({ is: z.boolean() }))`
    SELECT is_reachable AS is FROM source WHERE id = 1
  `);
  expect(isReachable).toBe(false);
  await noteScan(deps, 1, true);
  expect(await healthOf()).toMatchObject({ score: 100, scanFailures: 0, disabledAt: null });
});

test('the history has a line for each of seven providers, and one for all others', async () => {
  for (let index = 0; index < 12; index += 1)
    for (let client = 0; client < 2 + (index < 7 ? 1 : 0); client += 1)
      await report(`ISP ${index}`, true, `${index} ${client}`);
  const { isps } = await healthOf();
  expect(isps.map(({ ispName, reports }) => [ispName, reports])).toEqual([
    ...[0, 1, 2, 3, 4, 5, 6].map((index) => [`ISP ${index}`, 3]),
    [null, 10],
  ]);
});

describe('GET /api/sources/measured', () => {
  const measured = async () =>
    MeasuredSources.parse(
      (await api.ask('GET', '/api/sources/measured', undefined, { Authorization: '' })).body,
    );

  test('tells where active web servers are, and no path', async () => {
    expect(await measured()).toEqual({
      sources: [{ sourceId: sources.a, name: 'a', origin: 'http://nas.example:8080' }],
    });
  });

  test('tells nothing while the public catalogue does not show them', async () => {
    isShown = false;
    expect(await measured()).toEqual({ sources: [] });
  });
});

test.each([
  ['/api/sources/health', 401],
  ['/api/sources/00000000-0000-4000-8000-000000000000/health', 401],
])('%s is the owner’s', async (path, status) => {
  expect((await api.ask('GET', path, undefined, { Authorization: '' })).status).toBe(status);
});

test.each([
  ['1', 400],
  ['00000000-0000-4000-8000-000000000000', 404],
])('the health of source %s is %i', async (id, status) => {
  expect((await api.ask('GET', `/api/sources/${id}/health`)).status).toBe(status);
});

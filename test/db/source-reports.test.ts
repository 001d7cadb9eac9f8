import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createCountOnce,
  type SourceHealthJobsDeps,
  sourceHealthJobs,
} from '../../src/features/source-health/index.ts';
import { forgetReports, insertReports, makeMonth } from '../../src/features/source-health/queries/reports.ts';
import { takeReports } from '../../src/features/source-health/take-reports.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

// Where reports of file servers lie: a partition a month, 30 days of them.

let database: TestDatabase;
let sourceId: number;
const count = z.object({ count: z.int() });
const report = (more: object = {}) => ({
  ...{ sourceId, ispName: 'Home', isReachable: true, responseMs: 20, isVote: true },
  ...more,
});

beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  const { db } = database;
  await db.query(command('test.empty')`TRUNCATE source RESTART IDENTITY CASCADE`);
  for (const name of await months()) await db.query(dropMonth(name));
  await db.query(
    command(
      'test.source',
    )`INSERT INTO source (name, base_url, is_active) VALUES ('a', 'http://a.example/', true)`,
  );
  ({ id: sourceId } = await db.one(rows('test.id', z.object({ id: z.int() }))`SELECT id FROM source`));
});
afterAll(() => database.close());

const dropMonth = (name: string) =>
  command('test.drop')`SELECT forget_reports(now() + interval '1 year') WHERE ${name} <> ''`;

async function months(): Promise<string[]> {
  const found = await database.db.any(rows('test.months', z.object({ name: z.string() }))`
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'months'::regnamespace AND relkind = 'r' ORDER BY 1
  `);
  return found.map(({ name }) => name);
}

/** As if it had been reported so many days ago. */
async function reportedAgo(days: number): Promise<void> {
  await database.db.query(
    command('test.month')`SELECT make_report_month(now() - make_interval(days => ${days}))`,
  );
  await database.db.query(command('test.report')`
    INSERT INTO source_health_report (source_id, isp_name, is_reachable, reported_at)
    VALUES (${sourceId}, ${`${days} days ago`}, true, now() - make_interval(days => ${days}))
  `);
}

async function reportedBy(): Promise<string[]> {
  const found = await database.db.any(rows('test.reports', z.object({ name: z.string() }))`
    SELECT isp_name AS name FROM source_health_report ORDER BY reported_at
  `);
  return found.map(({ name }) => name);
}

/** `YYYY_MM` of a moment so many days ago, as partitions are called. */
const monthOf = (days: number) =>
  `source_health_report_${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 7).replace('-', '_')}`;

describe('scenario F9, the reports', () => {
  test('a partition of two months ago goes whole, 31 days go, 29 days stay', async () => {
    for (const days of [75, 31, 29, 0]) await reportedAgo(days);
    expect(await months()).toContain(monthOf(75));
    const { months: dropped } = await forgetReports(database.db);
    expect(dropped).toBeGreaterThanOrEqual(1);
    expect(await months()).not.toContain(monthOf(75));
    expect(await reportedBy()).toEqual(['29 days ago', '0 days ago']);
    expect(await forgetReports(database.db)).toEqual({ months: 0, reports: 0 });
  });

  test('the job of each night does it, and makes this month and the next ready', async () => {
    for (const days of [75, 31, 29]) await reportedAgo(days);
    const [job] = sourceHealthJobs.filter(({ name }) => name === 'source_health.retain');
    const deps: SourceHealthJobsDeps = {
      db: database.db,
      settings: { get: () => ({ sourceDisableBelow: 20, brokenLinks: 'keep' as const }) },
      ...{
        log: createLog('silent'),
        kinds: { get: () => undefined },
        probeOf: () => null,
        listerOf: async () => null,
      },
    };
    await job?.run(
      {},
      { ...deps, log: createLog('silent'), signal: new AbortController().signal, attempt: 1 },
    );
    expect(await reportedBy()).toEqual(['29 days ago']);
    const made = await months();
    expect(made).toContain(monthOf(0));
    expect(made).toHaveLength(new Set([monthOf(29), monthOf(0), 'the next']).size);
  });
});

test('the table has no column an address would fit in', async () => {
  const columns = await database.db.any(rows('test.columns', z.object({ name: z.string() }))`
    SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'source_health_report' ORDER BY 1
  `);
  expect(columns.map(({ name }) => name)).toEqual([
    ...['id', 'is_reachable', 'is_vote', 'isp_name', 'origin', 'reported_at', 'response_ms', 'source_id'],
  ]);
});

test('the first report of a month makes its partition, however many come at once', async () => {
  expect(await months()).toEqual([]);
  const inserted = await Promise.all([1, 2, 3, 4].map(() => insertReports(database.db, [report()])));
  expect(inserted).toEqual([1, 2, 3, 4].map(() => [sourceId]));
  expect(await months()).toEqual([monthOf(0)]);
  await makeMonth(database.db, 0);
  expect(await months()).toEqual([monthOf(0)]);
});

test('of one source and hour 200 reports are kept, whoever sends them; others have their own room', async () => {
  let kept = 0;
  for (let sent = 0; sent < 205; sent += 1) kept += (await insertReports(database.db, [report()])).length;
  expect(kept).toBe(200);
  await database.db.query(
    command('test.other')`INSERT INTO source (name, base_url) VALUES ('b', 'http://b.example/')`,
  );
  const { count: other } = await database.db.one(rows('test.other_id', count)`
    SELECT id AS count FROM source WHERE name = 'b'
  `);
  expect(await insertReports(database.db, [report(), report({ sourceId: other })])).toEqual([other]);
});

test('who found no room in an hour has its vote of the day still; who found some has not', async () => {
  const once = createCountOnce({
    redis: null,
    crypto: createCrypto(['a secret for tests that is long enough']),
  });
  const settings = { get: () => ({ sourceDisableBelow: 20 }) };
  const deps = { db: database.db, once, settings, areSourcesShown: () => true };
  const { publicId } = await database.db.one(rows('test.reached', z.object({ publicId: z.uuid() }))`
    UPDATE source SET offers = 'direct' RETURNING public_id AS "publicId"
  `);
  const take = () =>
    takeReports(
      deps,
      { ispName: 'Mine', reports: [{ sourceId: publicId, isReachable: true, responseMs: 9 }] },
      '192.0.2.7',
    );
  const hourPasses = async () => {
    await once.forget(`192.0.2.7 ${sourceId} hour`);
    await database.db.query(
      command('test.hour')`UPDATE source_health_report SET reported_at = reported_at - interval '61 minutes'`,
    );
  };
  await makeMonth(database.db, -1);
  for (let sent = 0; sent < 200; sent += 1) await insertReports(database.db, [report()]);
  expect(await take()).toMatchObject({ accepted: 0, full: 1 });
  await hourPasses();
  expect(await take()).toMatchObject({ accepted: 1, full: 0 });
  await hourPasses();
  expect(await take()).toMatchObject({ accepted: 1, full: 0 });
  const votes = await database.db.any(rows('test.votes', z.object({ isVote: z.boolean() }))`
    SELECT is_vote AS "isVote" FROM source_health_report WHERE isp_name = 'Mine' ORDER BY reported_at
  `);
  expect(votes.map(({ isVote }) => isVote)).toEqual([true, false]);
});

test('another rule that is broken is no missing month', async () => {
  const refused = insertReports(database.db, [report({ responseMs: 30_001 })]);
  await expect(refused).rejects.toMatchObject({ constraint: 'source_health_report_response_ms_check' });
});

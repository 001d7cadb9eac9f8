import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type UpkeepDeps, upkeepJobs } from '../../src/features/upkeep/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { type JobRun, type Jobs, startJobs } from '../../src/platform/jobs.ts';
import { createLog } from '../../src/platform/log.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
let database: TestDatabase;
let jobs: Jobs;
const lent: string[] = [];
const runs: JobRun[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  const lend = (name: string) => async () => lent.push(name);
  const deps: UpkeepDeps = {
    db: database.db,
    expireStreams: lend('expireStreams'),
    forgetOldPlays: lend('forgetOldPlays'),
    forgetEndedStreams: lend('forgetEndedStreams'),
    dropOrphanStreams: lend('dropOrphanStreams'),
    settleTiers: lend('settleTiers'),
    forgetProgrammes: async () => {
      lent.push('forgetProgrammes');
      return 0;
    },
    resealStreams: async () => {
      lent.push('resealStreams');
      return { resealed: 0, lost: 0 };
    },
    backup: lend('backup'),
  };
  jobs = startJobs({
    url: database.url,
    jobs: upkeepJobs,
    deps,
    role: 'all',
    log,
    onRun: (run) => runs.push(run),
  });
});
afterAll(async () => {
  await jobs.stop();
  await database.close();
});

async function runNow(name: string): Promise<void> {
  const before = runs.length;
  await jobs.add(name);
  await waitUntil(() => runs.length > before, { what: `${name} runs`, timeoutMs: 10_000 });
  expect(runs.at(-1)).toMatchObject({ name, isError: false });
}

test('each job runs without a payload, and those of other rooms use what was lent', async () => {
  for (const { name } of upkeepJobs) await runNow(name);
  expect(lent).toEqual([
    'expireStreams',
    'forgetOldPlays',
    'resealStreams',
    'forgetEndedStreams',
    'settleTiers',
    'forgetProgrammes',
    'backup',
    'dropOrphanStreams',
  ]);
  expect(upkeepJobs.every(({ every, catchUpMs }) => every !== null && catchUpMs >= 3_600_000)).toBe(true);
});

test('ended windows of rate limits go, running ones stay', async () => {
  await database.db.query(command('test.limits')`
    INSERT INTO rate_limit (key, points, expire)
    SELECT 'old:' || i, 1, ${Date.now() - 1000} FROM generate_series(1, 12000) AS i
  `);
  await database.db.query(command('test.limit')`
    INSERT INTO rate_limit (key, points, expire) VALUES ('running', 3, ${Date.now() + 60_000})
  `);
  await runNow('upkeep.forget_limits');
  const left =
    await database.db.any(rows('test.left', z.object({ key: z.string() }))`SELECT key FROM rate_limit`);
  expect(left).toEqual([{ key: 'running' }]);
});

test('what instances shared goes a minute after its end, what lives stays', async () => {
  await database.db.query(command('test.values')`
    INSERT INTO shared_value (space, key, token, ends_at)
    SELECT 'a', 'ended ' || i, 'x', now() - interval '2 minutes' FROM generate_series(1, 12000) AS i
    UNION ALL SELECT 'a', 'released', 'x', '-infinity'
    UNION ALL SELECT 'a', 'lives', 'x', now() + interval '1 minute'
  `);
  await runNow('upkeep.forget_ended');
  const left = await database.db.any(
    rows('test.values_left', z.object({ key: z.string() }))`SELECT key FROM shared_value`,
  );
  expect(left).toEqual([{ key: 'lives' }]);
});

test('jobs given up two weeks ago go, younger ones stay', async () => {
  await database.db.query(command('test.jobs')`
    SELECT graphile_worker.add_job('another.program', '{}'::json, job_key => 'job ' || i, max_attempts => 1)
    FROM generate_series(1, 2) AS i
  `);
  await database.db.query(command('test.age')`
    UPDATE graphile_worker._private_jobs
    SET attempts = 1, updated_at = now() - CASE WHEN key = 'job 1' THEN interval '15 days' ELSE interval '13 days' END
    WHERE key LIKE 'job %'
  `);
  await runNow('upkeep.forget_jobs');
  const left = await database.db.any(
    rows(
      'test.kept',
      z.object({ key: z.string() }),
    )`SELECT key FROM graphile_worker.jobs WHERE key IS NOT NULL`,
  );
  expect(left).toEqual([{ key: 'job 2' }]);
});

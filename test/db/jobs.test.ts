import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  defineJob,
  type Job,
  type JobContext,
  type JobRun,
  type Jobs,
  startJobs,
} from '../../src/platform/jobs.ts';
import { createLog } from '../../src/platform/log.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
let database: TestDatabase;
const running: Jobs[] = [];

beforeEach(async () => {
  database = await freshDatabase({ isEmpty: true });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((jobs) => jobs.stop()));
  await database.close();
});

type Deps = { seen: string[]; who: string };
type Context = JobContext & Deps;

/** One instance of the program that runs (or only adds) these jobs. */
function instance(
  who: string,
  jobs: Job<Context>[],
  more: { role?: 'all' | 'web' | 'worker'; after?: Promise<unknown>; onRun?: (run: JobRun) => void } = {},
) {
  const seen: string[] = [];
  const { role = 'all' } = more;
  const started = startJobs({
    url: database.url,
    jobs,
    deps: { seen, who },
    log,
    pollIntervalMs: 200,
    ...more,
    role,
  });
  running.push(started);
  return { jobs: started, seen };
}

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const note = defineJob({
  name: 'test.note',
  payload: z.object({ text: z.string() }),
  run: async ({ text }, { seen }: Context) => void seen.push(text),
});

describe('two instances on one database', () => {
  test('start at once on an empty database and run each of fifty jobs exactly once', async () => {
    const [a, b] = [instance('a', [note]), instance('b', [note])];
    const texts = Array.from({ length: 50 }, (_, i) => `job ${i}`);
    await Promise.all(texts.map((text, i) => (i % 2 === 0 ? a : b).jobs.add('test.note', { text })));
    await waitUntil(() => a.seen.length + b.seen.length >= 50, { what: 'all have run', timeoutMs: 10_000 });
    await sleep(300);
    expect([...a.seen, ...b.seen].sort()).toEqual([...texts].sort());
  });

  test('run a scheduled job once a tick, and make up for the tick that was missed while nobody ran jobs', async () => {
    // Half an hour away from now, so that no tick falls into the test itself.
    const minute = (new Date().getUTCMinutes() + 30) % 60;
    const hourly = defineJob({
      name: 'test.hourly',
      every: `${minute} * * * *`,
      catchUpMs: 3_600_000,
      payload: z.strictObject({}),
      run: async (_payload, { seen }: Context) => void seen.push('tick'),
    });
    const first = instance('first', [hourly]);
    await waitUntil(async () => (await query(KNOWN_CRONTABS).catch(() => [])).length === 1, {
      what: 'the schedule',
      timeoutMs: 10_000,
    });
    await first.jobs.stop();
    expect(first.seen).toEqual([]);
    await query(
      `UPDATE graphile_worker._private_known_crontabs SET known_since = now() - interval '4 hours'`,
    );
    const [a, b] = [instance('a', [hourly]), instance('b', [hourly])];
    await waitUntil(() => a.seen.length + b.seen.length > 0, { what: 'the run', timeoutMs: 10_000 });
    await sleep(500);
    expect([...a.seen, ...b.seen]).toEqual(['tick']);
    expect(await query(`SELECT id FROM graphile_worker.jobs`)).toEqual([]);
  });

  test('share the work of one that only adds', async () => {
    const web = instance('web', [note], { role: 'web' });
    const worker = instance('worker', [note], { role: 'worker' });
    await web.jobs.add('test.note', { text: 'from the web' });
    await waitUntil(() => worker.seen.length > 0, { what: 'the worker runs it', timeoutMs: 10_000 });
    expect([web.seen, worker.seen]).toEqual([[], ['from the web']]);
  });
});

describe('a job', () => {
  test('that fails is tried again after a while, and its error is kept without secrets', async () => {
    const runs: JobRun[] = [];
    const flaky = defineJob({
      name: 'test.flaky',
      payload: z.object({}),
      run: async (_payload, { seen, attempt }: Context) => {
        seen.push(`attempt ${attempt}`);
        if (attempt === 1) throw new Error('cannot reach http://user:hunter2@origin.test/a?token=abc');
      },
    });
    const a = instance('a', [flaky], { onRun: (run) => runs.push(run) });
    await a.jobs.add('test.flaky');
    await waitUntil(() => a.seen.length === 1, { what: 'the first attempt', timeoutMs: 10_000 });
    const errors = await waitUntil(
      async () => {
        const found = await query(
          `SELECT last_error AS error FROM graphile_worker.jobs WHERE last_error IS NOT NULL`,
        );
        return found.length > 0 && found;
      },
      { what: 'the failure is stored', timeoutMs: 5000 },
    );
    expect(String(errors[0]?.error)).toContain('cannot reach http://');
    expect(String(errors[0]?.error)).not.toMatch(/hunter2|abc/);
    await waitUntil(() => a.seen.length === 2, { what: 'the second attempt', timeoutMs: 10_000 });
    expect(a.seen).toEqual(['attempt 1', 'attempt 2']);
    await waitUntil(() => runs.length === 2, { what: 'both runs are told', timeoutMs: 2000 });
    expect(runs.map(({ name, isError }) => [name, isError])).toEqual([
      ['test.flaky', true],
      ['test.flaky', false],
    ]);
  });

  test('with a key waits once, with what was added last; without one each waits', async () => {
    const a = instance('a', [note], { role: 'web' });
    const runAt = new Date(Date.now() + 3_600_000);
    for (const text of ['first', 'second']) await a.jobs.add('test.note', { text }, { key: 'one', runAt });
    await a.jobs.add('test.note', { text: 'third' }, { runAt });
    expect(await query(`SELECT count(*)::int AS waiting FROM graphile_worker.jobs`)).toEqual([
      { waiting: 2 },
    ]);
    const payloads = await query(
      `SELECT payload->>'text' AS text FROM graphile_worker._private_jobs ORDER BY text`,
    );
    expect(payloads.map(({ text }) => text)).toEqual(['second', 'third']);
  });

  test('of a wrong payload or an unknown name is refused when it is added', async () => {
    const a = instance('a', [note], { role: 'web' });
    await expect(a.jobs.add('test.note', { text: 1 })).rejects.toThrow(z.ZodError);
    await expect(a.jobs.add('test.other')).rejects.toThrow('no job is called test.other');
  });

  test('does not begin before the server listens, unless one is added', async () => {
    const gate = Promise.withResolvers<void>();
    const a = instance('a', [note], { after: gate.promise });
    await sleep(200);
    expect(await query(SCHEMA)).toEqual([]);
    gate.resolve();
    await waitUntil(async () => (await query(SCHEMA)).length === 1, { what: 'it begins', timeoutMs: 10_000 });
    const never = instance('b', [note], { after: new Promise(() => undefined) });
    await never.jobs.add('test.note', { text: 'early' });
    await waitUntil(() => a.seen.length + never.seen.length === 1, { what: 'it runs', timeoutMs: 10_000 });
  });
});

describe('stopping', () => {
  const slow = (heeds: boolean) =>
    defineJob({
      name: 'test.slow',
      payload: z.object({}),
      run: async (_payload, { seen, who, signal }: Context) => {
        seen.push(`${who} begins`);
        await sleep(who === 'b' ? 1 : 30_000, undefined, heeds ? { signal } : { ref: false });
        seen.push(`${who} ends`);
      },
    });

  test('aborts a running job after a second, and another instance does it later', async () => {
    const a = instance('a', [slow(true)]);
    await a.jobs.add('test.slow');
    await waitUntil(() => a.seen.length === 1, { what: 'it runs', timeoutMs: 10_000 });
    const begun = performance.now();
    await a.jobs.stop();
    expect(performance.now() - begun).toBeLessThan(4000);
    const b = instance('b', [slow(true)]);
    await waitUntil(() => b.seen.length === 2, { what: 'the other does it', timeoutMs: 10_000 });
    expect([...a.seen, ...b.seen]).toEqual(['a begins', 'b begins', 'b ends']);
  });

  test('does not wait for a job that heeds nothing: it is given back', async () => {
    const a = instance('a', [slow(false)]);
    await a.jobs.add('test.slow');
    await waitUntil(() => a.seen.length === 1, { what: 'it runs', timeoutMs: 10_000 });
    const begun = performance.now();
    await a.jobs.stop();
    expect(performance.now() - begun).toBeLessThan(8000);
    expect(await query(`SELECT attempts, locked_at, last_error FROM graphile_worker.jobs`)).toEqual([
      { attempts: 1, locked_at: null, last_error: 'the program stopped' },
    ]);
  });

  test('leaves no session behind and refuses what is added afterwards', async () => {
    const a = instance('a', [note]);
    await a.jobs.add('test.note', { text: 'x' });
    await a.jobs.stop();
    await a.jobs.stop();
    await waitUntil(async () => (await query(SESSIONS)).length === 0, {
      what: 'all sessions end',
      timeoutMs: 5000,
    });
    await expect(a.jobs.add('test.note', { text: 'y' })).rejects.toMatchObject({ code: 'jobs.unavailable' });
  });
});

test('jobs go on after every connection was cut', async () => {
  const a = instance('a', [note]);
  await a.jobs.add('test.note', { text: 'before' });
  await waitUntil(() => a.seen.length === 1, { what: 'the first runs', timeoutMs: 10_000 });
  await query(`SELECT pg_terminate_backend(pid) FROM (${SESSIONS}) s`);
  await waitUntil(
    async () => {
      await a.jobs.add('test.note', { text: 'after' }, { key: 'after' }).catch(() => undefined);
      return a.seen.includes('after');
    },
    { what: 'a later one runs', timeoutMs: 15_000, everyMs: 300 },
  );
});

const KNOWN_CRONTABS = `SELECT identifier FROM graphile_worker._private_known_crontabs`;
const SCHEMA = `SELECT 1 FROM pg_namespace WHERE nspname = 'graphile_worker'`;
const SESSIONS = `SELECT pid FROM pg_stat_activity WHERE application_name = 'tributary jobs' AND datname = current_database()`;

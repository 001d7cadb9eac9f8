import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { Router } from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createBudget } from '../../src/platform/budget.ts';
import { createCache } from '../../src/platform/cache.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createHealthHistory } from '../../src/platform/health-history.ts';
import { createLog } from '../../src/platform/log.ts';
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { serverFacts } from '../../src/platform/queries.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
let metrics: Metrics;
let database: TestDatabase;
let notify: Notify;

beforeAll(async () => {
  metrics = createMetrics();
  database = await freshDatabase({ onStatement: metrics.onStatement });
  notify = createNotify({ url: database.url, log });
  await waitUntil(() => notify.isConnected(), { what: 'it listens', timeoutMs: 10_000 });
  const cache = createCache({ redis: null, db: database.db, notify, log });
  metrics.watch({ db: database.db, cache, redis: null, notify });
  const space = cache.space('title', { ttlMs: 60_000, maxEntries: 10, schema: z.string() });
  for (let i = 0; i < 3; i += 1) await space.get('a', async () => 'value');
});
afterAll(async () => {
  metrics.close();
  await notify.close();
  await database.close();
});

/** A figure of the scrape by its name and labels, or null. */
async function figure(nameAndLabels: string): Promise<number | null> {
  const { body } = await metrics.render();
  const line = body.split('\n').find((each) => each.startsWith(`${nameAndLabels} `));
  return line === undefined ? null : Number(line.slice(nameAndLabels.length + 1));
}

test('statements are counted by name with their time, rows and errors', async () => {
  const numbers = rows('test.numbers', z.object({ n: z.int() }))`SELECT generate_series(1, 5) AS n`;
  await database.db.any(numbers);
  await database.db.any(numbers);
  await expect(database.db.query(command('test.broken')`SELECT 1 / 0`)).rejects.toThrow();
  expect(await figure('tributary_statement_seconds_count{statement="test.numbers"}')).toBe(2);
  expect(await figure('tributary_statement_rows_total{statement="test.numbers"}')).toBe(10);
  expect(await figure('tributary_statement_errors_total{statement="test.broken"}')).toBe(1);
});

test('requests are counted by the pattern of their route, never by path; hung-up ones too', async () => {
  const app = express().use(metrics.countRequests);
  const api = Router().get('/media/:id', (_req, res) => void res.json({}));
  const install = Router().get('/stream/:type/:id.json', (_req, res) => void res.status(404).end());
  app.use('/api', api).use('/:install', install);
  app.get('/play/:resource/:token', (_req, res) => void res.writeHead(206).end('bytes'));
  app.get('/never', () => undefined);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const paths = [
      '/api/media/42',
      '/secret-install/stream/movie/tt1.json',
      '/play/abc/secret-token',
      '/nowhere',
    ];
    for (const path of paths) await (await fetch(base + path)).arrayBuffer();
    await expect(fetch(`${base}/never`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    const count = 'tributary_http_request_seconds_count';
    await waitUntil(async () => (await figure(`${count}{method="GET",route="/never",status="499"}`)) === 1, {
      what: 'the hung-up request is counted',
      timeoutMs: 2000,
    });
    expect(await figure(`${count}{method="GET",route="/api/media/:id",status="200"}`)).toBe(1);
    expect(await figure(`${count}{method="GET",route="/…/stream/:type/:id.json",status="404"}`)).toBe(1);
    expect(await figure(`${count}{method="GET",route="/play/:resource/:token",status="206"}`)).toBe(1);
    expect(await figure(`${count}{method="GET",route="unmatched",status="404"}`)).toBe(1);
    expect((await metrics.render()).body).not.toContain('secret');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('the scrape tells of cache, pool, tables, jobs, limits, bytes and the process', async () => {
  metrics.onRejected('addon');
  metrics.onDropped('stream', 'url');
  metrics.onBytes('torrent', 1_000_000);
  metrics.onRun({ name: 'test.job', durationMs: 20, isError: false });
  expect(await figure('tributary_rate_limit_rejected_total{limit="addon"}')).toBe(1);
  expect(await figure('tributary_addon_dropped_total{resource="stream",reason="url"}')).toBe(1);
  expect(await figure('tributary_sent_bytes_total{kind="torrent"}')).toBe(1_000_000);
  expect(await figure('tributary_job_seconds_count{job="test.job",outcome="ok"}')).toBe(1);
  expect(await figure('tributary_cache_requests_total{space="title",answer="memory"}')).toBe(2);
  expect(await figure('tributary_cache_requests_total{space="title",answer="loaded"}')).toBe(1);
  expect(await figure('tributary_cache_entries{space="title"}')).toBe(1);
  expect(await figure('tributary_db_pool_connections{state="idle"}')).toBeGreaterThanOrEqual(1);
  expect(await figure('tributary_notify_up')).toBe(1);
  expect(await figure('tributary_table_bytes{table="licence"}')).toBeGreaterThan(8000);
  expect(await figure('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  expect(await figure('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  const { contentType } = await metrics.render();
  expect(contentType).toContain('text/plain');
  // Three scrapes and more within a minute ask for the sizes once.
  expect(await figure('tributary_statement_seconds_count{statement="platform.table_sizes"}')).toBe(1);
});

test('the byte path tells of first bytes, seeks, resumes, caches, errors, buffers and running streams by kind', async () => {
  const budget = createBudget({ limitBytes: 2 ** 28 });
  const share = budget.open(2 ** 22);
  share.hold(70_000);
  budget
    .openCache(2 ** 20, () => {})
    .keep()
    .grow(9000);
  let running = new Map([['usenet', 2]]);
  metrics.watchStreams({ budget, runningByKind: () => running });
  metrics.onFirstByte('usenet', 0, 0.02);
  metrics.onFirstByte('usenet', 500, 0.2);
  metrics.onBytes('usenet', 10);
  metrics.onReceived('usenet', 12);
  metrics.onResumed('usenet');
  metrics.onCacheAsked('hls', true);
  metrics.onCacheAsked('hls', false);
  metrics.onStreamError('usenet', 'usenet.missing');
  const labels = '{kind="usenet"}';
  expect(await figure(`tributary_play_first_byte_seconds_count${labels}`)).toBe(2);
  expect(await figure(`tributary_play_seek_seconds_count${labels}`)).toBe(1);
  expect(await figure(`tributary_play_seek_seconds_sum${labels}`)).toBe(0.2);
  expect(await figure(`tributary_sent_bytes_total${labels}`)).toBe(10);
  expect(await figure(`tributary_received_bytes_total${labels}`)).toBe(12);
  expect(await figure(`tributary_play_resumes_total${labels}`)).toBe(1);
  expect(await figure('tributary_byte_cache_requests_total{kind="hls",answer="hit"}')).toBe(1);
  expect(await figure('tributary_byte_cache_requests_total{kind="hls",answer="miss"}')).toBe(1);
  expect(await figure('tributary_stream_errors_total{kind="usenet",code="usenet.missing"}')).toBe(1);
  expect(await figure(`tributary_streams_running${labels}`)).toBe(2);
  expect(await figure('tributary_stream_buffer_bytes')).toBe(70_000);
  expect(await figure('tributary_segment_cache_bytes')).toBe(9000);
  expect(await figure('tributary_stream_buffer_limit_bytes')).toBe(2 ** 28);
  expect(await figure('tributary_stream_buffer_shares')).toBe(1);
  expect(await figure('tributary_event_loop_p99_seconds')).toBeGreaterThanOrEqual(0);
  running = new Map();
  expect(await figure(`tributary_streams_running${labels}`)).toBe(0);
});

/** Nothing else runs meanwhile. */
function blockLoop(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('the lag of the event loop is that since the last scrape, without the scrape and the pace of looking', async () => {
  const own = createMetrics();
  const lag = async () => {
    const { body } = await own.render();
    const of = (name: string) =>
      1000 *
      Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(body)?.[1] ?? Number.NaN);
    return { p50Ms: of('p50'), p99Ms: of('p99'), maxMs: of('max') };
  };
  let scrapeMs = 0;
  own.watchStreams({
    budget: createBudget({ limitBytes: 2 ** 28 }),
    runningByKind() {
      blockLoop(scrapeMs);
      return new Map();
    },
  });
  try {
    await sleep(100);
    blockLoop(400);
    await sleep(100);
    const busy = await lag();
    expect(busy.maxMs).toBeGreaterThan(300);
    expect(busy.p99Ms).toBeGreaterThan(300);
    expect(busy.p50Ms).toBeLessThan(100);
    scrapeMs = 400;
    await lag();
    // A quiet time of a busy machine: one of five has no lag of its own.
    let quietest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5 && quietest > 100; round += 1) {
      await sleep(300);
      const quiet = await lag();
      quietest = Math.min(quietest, quiet.maxMs);
      expect(quiet.p50Ms).toBeLessThan(15);
    }
    expect(quietest).toBeLessThan(100);
  } finally {
    own.close();
  }
});

test('codes that never end do not make labels without end', async () => {
  for (let index = 0; index < 300; index += 1) metrics.onStreamError('http', `strange.${index}`);
  const { body } = await metrics.render();
  const lines = body.split('\n').filter((line) => line.startsWith('tributary_stream_errors_total{'));
  expect(lines.length).toBeLessThanOrEqual(102);
  expect(await figure('tributary_stream_errors_total{kind="http",code="other"}')).toBeGreaterThan(190);
});

test('the health history holds what happened between two samples', async () => {
  const history = createHealthHistory({ everyMs: 40 });
  try {
    for (let i = 0; i < 6; i += 1) history.countRequest();
    history.countBytes(125_000);
    history.countStatement(40);
    const [first] = await waitUntil(() => history.list().length >= 2 && history.list(), {
      what: 'two samples',
      timeoutMs: 5000,
    });
    expect(first?.requestsPerMinute).toBeGreaterThan(500);
    expect(first?.mbitPerSecond).toBeGreaterThan(1);
    expect(first?.dbBusy).toBeGreaterThan(0.05);
    expect(first?.rssMib).toBeGreaterThan(10);
    expect(Math.abs((first?.at ?? 0) - Date.now())).toBeLessThan(10_000);
    const last = await waitUntil(() => history.list().length >= 4 && history.list().at(-1), {
      what: 'a quiet sample',
      timeoutMs: 5000,
    });
    expect(last).toMatchObject({ requestsPerMinute: 0, mbitPerSecond: 0, dbBusy: 0 });
  } finally {
    history.close();
  }
});

test('the server tells its version, encoding, clock and whether it knows other scripts', async () => {
  const facts = await serverFacts(database.db);
  expect(facts.versionNumber).toBeGreaterThanOrEqual(150_000);
  expect(facts.encoding).toBe('UTF8');
  expect(Math.abs(facts.now.getTime() - Date.now())).toBeLessThan(60_000);
});

import type { Request, RequestHandler } from 'express';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Cache } from './cache.ts';
import type { Pool, StatementObserver } from './db.ts';
import { createLagMeter, type Lag } from './event-loop-lag.ts';
import { createFinderMetrics, type FinderMetrics } from './finder-metrics.ts';
import { createHealthHistory, type HealthSample } from './health-history.ts';
import type { JobRun } from './jobs.ts';
import type { Notify } from './notify.ts';
import { createPlayMetrics, type PlayMetrics } from './play-metrics.ts';
import { jobCounts, tableSizes } from './queries.ts';
import type { Redis } from './redis.ts';
import { createTalliedHistogram } from './tallied-histogram.ts';
import { createTorrentMetrics, type TorrentMetrics } from './torrent-metrics.ts';
import { createUsenetMetrics, type UsenetMetrics } from './usenet-metrics.ts';

/** What is asked when someone scrapes. */
type Watched = { db: Pool; cache: Cache; redis: Redis | null; notify: Notify };

export type Metrics = PlayMetrics & {
  torrents: TorrentMetrics;
  usenet: Pick<UsenetMetrics, 'watchProviders'>;
  finders: FinderMetrics;
  /** For `openDb`. */
  onStatement: StatementObserver;
  onRejected(limit: string): void;
  onDropped(resource: string, reason: string): void;
  onRun(run: JobRun): void;
  /** First of all middleware: counts each request by its route's pattern and takes the time to its answer's head. */
  countRequests: RequestHandler;
  /** The same for a request that Express never saw; 499: the client hung up before there was an answer. */
  onAnswered(method: string, route: string, status: number, seconds: number): void;
  watch(watched: Watched): void;
  /** Prometheus' text format. Sizes of tables and counts of jobs are up to a minute old. */
  render(): Promise<{ contentType: string; body: string }>;
  history(): HealthSample[];
  close(): void;
};

const SAMPLE_MS = 60_000;
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const JOB_SECONDS = [0.01, 0.1, 1, 10, 60, 600];
/** A label that grows with what strangers send would grow the memory: past this many, `other`. */
const MAX_LABELS = 300;

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaults(registry);
  const history = createHealthHistory();
  const own = instruments(registry);
  const play = createPlayMetrics(registry);
  const torrents = createTorrentMetrics(registry);
  const usenet = createUsenetMetrics(registry);
  const finders = createFinderMetrics(registry);
  const lag = createLagMeter();
  const routes = boundedLabels();
  let watched: Watched | null = null;
  let sampledAt = Number.NEGATIVE_INFINITY;

  const instrumentsOf = (statement: string) => ({
    seconds: own.statementSeconds.series(statement),
    rows: own.statementRows.labels(statement),
  });
  /** Looked up once a name: finding an instrument by its labels costs more than counting. */
  const statements = new Map<string, ReturnType<typeof instrumentsOf>>();

  function statementOf(name: string) {
    const known = statements.get(name);
    if (known !== undefined) return known;
    const made = instrumentsOf(name);
    statements.set(name, made);
    return made;
  }

  function onAnswered(method: string, route: string, status: number, seconds: number): void {
    history.countRequest();
    own.requestSeconds.series(method, routes(route), String(status)).observe(seconds);
  }

  function record(req: Request, status: number, begunAt: number): void {
    onAnswered(req.method, patternOf(req), status, (performance.now() - begunAt) / 1000);
  }

  async function sample({ db }: Watched): Promise<void> {
    if (performance.now() - sampledAt < SAMPLE_MS) return;
    sampledAt = performance.now();
    const [tables, jobs] = await Promise.all([tableSizes(db), jobCounts(db)]);
    own.tableRows.reset();
    own.tableBytes.reset();
    own.jobs.reset();
    for (const { table, rows, sizeBytes } of tables) {
      own.tableRows.set({ table }, rows);
      own.tableBytes.set({ table }, sizeBytes);
    }
    for (const { job, waiting, running, failed } of jobs)
      for (const [state, count] of Object.entries({ waiting, running, failed }))
        own.jobs.set({ job, state }, count);
  }

  function look({ db, cache, redis, notify }: Watched): void {
    const pool = db.state();
    own.poolConnections.set({ state: 'acquired' }, pool.acquiredConnections);
    own.poolConnections.set({ state: 'idle' }, pool.idleConnections);
    own.poolConnections.set({ state: 'pending' }, pool.pendingConnections);
    own.poolWaiting.set(pool.waitingClients);
    own.notifyUp.set(notify.isConnected() ? 1 : 0);
    if (redis !== null) own.redisUp.set(redis.isUp() ? 1 : 0);
    own.cacheAsked.reset();
    for (const { name: space, hits, sharedHits, misses, size, sizeBytes } of cache.stats()) {
      own.cacheAsked.inc({ space, answer: 'memory' }, hits);
      own.cacheAsked.inc({ space, answer: 'shared' }, sharedHits);
      own.cacheAsked.inc({ space, answer: 'loaded' }, misses);
      own.cacheEntries.set({ space }, size);
      own.cacheBytes.set({ space }, sizeBytes);
    }
  }

  function setLag({ p50Ms, p90Ms, p99Ms, maxMs }: Lag): void {
    own.lagP50.set(p50Ms / 1000);
    own.lagP90.set(p90Ms / 1000);
    own.lagP99.set(p99Ms / 1000);
    own.lagMax.set(maxMs / 1000);
  }

  return {
    ...play,
    torrents,
    usenet,
    finders,
    onAnswered,
    onStatement({ name, durationMs, rowCount, isError }) {
      history.countStatement(durationMs);
      const statement = statementOf(name);
      statement.seconds.observe(durationMs / 1000);
      statement.rows.inc(rowCount);
      if (isError) own.statementErrors.inc({ statement: name });
    },
    onRejected: (limit) => own.rejected.inc({ limit }),
    onDropped: (resource, reason) => own.dropped.inc({ resource, reason }),
    onBytes(kind, sizeBytes) {
      history.countBytes(sizeBytes);
      play.onBytes(kind, sizeBytes);
    },
    onRun: ({ name, durationMs, isError }) =>
      own.jobSeconds.series(name, isError ? 'error' : 'ok').observe(durationMs / 1000),
    countRequests(req, res, next) {
      const begunAt = performance.now();
      const writeHead = res.writeHead;
      let isRecorded = false;
      const recordOnce = (status: number) => {
        if (isRecorded) return;
        isRecorded = true;
        record(req, status, begunAt);
      };
      // Node's own answer to "when does the head go out": every answer, explicit or not, passes here.
      res.writeHead = new Proxy(writeHead, {
        apply(target, self, args) {
          recordOnce(Number(args[0]));
          return Reflect.apply(target, self, args);
        },
      });
      // 499: the client hung up before there was an answer.
      res.once('close', () => recordOnce(499));
      next();
    },
    watch(parts) {
      watched = parts;
    },
    async render() {
      setLag(lag.read());
      play.lookAtStreams();
      usenet.lookAtProviders();
      own.eventLoopP99.set((history.list().at(-1)?.eventLoopP99Ms ?? 0) / 1000);
      if (watched !== null) {
        look(watched);
        // A database that is away must not take the other figures with it.
        await sample(watched).catch(() => own.sampleErrors.inc());
      }
      const body = await registry.metrics();
      // What the scrape itself took is nobody's lag.
      lag.reset();
      return { contentType: registry.contentType, body };
    },
    history: history.list,
    close() {
      history.close();
      lag.close();
    },
  };
}

/** The route's pattern, never the path: paths hold play tokens and installs. */
function patternOf(req: Request): string {
  const pattern: unknown = req.route?.path;
  if (typeof pattern !== 'string') return 'unmatched';
  // Where a router is mounted under a parameter, its place is that parameter's value.
  return req.baseUrl === '/api' || req.baseUrl === '' ? `${req.baseUrl}${pattern}` : `/…${pattern}`;
}

/** Never: it is set to look once a day. */
const SELDOM_MS = 86_400_000;

/**
 * What prom-client tells of a process, but for the event loop, whose names are ours: its figures hold the time from look to look, and what is
 * left of the scrape after they were taken.
 */
function collectDefaults(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: SELDOM_MS });
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('nodejs_eventloop_lag')) registry.removeSingleMetric(name);
}

function boundedLabels(): (label: string) => string {
  const known = new Set<string>();
  return (label) => {
    if (known.size < MAX_LABELS) known.add(label);
    return known.has(label) ? label : 'other';
  };
}

function instruments(registry: Registry) {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `tributary_${name}`, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `tributary_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets = SECONDS) =>
    createTalliedHistogram({ name: `tributary_${name}`, help, labelNames, registers, buckets });
  /** By the names that prom-client's dashboards know. */
  const lag = (figure: string, most: string) =>
    new Gauge({
      name: `nodejs_eventloop_lag_${figure}_seconds`,
      help: `How late the event loop came to its timers since the last scrape, ${most}; the scrape does not count`,
      registers,
    });
  return {
    requestSeconds: histogram('http_request_seconds', 'Time to the head of the answer', [
      'method',
      'route',
      'status',
    ]),
    rejected: counter('rate_limit_rejected_total', 'Requests refused with 429', ['limit']),
    dropped: counter('addon_dropped_total', 'Objects left out of add-on answers', ['resource', 'reason']),
    statementSeconds: histogram('statement_seconds', 'Time of SQL statements', ['statement']),
    statementRows: counter('statement_rows_total', 'Rows SQL statements answered', ['statement']),
    statementErrors: counter('statement_errors_total', 'SQL statements that failed', ['statement']),
    poolConnections: gauge('db_pool_connections', 'Connections of the database pool', ['state']),
    poolWaiting: gauge('db_pool_waiting', 'Callers waiting for a connection'),
    notifyUp: gauge('notify_up', '1 while LISTEN is connected'),
    redisUp: gauge('redis_up', '1 while Redis is in use'),
    cacheAsked: counter('cache_requests_total', 'Questions to the cache by who answered', [
      'space',
      'answer',
    ]),
    cacheEntries: gauge('cache_entries', 'Entries in memory', ['space']),
    cacheBytes: gauge('cache_bytes', 'Approximate bytes in memory', ['space']),
    tableRows: gauge('table_rows', 'Rows as of the last ANALYZE', ['table']),
    tableBytes: gauge('table_bytes', 'Bytes with indexes and TOAST', ['table']),
    jobs: gauge('jobs', 'Jobs in the queue', ['job', 'state']),
    jobSeconds: histogram('job_seconds', 'Time of job runs', ['job', 'outcome'], JOB_SECONDS),
    lagP50: lag('p50', 'half the time at most'),
    lagP90: lag('p90', '90 % of the time at most'),
    lagP99: lag('p99', '99 % of the time at most'),
    lagMax: lag('max', 'at most'),
    eventLoopP99: gauge(
      'event_loop_p99_seconds',
      'Lag of the event loop, 99th percentile of the last 15 s sampled',
    ),
    sampleErrors: counter('sample_errors_total', 'Scrapes that could not ask the database'),
  };
}

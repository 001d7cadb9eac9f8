/**
 * Scans of 100,000 files in 1,000 folders by the JSON index of one nginx, by the server as `npm start` runs it: the first, until all of them
 * are staged (goals: 60 s, 250 MB at its peak), and another of 100,000 stored streams with nothing new (20 s, no row of a `stream…` table
 * written). Before each the least that can do it, on the same machine: a loop of fetch and `JSON.parse`, 8 at once, and the
 * paths into a bare table, 500 in a statement. Matching is paused, so that the scans alone are measured.
 */
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { startNginx } from '../../test/support/real/nginx.ts';
import type { BenchRow } from '../bench.ts';
import { ADMIN_TOKEN } from './catalog-client.ts';
import { freePort, startServer, timeAll } from './measure.ts';
import { metOf } from './scan-goals.ts';
import { plainJsonWalk } from './scan-walk.ts';

const FOLDERS = 1000;
const FILES = 100;
const CONNECTIONS = 8;
/** All of a `first`: longer than any goal. */
const LONGEST_MS = 600_000;

export async function sourceRows({ quick }: { quick: boolean }): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const root = join(folder, 'files');
  const folders = quick ? FOLDERS / 20 : FOLDERS;
  await makeFiles(root, folders);
  const log = createLog('silent');
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log });
  const port = await freePort();
  const nginx = await startNginx({
    port,
    http: `server { listen 127.0.0.1:${port}; root ${root}; autoindex on; autoindex_format json; }`,
  });
  try {
    await migrate({ url: postgres.url, dir: MIGRATIONS_DIR, log });
    const db = new Client({ connectionString: postgres.url });
    await db.connect();
    try {
      await db.query(`INSERT INTO setting (key, type, value) VALUES ('enrichment', 'string', '"paused"')`);
      await db.query('CREATE TABLE bare_path (path text PRIMARY KEY)');
      return await scanTwice({
        ...{ db, folder, databaseUrl: postgres.url, baseUrl: `http://127.0.0.1:${port}/` },
        files: folders * FILES,
      });
    } finally {
      await db.end();
    }
  } finally {
    await nginx.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Ground = { db: Client; folder: string; databaseUrl: string; baseUrl: string; files: number };

async function scanTwice(ground: Ground): Promise<BenchRow[]> {
  const { db, baseUrl, files } = ground;
  const server = await startServer({
    DATA_DIR: ground.folder,
    DATABASE_URL: ground.databaseUrl,
    ADMIN_TOKEN,
    METADATA_PROVIDERS: 'none',
  });
  try {
    const idleMib = await peakMib(server.pid);
    const id = await addSource(server.baseUrl, baseUrl);
    const plainFirst = await plainScan(db, baseUrl, files);
    const first = await scanned(ground, server.baseUrl, id);
    const peak = await peakMib(server.pid);
    const { rows: staged } = await db.query<{ count: number }>(
      `SELECT count(DISTINCT file_path)::integer AS count FROM scan_item WHERE state = 'pending'`,
    );
    if (staged[0]?.count !== files) throw new Error(`${staged[0]?.count} files were staged, not ${files}`);
    await publish(db, baseUrl, files);
    const plainSecond = await plainScan(db, baseUrl, files);
    const before = await writesToStreams(db);
    const second = await scanned(ground, server.baseUrl, id);
    const written = (await writesToStreams(db)) - before;
    return [
      row(`first scan of ${files} files until all are staged`, first / 1000, 60, plainFirst / 1000),
      row('another with nothing new, all of them stored streams', second / 1000, 20, plainSecond / 1000),
      {
        ...{ what: 'rows of stream tables written by that', value: written, unit: 'rows', goal: 0 },
        ...{ met: metOf(written <= 0) },
      },
      {
        what: `peak of the server's memory, first scan (before: ${idleMib} MiB)`,
        ...{ value: peak, unit: 'MiB', goal: 250, met: metOf(peak <= 250) },
      },
    ];
  } finally {
    await server.stop();
  }
}

function row(what: string, seconds: number, goal: number, plain: number): BenchRow {
  const value = Number(seconds.toFixed(1));
  const times = Number((seconds / plain).toFixed(2));
  return {
    what,
    value,
    unit: 's',
    goal,
    met: metOf(seconds <= goal),
    'plain loop': Number(plain.toFixed(1)),
    times,
  };
}

async function ask(url: string, method: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return await answer.json().catch(() => null);
}

async function addSource(server: string, baseUrl: string): Promise<string> {
  const body = { name: 'NAS', baseUrl, finder: 'http-index', scanEveryMinutes: 0 };
  const added = await ask(`${server}/api/sources`, 'POST', { ...body, config: { connections: CONNECTIONS } });
  const id = typeof added === 'object' && added !== null && 'sourceId' in added ? String(added.sourceId) : '';
  await ask(`${server}/api/sources/${id}`, 'PATCH', { isActive: true });
  return id;
}

/** Milliseconds from the question until the scan has ended well. */
async function scanned({ db, files }: Ground, server: string, id: string): Promise<number> {
  const { rows: before } = await db.query<{ id: number }>(
    `SELECT coalesce(max(id), 0)::integer AS id FROM scan_log`,
  );
  const startedAt = performance.now();
  await ask(`${server}/api/sources/${id}/scan`, 'POST');
  while (performance.now() - startedAt < LONGEST_MS) {
    const { rows } = await db.query<{ status: string; files: number; failure: string | null }>(
      `SELECT status, files, failure FROM scan_log WHERE id > $1 AND phase = 'collector' AND status <> 'started'`,
      [before[0]?.id ?? 0],
    );
    const [end] = rows;
    if (end?.status === 'completed' && end.files === files) return performance.now() - startedAt;
    if (end !== undefined) throw new Error(`the scan ended with ${end.files} files: ${end.failure}`);
    await sleep(50);
  }
  throw new Error('the scan did not end');
}

/** What is staged becomes streams of one film, as matching makes them, without its time. */
async function publish(db: Client, baseUrl: string, files: number): Promise<void> {
  await db.query('BEGIN');
  await db.query(`INSERT INTO media (kind, title, year) VALUES ('movie', 'Film', 2001)`);
  await db.query(
    `INSERT INTO stream (kind, name, size_bytes, origin) SELECT 'http', i.file_path, i.size_bytes, 'source' FROM scan_item i`,
  );
  await db.query(
    `INSERT INTO stream_http (stream_id, url, url_hash, format, source_id, file_path)
    SELECT s.id, $1 || s.name, sha256(convert_to($1 || s.name, 'UTF8')), 'progressive', (SELECT id FROM source), s.name FROM stream s WHERE s.origin = 'source'`,
    [baseUrl],
  );
  await db.query(
    `INSERT INTO stream_media_link (stream_id, media_id)
    SELECT s.id, (SELECT max(m.id) FROM media m) FROM stream s WHERE s.origin = 'source'`,
  );
  await db.query('DELETE FROM scan_item');
  await db.query('COMMIT');
  await db.query('VACUUM ANALYZE');
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM stream_http WHERE source_id IS NOT NULL',
  );
  if (rows[0]?.count !== files) throw new Error(`${rows[0]?.count} streams were stored, not ${files}`);
}

/** Rows of `stream` and its tables that were added, changed or taken away since the database was made. */
async function writesToStreams(db: Client): Promise<number> {
  // Who wrote tells the statistics within a second.
  await sleep(1500);
  const { rows } = await db.query<{ writes: number }>(
    `SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::integer AS writes FROM pg_stat_user_tables WHERE relname ~ '^stream'`,
  );
  return rows[0]?.writes ?? Number.NaN;
}

/** The most a process ever held, in MiB. */
async function peakMib(pid: number): Promise<number> {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

async function plainScan(db: Client, baseUrl: string, files: number): Promise<number> {
  const startedAt = performance.now();
  const paths = [...(await plainJsonWalk(baseUrl)).keys()];
  for (let from = 0; from < paths.length; from += 500)
    await db.query('INSERT INTO bare_path SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [
      paths.slice(from, from + 500),
    ]);
  if (paths.length !== files) throw new Error(`the plain loop found ${paths.length} files, not ${files}`);
  return performance.now() - startedAt;
}

/** Films in folders of a hundred, of sizes that take no room. */
async function makeFiles(root: string, folders: number): Promise<void> {
  const numbers = Array.from({ length: folders }, (_, n) => n);
  await timeAll(numbers, 8, async (n) => {
    const folder = join(root, `Shelf ${Math.floor(n / 25)}`, `Box ${n}`);
    await mkdir(folder, { recursive: true });
    for (let file = 0; file < FILES; file += 1) {
      const handle = await open(
        join(folder, `Some Film ${n} ${file} (${1950 + (file % 70)}) 1080p BluRay x264.mkv`),
        'w',
      );
      await handle.truncate(700_000_000 + n * 1000 + file);
      await handle.close();
    }
  });
}

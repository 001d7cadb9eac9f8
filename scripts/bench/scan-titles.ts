/**
 * Files of films nobody here knows: each is looked for among 100,000 titles, becomes a stream of a title of its own, and that is asked about at
 * a provider in the shape of Cinemeta (two questions each, over HTTP from another process) and written with all it tells. Unthrottled (goal: 200
 * a second), in turns with commits of one small row; and at three questions a second, by the provider's clock (goal: each within a third of a
 * second of its turn). Afterwards every title must be shown with what was told of it.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { createEnricher } from '../../src/features/metadata/index.ts';
import { matchStaged } from '../../src/features/sources/match-items.ts';
import { ownSpaces } from '../../src/platform/cache.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { openDb } from '../../src/platform/db.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { openJsonApi } from '../../src/platform/json-api.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { createNet } from '../../src/platform/net.ts';
import { cinemeta } from '../../src/providers/cinemeta/index.ts';
import { createKinds } from '../../src/streams/registry.ts';
import { fillWithTitles } from '../../test/support/many-titles.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { BenchRow } from '../bench.ts';
import { freePort, median } from './measure.ts';
import { filmAt } from './scan-films.ts';
import { metOf } from './scan-goals.ts';

const KNOWN_TITLES = 100_000;
const ROUNDS = 7;
const FILES_A_ROUND = 400;
/** As the job takes them. */
const AT_ONCE = 100;
const NEVER = new AbortController().signal;
const COMMITS = 300;
const SLOW_PER_SECOND = 3;
const SLOW_FILMS = 18;

type Ground = Awaited<ReturnType<typeof openGround>>;

export async function titleRows({ quick }: { quick: boolean }): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const log = createLog('warn');
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log });
  const port = await freePort();
  const script = fileURLToPath(new URL('scan-provider.ts', import.meta.url));
  const provider = spawn(process.execPath, [script, String(port)], { stdio: 'inherit' });
  try {
    await migrate({ url: postgres.url, dir: MIGRATIONS_DIR, log });
    await fillWithTitles(postgres.url, quick ? KNOWN_TITLES / 10 : KNOWN_TITLES);
    const ground = await openGround(postgres.url, `http://127.0.0.1:${port}`);
    try {
      await waitUntil(async () => (await fetch(`${ground.provider}/asked`).catch(() => null)) !== null, {
        what: 'the provider answers',
        timeoutMs: 10_000,
      });
      return [
        ...(await unthrottled(ground, quick ? 1 : ROUNDS)),
        await throttled(ground, quick ? 4 : SLOW_FILMS),
      ];
    } finally {
      await ground.close();
    }
  } finally {
    provider.kill('SIGKILL');
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function openGround(url: string, provider: string) {
  const log = createLog('warn');
  const db = await openDb({ url, poolMax: 10, log });
  const client = new Client({ connectionString: url });
  await client.connect();
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const kinds = createKinds({
    ...{ db, net, log, openSpace: ownSpaces(log), localFolders: new Map(), shippedFolder: '/nonexistent' },
    crypto: createCrypto(['a secret of the benchmark alone, long enough']),
  });
  await client.query('DELETE FROM scan_item');
  await client.query('CREATE TABLE bare_row (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text)');
  const added = await client.query<{ id: string }>(
    `INSERT INTO source (name, base_url, is_active) VALUES ('NAS of the benchmark', 'http://127.0.0.1:9/', true) RETURNING id`,
  );
  const enricherOf = (perSecond: number) => {
    const api = openJsonApi(net, { name: 'cinemeta', perSecond });
    const here = {
      get: ((request) =>
        api.get({ ...request, url: new URL(request.url.pathname, provider) })) satisfies typeof api.get,
    };
    return createEnricher({ db, providers: [cinemeta.open({ api: here })], log, isOn: () => true });
  };
  return {
    ...{ db, client, provider, enricherOf, sourceId: added.rows[0]?.id ?? '' },
    match: (enricher: ReturnType<typeof enricherOf>) =>
      matchStaged({ db, kinds, enricher, log }, { itemsAtOnce: AT_ONCE, goesOn: () => true }, NEVER),
    async close() {
      await client.end();
      await kinds.close();
      await net.close();
      await db.end();
    },
  };
}

async function unthrottled(ground: Ground, rounds: number): Promise<BenchRow[]> {
  const enricher = ground.enricherOf(1_000_000);
  const runs: { titles: number; cpuMs: number; commits: number }[] = [];
  // The first is not counted: code and plans are cold.
  for (let round = 0; round <= rounds; round += 1) {
    const commits = await commitsPerSecond(ground.client);
    await stage(ground, round * FILES_A_ROUND, FILES_A_ROUND);
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
    await ground.match(enricher);
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    await check(ground, round * FILES_A_ROUND, FILES_A_ROUND);
    if (round > 0)
      runs.push({
        ...{ titles: FILES_A_ROUND / seconds, commits },
        cpuMs: (user + system) / 1000 / FILES_A_ROUND,
      });
  }
  const titles = Math.round(median(runs.map((run) => run.titles)));
  return [
    {
      ...{ what: `new titles, provider unthrottled, ${rounds} rounds of ${FILES_A_ROUND}`, value: titles },
      ...{ unit: 'titles/s', goal: 200, met: metOf(titles >= 200) },
      'CPU ms of Node each': Number(median(runs.map((run) => run.cpuMs)).toFixed(2)),
      'commits/s beside it': Math.round(median(runs.map((run) => run.commits))),
      'of a commit each': Number(median(runs.map((run) => run.titles / run.commits)).toFixed(2)),
    },
  ];
}

async function throttled(ground: Ground, films: number): Promise<BenchRow> {
  await fetch(`${ground.provider}/asked`);
  const first = ROUNDS * FILES_A_ROUND + FILES_A_ROUND;
  await stage(ground, first, films);
  const enricher = ground.enricherOf(SLOW_PER_SECOND);
  await ground.match(enricher);
  await check(ground, first, films);
  const asked: unknown = await (await fetch(`${ground.provider}/asked`)).json();
  if (!Array.isArray(asked) || asked.length !== films * 2)
    throw new Error('not every title was asked about twice');
  const late = asked.map((at, n) => Number(at) - Number(asked[0]) - (n * 1000) / SLOW_PER_SECOND);
  const most = Math.round(Math.max(...late.map(Math.abs)));
  const goal = Math.round(1000 / SLOW_PER_SECOND);
  return {
    what: `${asked.length} questions at ${SLOW_PER_SECOND} a second: furthest from its turn`,
    ...{ value: most, unit: 'ms', goal, met: metOf(most <= goal) },
  };
}

async function stage({ client, sourceId }: Ground, from: number, count: number): Promise<void> {
  const paths = Array.from({ length: count }, (_, n) => {
    const { title, year } = filmAt(from + n);
    return `films/${title.replaceAll(' ', '.')}.${year}.1080p.BluRay.x264-GRP.mkv`;
  });
  await client.query(
    `INSERT INTO scan_item (source_id, batch_id, file_path, name, size_bytes)
    SELECT $1, gen_random_uuid(), p, substring(p FROM '[^/]*$'), 700000000 FROM unnest($2::text[]) p`,
    [sourceId, paths],
  );
}

async function check({ client }: Ground, from: number, count: number): Promise<void> {
  const titles = Array.from({ length: count }, (_, n) => filmAt(from + n).title);
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM media m
    WHERE m.title = ANY ($1) AND m.is_published AND m.overview LIKE m.title || '%' AND m.imdb_id IS NOT NULL AND m.poster_url IS NOT NULL
      AND m.total_streams = 1 AND (SELECT count(*) FROM media_credit c WHERE c.media_id = m.id) = 6`,
    [titles],
  );
  if (rows[0]?.count !== count) throw new Error(`${rows[0]?.count} titles are whole, not ${count}`);
}

async function commitsPerSecond(client: Client): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < COMMITS; n += 1) await client.query(`INSERT INTO bare_row (name) VALUES ('x')`);
  return COMMITS / ((performance.now() - startedAt) / 1000);
}

/**
 * A catalogue page of 100 out of 100,000 titles, 10 at a time, each page asked once so that no cache can answer, beside
 * a bare Express that sends the same bytes. Interleaved: each round asks both. Goal: p99 ≤ 25 ms.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request, setGlobalDispatcher } from 'undici';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { fillWithTitles } from '../../test/support/many-titles.ts';
import type { Bench } from '../bench.ts';
import { freePort, median, quantile, startServer, timeAll } from './measure.ts';

const TITLES = 100_000;
const CONCURRENCY = 10;
const ROUNDS = 5;
const PAGES_A_ROUND = 90;

export const benchCatalog: Bench = async ({ quick }) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const log = createLog('silent');
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  try {
    await migrate({ url: postgres.url, dir: MIGRATIONS_DIR, log });
    await fillWithTitles(postgres.url, quick ? TITLES / 10 : TITLES);
    setGlobalDispatcher(new Agent({ connections: CONCURRENCY }));
    const server = await startServer({
      DATA_DIR: dataDir,
      DATABASE_URL: postgres.url,
      PUBLIC_CATALOG: 'all',
      RATE_LIMIT_ADDON: '1000000',
    });
    try {
      return await compare(server.baseUrl, dataDir, quick);
    } finally {
      await server.stop();
    }
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

async function compare(baseUrl: string, dataDir: string, quick: boolean) {
  const pages = everyPage(baseUrl, quick);
  const rounds = quick ? 1 : ROUNDS;
  const warm = pages.splice(0, 80);
  const sample = await (await fetch(warm[0] ?? baseUrl)).text();
  const file = join(dataDir, 'page.json');
  await writeFile(file, sample);
  const port = await freePort();
  const bare = spawn(
    process.execPath,
    [fileURLToPath(new URL('bare-express.ts', import.meta.url)), String(port), file],
    { stdio: 'inherit' },
  );
  const bareUrl = `http://127.0.0.1:${port}/page.json`;
  try {
    await untilUp(bareUrl);
    await timed(warm);
    await timed(warm.map(() => bareUrl));
    const [ours, theirs]: [number[][], number[][]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await timed(pages.splice(0, PAGES_A_ROUND)));
      theirs.push(await timed(Array.from({ length: PAGES_A_ROUND }, () => bareUrl)));
    }
    return [row('catalogue page, uncached', ours, sample), row('bare Express, same JSON', theirs, sample)];
  } finally {
    bare.kill('SIGKILL');
  }
}

/**
 * Each page is asked once, shuffled by a fixed stride. What a household's clients ask: both lists of films and of series,
 * without a genre to page 40, with one of the 15 most used to page 10 (films) and page 3 (series).
 */
function everyPage(baseUrl: string, isSmall: boolean): string[] {
  const walks = (isSmall ? SMALL : FULL).flatMap(([type, deepest, deepestOfGenre]) =>
    ['popular', 'new'].flatMap((catalog) => [
      ...skips(deepest).map((skip) => `${type}/${catalog}/skip=${skip}`),
      ...GENRES.flatMap((genre) =>
        skips(deepestOfGenre).map((skip) => `${type}/${catalog}/genre=Genre%20${genre}&skip=${skip}`),
      ),
    ]),
  );
  return walks.map((_, index) => `${baseUrl}/catalog/${walks[(index * 757) % walks.length]}.json`);
}

function skips(deepest: number): number[] {
  return Array.from({ length: deepest / 100 }, (_, page) => page * 100);
}

const GENRES = Array.from({ length: 15 }, (_, index) => index + 1);
/** Type, items to page through without a genre, and with one; all of them are whole pages in the filled database. */
const FULL = [
  ['movie', 4000, 1000],
  ['series', 4000, 300],
] as const;
const SMALL = [
  ['movie', 4000, 400],
  ['series', 1000, 0],
] as const;

/** What came back in a round; looked at after the clock has stopped, since parsing it would hold up the other nine. */
let bodies: { url: string; status: number; text: string }[] = [];

async function ask(url: string): Promise<void> {
  const answer = await request(url);
  bodies.push({ url, status: answer.statusCode, text: await answer.body.text() });
}

async function timed(urls: readonly string[]): Promise<number[]> {
  bodies = [];
  const times = await timeAll(urls, CONCURRENCY, ask);
  for (const { url, status, text } of bodies) {
    const body: unknown = JSON.parse(text);
    const metas = typeof body === 'object' && body !== null && 'metas' in body ? body.metas : null;
    if (status !== 200 || !Array.isArray(metas) || metas.length !== 100)
      throw new Error(`${url} did not answer a page of 100 (status ${status})`);
  }
  return times;
}

async function untilUp(url: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if ((await fetch(url).catch(() => null))?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the yardstick did not start');
}

function row(name: string, rounds: readonly number[][], sample: string) {
  const each = (q: number) => Number(median(rounds.map((times) => quantile(times, q))).toFixed(1));
  return {
    what: name,
    kiB: Math.round(sample.length / 1024),
    'p50 ms': each(0.5),
    'p95 ms': each(0.95),
    'p99 ms': each(0.99),
    rounds: rounds.length,
  };
}

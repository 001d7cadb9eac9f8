/**
 * A catalogue page of 100 out of 100,000 titles, 10 at a time, beside a bare Express that sends the same bytes. Interleaved:
 * each round asks both. Before each round a title changes, as an import changes it, which empties the caches of all
 * instances; that no page of a round came from a cache is read off `/metrics`. Goal: p99 ≤ 25 ms. Then search and pages at
 * 1,000,000 titles: `catalog-million.ts`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { fillWithTitles } from '../../test/support/many-titles.ts';
import type { Bench, BenchRow } from '../bench.ts';
import { ADMIN_TOKEN, emptyCaches, pagesLoaded, timedPages } from './catalog-client.ts';
import { benchMillion } from './catalog-million.ts';
import { freePort, median, quantile, startServer } from './measure.ts';

const TITLES = 100_000;
const CONCURRENCY = 10;
const ROUNDS = 5;

export const benchCatalog: Bench = async ({ quick }) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const log = createLog('silent');
  const rows: BenchRow[] = [];
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  try {
    await migrate({ url: postgres.url, dir: MIGRATIONS_DIR, log });
    await fillWithTitles(postgres.url, quick ? TITLES / 10 : TITLES);
    const server = await startServer({
      DATA_DIR: dataDir,
      DATABASE_URL: postgres.url,
      PUBLIC_CATALOG: 'all',
      ADMIN_TOKEN,
      RATE_LIMIT_ADDON: '1000000',
    });
    try {
      rows.push(...(await compare({ baseUrl: server.baseUrl, databaseUrl: postgres.url, dataDir, quick })));
    } finally {
      await server.stop();
    }
    rows.push(...(await benchMillion({ url: postgres.url, dataDir, quick })));
    return rows;
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

type Place = { baseUrl: string; databaseUrl: string; dataDir: string; quick: boolean };

async function compare({ baseUrl, databaseUrl, dataDir, quick }: Place) {
  const pages = everyPage(quick);
  const ourPort = Number(new URL(baseUrl).port);
  const sample = await (await fetch(`${baseUrl}${pages[0]}`)).text();
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
    const [ours, theirs]: [number[][], number[][]] = [[], []];
    // The first two rounds of both are not counted: the code is compiled by then, and the plans are prepared.
    for (let round = -2; round < (quick ? 1 : ROUNDS); round += 1) {
      await emptyCaches(databaseUrl);
      const loadedBefore = await pagesLoaded(baseUrl);
      const timesOfOurs = await timed(ourPort, pages);
      const loaded = (await pagesLoaded(baseUrl)) - loadedBefore;
      if (loaded !== pages.length)
        throw new Error(`${pages.length - loaded} of ${pages.length} pages came from a cache`);
      const timesOfTheirs = await timed(
        port,
        pages.map(() => '/page.json'),
      );
      if (round < 0) continue;
      ours.push(timesOfOurs);
      theirs.push(timesOfTheirs);
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
function everyPage(isSmall: boolean): string[] {
  const walks = (isSmall ? SMALL : FULL).flatMap(([type, deepest, deepestOfGenre]) =>
    ['popular', 'new'].flatMap((catalog) => [
      ...skips(deepest).map((skip) => `${type}/${catalog}/skip=${skip}`),
      ...GENRES.flatMap((genre) =>
        skips(deepestOfGenre).map((skip) => `${type}/${catalog}/genre=Genre%20${genre}&skip=${skip}`),
      ),
    ]),
  );
  return walks.map((_, index) => `/catalog/${walks[(index * 757) % walks.length]}.json`);
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

async function timed(port: number, paths: readonly string[]): Promise<number[]> {
  const { times, pages } = await timedPages(port, paths, CONCURRENCY);
  if ([...pages.values()].some((ids) => ids.length !== 100)) throw new Error('a page of 100 was not whole');
  return times;
}

async function untilUp(url: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if ((await fetch(url).catch(() => null))?.ok === true) return;
    await sleep(10);
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

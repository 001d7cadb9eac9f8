/**
 * The catalogue's goals, each row with its yardstick: pages of 100 out of 100,000 titles, 10 at a time, beside a bare Express that sends the
 * same bytes (p99 ≤ 25 ms) and from the cache (≥ 0.5 of it); streams: `catalog-streams.ts`; search and pages at 1,000,000 titles:
 * `catalog-million.ts`; `seed imdb`: `catalog-seed.ts`; release names: `catalog-names.ts`. Before each round without a cache a title
 * changes, as an import changes it, which empties the caches of all instances; that none of its answers came from one is read off `/metrics`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { fillWithTitles } from '../../test/support/many-titles.ts';
import type { Bench, BenchRow } from '../bench.ts';
import { cachedRows } from './catalog-cached.ts';
import { ADMIN_TOKEN, answersLoaded, emptyCaches, timedPages } from './catalog-client.ts';
import { benchMillion } from './catalog-million.ts';
import { nameRows } from './catalog-names.ts';
import { seedRows } from './catalog-seed.ts';
import { streamRows } from './catalog-streams.ts';
import { median, quantile, startServer } from './measure.ts';
import { besideBareExpress, YARDSTICK_PATH } from './yardstick.ts';

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
    await openToEverybody(postgres.url);
    const server = await startServer({
      DATA_DIR: dataDir,
      DATABASE_URL: postgres.url,
      PUBLIC_CATALOG: 'all',
      ADMIN_TOKEN,
      RATE_LIMIT_ADDON: '1000000',
    });
    try {
      const ground = {
        server: { ...server, port: Number(new URL(server.baseUrl).port) },
        ...{ databaseUrl: postgres.url, folder: dataDir, rounds: quick ? 1 : ROUNDS },
      };
      rows.push(...(await compare(ground, everyPage(quick))));
      rows.push(
        ...(await cachedRows({
          ...ground,
          ...{
            what: 'cached catalogue page',
            path: '/catalog/movie/popular.json',
            requests: quick ? 500 : 4000,
          },
          check: (json) => holdsTitles(json, 100),
        })),
      );
      rows.push(...(await streamRows({ ...ground, quick })));
    } finally {
      await server.stop();
    }
    rows.push(...(await benchMillion({ url: postgres.url, dataDir, quick })));
    rows.push(...(await seedRows({ url: postgres.url, folder: dataDir, quick })));
    rows.push(...(await nameRows({ folder: dataDir, quick })));
    return rows;
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** As long as there is a kid, the add-on without an install shows nothing. */
async function openToEverybody(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`UPDATE profile SET kind = 'standard'`);
  await client.query('VACUUM (ANALYZE) profile');
  await client.end();
}

type Ground = {
  server: { baseUrl: string; port: number; pid: number };
  databaseUrl: string;
  folder: string;
  rounds: number;
};

async function compare(
  { server, databaseUrl, folder, rounds }: Ground,
  pages: readonly string[],
): Promise<BenchRow[]> {
  const sample = await (await fetch(`${server.baseUrl}${pages[0]}`)).text();
  return besideBareExpress({ json: sample, folder }, async (bare) => {
    const [ours, theirs]: [number[][], number[][]] = [[], []];
    // The first two rounds of both are not counted: the code is compiled by then, and the plans are prepared.
    for (let round = -2; round < rounds; round += 1) {
      await emptyCaches(databaseUrl);
      const loadedBefore = await answersLoaded(server.baseUrl, 'catalog');
      const timesOfOurs = await timed(server.port, pages);
      const loaded = (await answersLoaded(server.baseUrl, 'catalog')) - loadedBefore;
      if (loaded !== pages.length)
        throw new Error(`${pages.length - loaded} of ${pages.length} pages came from a cache`);
      const timesOfTheirs = await timed(
        bare.port,
        pages.map(() => YARDSTICK_PATH),
      );
      if (round < 0) continue;
      ours.push(timesOfOurs);
      theirs.push(timesOfTheirs);
    }
    return [row('catalogue page, uncached', ours, sample), row('bare Express, same JSON', theirs, sample)];
  });
}

function holdsTitles(json: string, count: number): void {
  const page: unknown = JSON.parse(json);
  const metas = typeof page === 'object' && page !== null && 'metas' in page ? page.metas : null;
  if (!Array.isArray(metas) || metas.length !== count) throw new Error(`a page of ${count} was not whole`);
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
  for (const [path, ids] of pages)
    if (ids.length !== 100) throw new Error(`${path}: ${ids.length} titles, a page of 100 was not whole`);
  return times;
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

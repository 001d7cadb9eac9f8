/**
 * 1,000,000 titles with 3,000,000 aliases. Search: 300 queries of which the wanted title is known, asked of the add-on over HTTP,
 * none of them from a cache, beside as many `SELECT 1` over as many connections; goals: p99 ≤ 20 ms, the wanted title among the
 * first five of ≥ 95 %. Catalogue pages: the same ones among 1,000,000 and 10,000 titles, in turns; goal: p50 ≤ 1.3 times.
 */
import { Client } from 'pg';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import type { BenchRow } from '../bench.ts';
import { ADMIN_TOKEN, emptyCaches, timedPages } from './catalog-client.ts';
import { median, quantile, startServer, timeAll } from './measure.ts';
import { fillWithManyNames } from './million-titles.ts';
import { searchQueries } from './search-queries.ts';

const ROUNDS = 5;
const CONCURRENCY = [1, 10];

export async function benchMillion(place: {
  url: string;
  dataDir: string;
  quick: boolean;
}): Promise<BenchRow[]> {
  const [count, few] = place.quick ? [30_000, 10_000] : [1_000_000, 10_000];
  const large = await filled(place.url, 'large', count);
  const small = await filled(place.url, 'small', few);
  const servers = [await serve(large, place.dataDir), await serve(small, place.dataDir)] as const;
  const rounds = place.quick ? 1 : ROUNDS;
  try {
    return [
      ...(await searchRows({ databaseUrl: large, baseUrl: servers[0].baseUrl, rounds })),
      ...(await pageRows({ large, small, ports: servers.map(portOf), rounds, count })),
    ];
  } finally {
    for (const server of servers) await server.stop();
  }
}

const portOf = ({ baseUrl }: { baseUrl: string }) => Number(new URL(baseUrl).port);
const serve = (databaseUrl: string, dataDir: string) =>
  startServer({
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    PUBLIC_CATALOG: 'all',
    ADMIN_TOKEN,
    RATE_LIMIT_ADDON: '1000000',
  });

async function filled(url: string, name: string, count: number): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  await client.end();
  const own = url.replace(/[^/]*$/, name);
  await migrate({ url: own, dir: MIGRATIONS_DIR, log: createLog('silent') });
  await fillWithManyNames(own, count);
  return own;
}

async function searchRows(place: {
  databaseUrl: string;
  baseUrl: string;
  rounds: number;
}): Promise<BenchRow[]> {
  const queries = await searchQueries(place.databaseUrl);
  const paths = queries.map(
    ({ text, kind }) => `/catalog/${kind}/search/search=${encodeURIComponent(text)}.json`,
  );
  const found = await timedPages(portOf(place), paths, 1);
  const isFound = (path: string, wanted: string) =>
    found.pages.get(path)?.slice(0, 5).includes(wanted) === true;
  const kinds = [...new Set(queries.map(({ what }) => what))].map((what) => {
    const hits = queries.map(({ wanted }, index) => isFound(paths[index] ?? '', wanted));
    const times = found.times.filter((_, index) => queries[index]?.what === what);
    const own = hits.filter((_, index) => queries[index]?.what === what);
    return {
      ...timesOf(`search, first time: ${what}`, [times]),
      'in first five': share(own),
    };
  });
  const rows: BenchRow[] = [];
  for (const concurrency of CONCURRENCY) {
    const [ours, yardstick]: [number[][], number[][]] = [[], []];
    for (let round = 0; round < place.rounds; round += 1) {
      await emptyCaches(place.databaseUrl);
      ours.push((await timedPages(portOf(place), paths, concurrency)).times);
      yardstick.push(await selectOnes(place.databaseUrl, paths.length, concurrency));
    }
    const hits = queries.map(({ wanted }, index) => isFound(paths[index] ?? '', wanted));
    rows.push(
      { ...timesOf(`search, ${concurrency} at a time`, ours), 'in first five': share(hits) },
      timesOf(`SELECT 1, ${concurrency} at a time`, yardstick),
    );
  }
  return [...kinds, ...rows];
}

const share = (hits: readonly boolean[]) =>
  Number((hits.filter(Boolean).length / Math.max(1, hits.length)).toFixed(3));

async function selectOnes(url: string, count: number, concurrency: number): Promise<number[]> {
  const clients = Array.from({ length: concurrency }, () => new Client({ connectionString: url }));
  for (const client of clients) await client.connect();
  const times = await timeAll(
    Array<string>(count).fill('SELECT 1'),
    concurrency,
    async (statement, worker) => {
      await clients[worker]?.query(statement);
    },
  );
  for (const client of clients) await client.end();
  return times;
}

const PAGES = ['popular', 'new'].flatMap((catalog) => [
  ...Array.from({ length: 40 }, (_, page) => `/catalog/movie/${catalog}/skip=${page * 100}.json`),
  ...Array.from({ length: 20 }, (_, page) => `/catalog/movie/${catalog}/genre=Drama&skip=${page * 100}.json`),
]);

async function pageRows(place: {
  large: string;
  small: string;
  ports: readonly number[];
  rounds: number;
  count: number;
}): Promise<BenchRow[]> {
  const times: [number[][], number[][]] = [[], []];
  // The first rounds of both are not counted: the plans are prepared by then.
  for (let round = -2; round < place.rounds; round += 1) {
    for (const [index, url] of [place.large, place.small].entries()) {
      await emptyCaches(url);
      const one = await timedPages(place.ports[index] ?? 0, PAGES, 10);
      if (round >= 0) times[index]?.push(one.times);
    }
  }
  const [large, small] = times;
  const ratios = large.map((round, index) => quantile(round, 0.5) / quantile(small[index] ?? [], 0.5));
  return [
    {
      ...timesOf(`catalogue page of ${place.count}`, large),
      'p50 against 10k': Number(median(ratios).toFixed(2)),
    },
    timesOf('catalogue page of 10000', small),
  ];
}

function timesOf(what: string, rounds: readonly number[][]) {
  const each = (q: number) => Number(median(rounds.map((times) => quantile(times, q))).toFixed(1));
  return { what, 'p50 ms': each(0.5), 'p95 ms': each(0.95), 'p99 ms': each(0.99), rounds: rounds.length };
}

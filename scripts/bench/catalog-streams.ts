/**
 * What a title's streams cost: of titles with 500 releases, read from the database and ranked (goal: p99 ≤ 15 ms), beside a bare Express
 * that sends the same bytes; and of one with 20 from the cache (goal: ≥ 0.4 of bare Express). Streams come through the importer.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from '../bench.ts';
import { cachedRows } from './catalog-cached.ts';
import { answersLoaded, emptyCaches } from './catalog-client.ts';
import { median, quantile, timeAll } from './measure.ts';
import { openRawClient } from './raw-client.ts';
import { importFileOf, streamPath } from './stream-releases.ts';
import { besideBareExpress, YARDSTICK_PATH } from './yardstick.ts';

const SEED = fileURLToPath(new URL('../seed.ts', import.meta.url));
const CROWDED = 20;
const RELEASES = 500;
/** Of 20 streams all are shown: fewer than the most of one resolution, and fewer than the most of all. */
const FEW = 20;
const TITLE_OF_FEW = 999;
/** How often the caches are emptied and all crowded titles asked in a round: of 100 answers the p99 would be the slowest. */
const TURNS = 20;

export type StreamBench = {
  server: { baseUrl: string; port: number; pid: number };
  databaseUrl: string;
  folder: string;
  rounds: number;
  quick: boolean;
};

export async function streamRows(bench: StreamBench): Promise<BenchRow[]> {
  const crowded = Array.from({ length: bench.quick ? 3 : CROWDED }, (_, index) => ({
    title: index + 1,
    streams: RELEASES,
  }));
  await seedFrom(bench, importFileOf([...crowded, { title: TITLE_OF_FEW, streams: FEW }]));
  return [
    ...(await uncachedRows(
      bench,
      crowded.map(({ title }) => streamPath(title)),
    )),
    ...(await cachedRows({
      ...{ what: `cached answer of ${FEW} streams`, server: bench.server, path: streamPath(TITLE_OF_FEW) },
      ...{ folder: bench.folder, rounds: bench.rounds, requests: bench.quick ? 500 : 4000 },
      check: (json) => hasStreams(json, FEW),
    })),
  ];
}

async function seedFrom({ databaseUrl, folder }: StreamBench, text: string): Promise<void> {
  const file = join(folder, 'streams.json');
  await writeFile(file, text);
  const env = { ...process.env, DATABASE_URL: databaseUrl, DATA_DIR: folder };
  const child = spawn(process.execPath, [SEED, 'json', file], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('the streams were not imported');
}

function hasStreams(json: string, count: number): void {
  const answer: unknown = JSON.parse(json);
  const streams =
    typeof answer === 'object' && answer !== null && 'streams' in answer ? answer.streams : null;
  if (!Array.isArray(streams) || streams.length !== count)
    throw new Error(
      `${count} streams were expected, not ${Array.isArray(streams) ? streams.length : 'none'}`,
    );
}

async function uncachedRows(bench: StreamBench, paths: readonly string[]): Promise<BenchRow[]> {
  const { server, databaseUrl, folder, rounds } = bench;
  await emptyCaches(databaseUrl);
  const sample = await (await fetch(`${server.baseUrl}${paths[0]}`)).text();
  return besideBareExpress({ json: sample, folder }, async (bare) => {
    const [ours, theirs]: [number[][], number[][]] = [[], []];
    // The first two rounds are not counted: the code is compiled by then, and the plans are prepared.
    for (let round = -2; round < rounds; round += 1) {
      const times: number[] = [];
      for (let turn = 0; turn < TURNS; turn += 1) {
        await emptyCaches(databaseUrl);
        const before = await answersLoaded(server.baseUrl, 'streams');
        times.push(...(await timed(server.port, paths)));
        const loaded = (await answersLoaded(server.baseUrl, 'streams')) - before;
        if (loaded !== paths.length) throw new Error(`${paths.length - loaded} answers came from a cache`);
      }
      const yardstick = await timed(bare.port, Array<string>(TURNS * paths.length).fill(YARDSTICK_PATH));
      if (round < 0) continue;
      ours.push(times);
      theirs.push(yardstick);
    }
    return [
      row(`answer for a title of ${RELEASES} streams, uncached`, ours, sample),
      row('bare Express, same bytes as that answer', theirs, sample),
    ];
  });
}

/** One at a time, as one viewer opens titles; each answer is whole. */
async function timed(port: number, paths: readonly string[]): Promise<number[]> {
  const slab = { buffer: Buffer.allocUnsafe(8 * 1024 * 1024), used: 0 };
  const client = await openRawClient(port, slab);
  const bodies: Buffer[] = [];
  const times = await timeAll(paths, 1, async (path) => {
    const { status, body } = await client.get(path);
    if (status !== 200) throw new Error(`status ${status}`);
    bodies.push(body);
  });
  client.close();
  for (const body of bodies) hasStreams(body.toString(), MOST_SHOWN);
  return times;
}

/** `offersFor` shows so many of a title at most. */
const MOST_SHOWN = 25;

function row(what: string, rounds: readonly number[][], sample: string): BenchRow {
  const each = (q: number) => Number(median(rounds.map((times) => quantile(times, q))).toFixed(1));
  return {
    ...{ what, kiB: Math.round(sample.length / 1024) },
    ...{ 'p50 ms': each(0.5), 'p95 ms': each(0.95), 'p99 ms': each(0.99), rounds: rounds.length },
  };
}

/** Requests a second of one answer that is in the cache, in turns with a bare Express that sends the same bytes. */
import { readFile } from 'node:fs/promises';
import type { BenchRow } from '../bench.ts';
import { median, timeAll } from './measure.ts';
import { openRawClient } from './raw-client.ts';
import { besideBareExpress, YARDSTICK_PATH } from './yardstick.ts';

const CONNECTIONS = 10;
/** Requests before the first that count: code is compiled, caches are filled. */
const WARM_UP = 1500;
const MAX_ANSWER = 1024 * 1024;

export type CachedLoad = {
  what: string;
  server: { port: number; pid: number };
  path: string;
  folder: string;
  requests: number;
  rounds: number;
  /** Throws when an answer is not what it should be; asked of the last ones of each round. */
  check(json: string): void;
};

/** Two rows: ours with its ratio to bare Express, by requests a second and by the processor time of the server's process. */
export async function cachedRows(load: CachedLoad): Promise<BenchRow[]> {
  const { server, path, requests, rounds } = load;
  const sample = await (await fetch(`http://127.0.0.1:${server.port}${path}`)).text();
  load.check(sample);
  return besideBareExpress({ json: sample, folder: load.folder }, async (bare) => {
    const askOurs = (count: number) => round(server, { path, count, check: load.check });
    const askBare = (count: number) => round(bare, { path: YARDSTICK_PATH, count, check: load.check });
    await askOurs(WARM_UP);
    await askBare(WARM_UP);
    const ours: Round[] = [];
    const theirs: Round[] = [];
    for (let index = 0; index < rounds; index += 1) {
      // Who is first changes, so that neither always meets the warmer machine.
      if (index % 2 === 1) theirs.push(await askBare(requests));
      ours.push(await askOurs(requests));
      if (index % 2 === 0) theirs.push(await askBare(requests));
    }
    const ratio = (of: (round: Round) => number) =>
      rounded(median(ours.map((one, index) => of(one) / of(theirs[index] ?? one))), 2);
    return [
      {
        ...rowOf(load.what, sample, ours),
        'of bare Express': ratio(({ perSecond }) => perSecond),
        'CPU, times bare': ratio(({ cpuMs }) => cpuMs),
      },
      rowOf(`bare Express, same bytes as the ${load.what}`, sample, theirs),
    ];
  });
}

type Round = { perSecond: number; cpuMs: number };

async function round(
  { port, pid }: { port: number; pid: number },
  { path, count, check }: { path: string; count: number; check(json: string): void },
): Promise<Round> {
  const slabs = Array.from({ length: CONNECTIONS }, () => ({ buffer: Buffer.alloc(MAX_ANSWER), used: 0 }));
  const clients = await Promise.all(slabs.map((slab) => openRawClient(port, slab)));
  let bytes = 0;
  const cpuBefore = await cpuMs(pid);
  const startedAt = performance.now();
  await timeAll(Array<string>(count).fill(path), CONNECTIONS, async (asked, worker) => {
    const [client, slab] = [clients[worker], slabs[worker]];
    if (client === undefined || slab === undefined) throw new Error('no connection');
    slab.used = 0;
    const answer = await client.get(asked);
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    bytes ||= answer.body.length;
    // Play links are as long as each other to a few characters; anything else is no cached answer.
    if (Math.abs(answer.body.length - bytes) > bytes / 50) throw new Error('answers differ in size');
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const used = (await cpuMs(pid)) - cpuBefore;
  for (const client of clients) client.close();
  // What lies in the slabs now is the last answer of each connection.
  for (const slab of slabs) check(slab.buffer.toString('utf8', 0, slab.used));
  return { perSecond: count / seconds, cpuMs: used / count };
}

/** Processor time of a process so far; Linux counts it in hundredths of a second. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rowOf(what: string, sample: string, rounds: readonly Round[]): BenchRow {
  return {
    what,
    kiB: rounded(sample.length / 1024, 1),
    'requests/s': Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    'CPU ms': rounded(median(rounds.map(({ cpuMs: used }) => used)), 3),
    rounds: rounds.length,
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

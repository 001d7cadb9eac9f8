/** Rounds of `bench http`: every load on every system, interleaved, the order turned each round; rows of medians. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from '../bench.ts';
import type { Job, Result } from './http-client.ts';
import { cpuSeconds, median } from './measure.ts';

const CLIENT = fileURLToPath(new URL('http-client.ts', import.meta.url));

/** `rangeBytes` 0: whole files. */
export type Load = { name: string; connections: number; requests: number; rangeBytes: number };
export type System = {
  name: string;
  port: number;
  /** Whose time and memory are counted. */
  pid: number;
  /** Asked for one after the other; the bytes that must come. */
  files: Job['files'];
  /** Runs the client, which asks so many times; what must be prepared before and hold afterwards. */
  around?: (requests: number, runClient: () => Promise<Result>) => Promise<Result>;
};
export type How = { rounds: number; quick: boolean };
type Measured = { rate: number; p99Ms: number; cpuPerGb: number; rssMib: number };

/** Rows of all loads; the first system is what the others' ratios are to: medians of the rounds' pairs. */
export async function measure(
  systems: readonly System[],
  loads: readonly Load[],
  how: How,
): Promise<BenchRow[]> {
  for (const system of systems) await warmUp(system, loads);
  const measured = new Map<string, Measured[]>();
  const figuresOf = (load: Load, system: System) => {
    const key = `${load.name} ${system.name}`;
    const known = measured.get(key) ?? [];
    measured.set(key, known);
    return known;
  };
  for (let round = 0; round < how.rounds; round += 1) {
    const order = round % 2 === 0 ? systems : [...systems].reverse();
    for (const load of loads)
      for (const system of order) figuresOf(load, system).push(await once(system, load, how));
  }
  return loads.flatMap((load) =>
    systems.map((system) => rowOf(load, system, systems, (of) => figuresOf(load, of))),
  );
}

/** Not counted: connections are open after it, code is compiled, and every system has sent the very files. */
async function warmUp(system: System, loads: readonly Load[]): Promise<void> {
  for (const asked of system.files) {
    const one = { ...system, files: [asked] };
    const { sha256 } = await run(one, { connections: 1, requests: 1, rangeBytes: 0, hash: true });
    const wanted = createHash('sha256').update(await readFile(asked.file));
    if (sha256 !== wanted.digest('hex')) throw new Error(`${system.name} sent other bytes: ${asked.path}`);
  }
  for (const load of loads)
    await run(system, {
      ...load,
      requests: load.rangeBytes === 0 ? Math.ceil(load.requests / 4) : load.requests,
      hash: false,
    });
}

async function once(system: System, load: Load, { quick }: How): Promise<Measured> {
  const requests = quick ? Math.ceil(load.requests / 4) : load.requests;
  const cpuBefore = await cpuSeconds(system.pid);
  const { bytes, seconds, p99Ms } = await run(system, { ...load, requests, hash: false });
  const cpu = (await cpuSeconds(system.pid)) - cpuBefore;
  return {
    rate: load.rangeBytes === 0 ? bytes / seconds / 1e6 : requests / seconds,
    p99Ms,
    cpuPerGb: cpu / (bytes / 1e9),
    rssMib: await rssMib(system.pid),
  };
}

function rowOf(
  load: Load,
  system: System,
  systems: readonly System[],
  of: (system: System) => Measured[],
): BenchRow {
  const [yardstick = system] = systems;
  const [mine, theirs] = [of(system), of(yardstick)];
  const each = (read: (figures: Measured) => number) => median(mine.map(read));
  const ratio = (read: (figures: Measured) => number) =>
    Number(
      median(
        mine.map(
          (figures, round) =>
            read(figures) / (theirs[round] === undefined ? Number.NaN : read(theirs[round])),
        ),
      ).toFixed(2),
    );
  return {
    load: load.name,
    system: system.name,
    rate: `${Math.round(each(({ rate }) => rate))} ${load.rangeBytes === 0 ? 'MB/s' : 'ranges/s'}`,
    ratio: ratio(({ rate }) => rate),
    'p99 ms': Number(each(({ p99Ms }) => p99Ms).toFixed(1)),
    'CPU s/GB': Number(each(({ cpuPerGb }) => cpuPerGb).toFixed(2)),
    'CPU ratio': ratio(({ cpuPerGb }) => cpuPerGb),
    'RSS MiB': Math.round(each(({ rssMib: rss }) => rss)),
  };
}

type Run = Omit<Job, 'port' | 'files'>;

async function run(system: System, how: Run): Promise<Result> {
  const runClient = () => runJob(system, how);
  return await (system.around?.(how.requests, runClient) ?? runClient());
}

function runJob(
  { name, port, files }: System,
  { connections, requests, rangeBytes, hash }: Run,
): Promise<Result> {
  const job: Job = { port, files, connections, requests, rangeBytes, hash };
  const child = spawn(process.execPath, [CLIENT, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`${name}: ${said || `the client ended with ${code}`}`));
      else resolve(JSON.parse(out));
    });
  });
}

async function rssMib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024;
}

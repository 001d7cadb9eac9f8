/**
 * From the start of `src/main.ts` to the first answered manifest: on an empty data folder (goal ≤ 3 s) and on a warm one
 * (goal ≤ 1 s), and the resident memory of the Node process 60 s after a start (goal ≤ 150 MB).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { median, startServer } from './measure.ts';

const RUNS = 5;

export const benchStart: Bench = async ({ quick }) => {
  const runs = quick ? 2 : RUNS;
  const [empty, warm, rss]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < runs; run += 1) {
    const dataDir = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
    try {
      const first = await startServer({ DATA_DIR: dataDir });
      empty.push(first.readyMs);
      await first.stop();
      const second = await startServer({ DATA_DIR: dataDir });
      warm.push(second.readyMs);
      if (run === 0 || !quick) {
        await sleep(60_000);
        rss.push(await residentMib(second.pid));
      }
      await second.stop();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  }
  const row = (what: string, values: readonly number[]) => ({
    what,
    median: Math.round(median(values)),
    min: Math.round(Math.min(...values)),
    max: Math.round(Math.max(...values)),
    runs: values.length,
  });
  return [
    row('manifest, empty data folder (ms)', empty),
    row('manifest, warm (ms)', warm),
    row('RSS after 60 s (MiB)', rss),
  ];
};

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kib) / 1024;
}

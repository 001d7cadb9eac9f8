import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startArguments } from '../../test/support/start-command.ts';

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** User and system time of a process and all its threads, so far. */
export async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Runs `ask` for each item, `concurrency` at a time; answers each one's milliseconds. */
export async function timeAll<T>(
  items: readonly T[],
  concurrency: number,
  ask: (item: T, worker: number) => Promise<void>,
): Promise<number[]> {
  const queue = [...items];
  const times: number[] = [];
  const worker = async (index: number) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const startedAt = performance.now();
      await ask(item, index);
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, index) => worker(index)));
  return times;
}

/** The server as a user starts it, on a free port; output is kept for the failure message. */
export async function startServer(env: Record<string, string>, timeoutMs = 60_000) {
  const port = await freePort();
  const child = spawn(process.execPath, startArguments(), {
    env: {
      ...process.env,
      PORT: String(port),
      HOST: '127.0.0.1',
      OUTBOUND: 'listed',
      OUTBOUND_ALLOW: '127.0.0.0/8,::1',
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = `${output}${chunk}`.slice(-20_000)));
  const baseUrl = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  while (performance.now() - startedAt < timeoutMs) {
    if (child.exitCode !== null) throw new Error(`the server stopped:\n${output}`);
    const answer = await fetch(`${baseUrl}/manifest.json`).catch(() => null);
    if (answer?.ok === true)
      return {
        baseUrl,
        pid: child.pid ?? 0,
        readyMs: performance.now() - startedAt,
        stop: () => stop(child),
        output: () => output,
      };
    await sleep(5);
  }
  await stop(child);
  throw new Error(`the server did not answer:\n${output}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exited;
  clearTimeout(timer);
}

import { spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { expect } from 'vitest';
import { freePort } from './processes.ts';
import { productEnv, ROOT } from './product.ts';

/** A start that cannot be must say so long before this. */
const LIMIT_MS = 30_000;
export const SOON_MS = 10_000;
/** Stands in every bad value: none may be shown. */
export const BAD_VALUE = 'hunter2';

export type Ended = { code: number | null; output: string; tookMs: number };

/** Starts the product on `dataDir` and waits for it to end by itself. Throws when it runs on. `wrap` goes before the command. */
export async function startAndEnd(
  dataDir: string,
  { env = {}, wrap = [] }: { env?: Readonly<Record<string, string>>; wrap?: readonly string[] } = {},
): Promise<Ended> {
  const begunAt = performance.now();
  const [command = '', ...args] = [...wrap, process.execPath, 'src/main.ts'];
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...productEnv(dataDir), PORT: String(await freePort()), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (child.signalCode === 'SIGKILL') throw new Error(`it did not end within ${LIMIT_MS} ms:\n${output}`);
  return { code, output, tookMs: performance.now() - begunAt };
}

/** Processes that work in `dir` or name it on their command line. */
export async function processesOn(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (command.includes(dir) || cwd.startsWith(dir)) found.push(`${pid} ${command}`);
  }
  return found;
}

/** Ended by itself, soon, with a code; said why in one message without a stack; left nobody behind on `dir`. */
export async function expectRefusalOn(dir: string, ended: Ended, words: RegExp): Promise<void> {
  expect(ended.output).toMatch(words);
  expect(ended.code).toBe(1);
  expect(ended.tookMs).toBeLessThan(SOON_MS);
  expect(ended.output).not.toMatch(/\n\s+at |"stack"|node:internal/);
  expect(ended.output).not.toContain(BAD_VALUE);
  expect(ended.output.match(/cannot start|are wrong/g)).toHaveLength(1);
  expect(await processesOn(dir)).toEqual([]);
}

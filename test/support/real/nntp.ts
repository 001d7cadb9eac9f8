import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { plainEnv } from '../processes.ts';
import { type NntpCommand, type NntpLink, NntpSeen, type RawJob, RawResult } from './nntp-jobs.ts';
import { end, type Running } from './swarm.ts';

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export type NntpRelay = Running & {
  /** Changes one link; answers what it has seen until then. */
  tell(link: number, change?: Omit<z.input<typeof NntpCommand>, 'link'>): Promise<NntpSeen>;
};

/** Links to news servers that delay, limit, stall, damage, break off and are not there. */
export async function startNntpRelay(links: readonly z.input<typeof NntpLink>[]): Promise<NntpRelay> {
  const child = spawn(process.execPath, [program('nntp-relay.ts'), JSON.stringify(links)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: plainEnv(),
  });
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  const said = () => new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(line));
  child.on('exit', (code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the relay ended with ${code}`));
  });
  await said();
  const tell: NntpRelay['tell'] = async (link, change = {}) => {
    const answer = said();
    child.stdin.write(`${JSON.stringify({ link, ...change })}\n`);
    return NntpSeen.parse(JSON.parse(await answer));
  };
  const stop = () => end(child);
  return { tell, stop, [Symbol.asyncDispose]: stop };
}

/** The yardstick: these articles as fast as one process of Node takes them, from its first connection on. */
export async function pullRaw(job: RawJob): Promise<RawResult> {
  const child = spawn(process.execPath, [program('raw-nntp.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: plainEnv(),
    timeout: 600_000,
    killSignal: 'SIGKILL',
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = `${errors}${chunk}`.slice(-4000)));
  child.stdin.end(JSON.stringify(job));
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('close', (code) => reject(new Error(`the puller ended with ${code}: ${errors}`)));
  });
  // What it told is all it was for; a Node that hangs at its exit is not waited for.
  child.kill('SIGKILL');
  return RawResult.parse(JSON.parse(line));
}

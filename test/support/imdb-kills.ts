import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const SCRIPT = fileURLToPath(new URL('./imdb-seed.ts', import.meta.url));
const Package = z.object({ scripts: z.object({ seed: z.string() }) });
/** What `npm run seed` gives to Node. */
const FLAGS = Package.parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')))
  .scripts.seed.split(' ')
  .filter((word) => word.startsWith('--'));

export const SeedSummary = z.object({
  rows: z.int(),
  newTitles: z.int(),
  changedTitles: z.int(),
  sameTitles: z.int(),
  newEpisodes: z.int(),
  newCredits: z.int(),
  brokenRows: z.int(),
  seconds: z.number(),
  maxRssMb: z.number(),
});
export type SeedSummary = z.infer<typeof SeedSummary>;

/** Runs the importer in a process of its own on this database; killed after `killAfterMs`, then null. */
export async function seedImdb(
  url: string,
  args: readonly string[],
  killAfterMs?: number,
): Promise<SeedSummary | null> {
  const child: ChildProcess = spawn(process.execPath, [...FLAGS, SCRIPT, ...args], {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [code] = z.tuple([z.int().nullable(), z.unknown()]).parse(await once(child, 'close'));
  clearTimeout(timer);
  if (code === 0) return SeedSummary.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
  if (code === null) return null;
  throw new Error(`the importer ended with ${code}: ${output.slice(-500)}`);
}

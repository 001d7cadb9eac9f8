/**
 * Release names a second through `npm run -s parse-names` as a user runs it, start and compiling included (goal: 10,000/s), in turns with
 * the title parser alone. The names are the corpus of the tests, over and over; nothing is remembered from one line to the next.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from '../bench.ts';
import { median } from './measure.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CORPUS = new URL('../../test/fixtures/release-names.jsonl', import.meta.url);
const PARSE_NAMES: readonly string[] = commandOf('parse-names');
/** The same flags, so that what differs is what is done with a name. */
const LIBRARY: readonly string[] = [
  ...PARSE_NAMES.slice(0, -1),
  fileURLToPath(new URL('bare-names.ts', import.meta.url)),
];

export async function nameRows({ folder, quick }: { folder: string; quick: boolean }): Promise<BenchRow[]> {
  const rounds = quick ? 1 : 5;
  const corpus = corpusNames();
  const times = quick ? 5 : 100;
  const file = join(folder, 'names.txt');
  await writeFile(file, `${corpus.join('\n')}\n`.repeat(times));
  const [ours, library]: [Run[], Run[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await run(PARSE_NAMES, file));
    library.push(await run(LIBRARY, file));
  }
  const count = corpus.length * times;
  if ([...ours, ...library].some(({ lines }) => lines !== count)) throw new Error('a name has no answer');
  if (new Set(ours.map(({ digest }) => digest)).size !== 1)
    throw new Error('the same names, read differently');
  const rate = (runs: readonly Run[]) => median(runs.map(({ seconds }) => count / seconds));
  const row = (what: string, runs: readonly Run[]): BenchRow => ({
    ...{ what, 'names/s': Math.round(rate(runs)), rounds },
    'names/CPU s': Math.round(median(runs.map(({ cpuSeconds }) => count / cpuSeconds))),
  });
  return [
    {
      ...row(`release names (${count})`, ours),
      'of the library alone': Number((rate(ours) / rate(library)).toFixed(2)),
    },
    row('the title parser alone', library),
  ];
}

function corpusNames(): string[] {
  const lines = readFileSync(CORPUS, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('name' in entry))
      throw new Error('a line without a name');
    return String(entry.name).replaceAll('\n', ' ');
  });
}

/** What `npm run` runs under that name. */
function commandOf(script: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return String(scripts[script]).split(' ');
}

type Run = { seconds: number; cpuSeconds: number; lines: number; digest: string };

/** The shell tells what the child took of the processor, its threads included. */
async function run(command: readonly string[], file: string): Promise<Run> {
  const [node, ...args] = command;
  if (node !== 'node') throw new Error(`${node} is not Node`);
  const child = spawn('bash', ['-c', `TIMEFORMAT='%R %U %S'; time "$@"`, 'bash', process.execPath, ...args], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  createReadStream(file).pipe(child.stdin);
  const hash = createHash('sha256');
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const [seconds, user, system] = (told.trim().split('\n').at(-1) ?? '')
    .replaceAll(',', '.')
    .split(' ')
    .map(Number);
  if (code !== 0 || seconds === undefined || user === undefined || system === undefined)
    throw new Error(`names were not read: ${told.slice(-500)}`);
  return { seconds, cpuSeconds: user + system, lines, digest: hash.digest('hex') };
}

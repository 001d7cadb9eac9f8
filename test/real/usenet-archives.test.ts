import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openArchive } from '../../src/streams/usenet/archives/open-archive.ts';
import { memoryVolumes, readInner, someRanges } from '../support/memory-volumes.ts';
import type { RarOptions } from '../support/rar-format.ts';
import { writeRar } from '../support/rar-writer.ts';
import { type SevenZipOptions, writeSevenZip, writeZip, type ZipOptions } from '../support/zip-7z-writer.ts';

type Named = { name: string; bytes: Buffer };

const run = promisify(execFile);
const inputs = [
  { path: 'show/film.mkv', bytes: Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(300_001)]) },
  { path: 'show/film.nfo', bytes: randomBytes(1234) },
  { path: 'show/film.en.srt', bytes: randomBytes(50_000) },
];

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'archives-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Writes the volumes and lets another program take them apart. */
async function expectUnpacked(
  volumes: readonly Named[],
  command: (first: string, out: string) => [string, string[]],
) {
  await using dir = await folder();
  for (const { name, bytes } of volumes) await writeFile(join(dir.path, name), bytes);
  const out = join(dir.path, 'out');
  await mkdir(out);
  const [program, args] = command(join(dir.path, volumes[0]?.name ?? ''), out);
  await run(program, args, { timeout: 60_000 });
  for (const { path, bytes } of inputs) expect((await readFile(join(out, path))).equals(bytes)).toBe(true);
}

const secret = 'geheim';
const rarOptions: Omit<RarOptions, 'version'>[] = [
  {},
  { comment: 'hello' },
  { volumeBytes: 60_000 },
  { volumeBytes: 20_000, password: secret },
  { volumeBytes: 60_000, password: secret, encryptHeaders: true },
];

test.each(rarOptions)('unar reads our RAR5: %o', (options) => unarReads({ ...options, version: 5 }));
// Those with a password unar 1.10 finds damaged; unrar and 7-Zip, which are no packages here or read no RAR, took them.
const openOptions = rarOptions.filter(({ password }) => password === undefined);
test.each([...openOptions, { volumeBytes: 60_000, naming: 'old' } as const])(
  'unar reads our RAR4: %o',
  (options) => unarReads({ ...options, version: 4 }),
);

function unarReads(options: RarOptions): Promise<void> {
  const password = options.password ? ['-p', options.password] : [];
  return expectUnpacked(writeRar(inputs, options), (first, out) => [
    'unar',
    ['-q', '-f', '-D', '-o', out, ...password, first],
  ]);
}

const unpacked = (first: string, out: string): [string, string[]] => [
  '7zz',
  ['x', '-y', `-o${out}`, `-p${secret}`, first],
];

test.each<SevenZipOptions>([
  {},
  { isSolid: true },
  { password: secret },
  { password: secret, encryptHeader: true },
])('7-Zip reads our 7z: %o', (options) =>
  expectUnpacked([{ name: 'a.7z', bytes: writeSevenZip(inputs, options) }], unpacked),
);

test.each<ZipOptions>([{}, { is64: true }, { hasDescriptors: true }])('7-Zip reads our zip: %o', (options) =>
  expectUnpacked([{ name: 'a.zip', bytes: writeZip(inputs, options) }], unpacked),
);

test.each([
  ['7z', []],
  ['7z', ['-mhc=off']],
  ['7z', ['-v100k']],
  ['7z', [`-p${secret}`]],
  ['7z', [`-p${secret}`, '-mhe', '-v100k']],
  ['zip', []],
  ['zip', ['-v90k']],
] as const)('we read what 7-Zip stores as %s with %j', async (type, more) => {
  await using dir = await folder();
  for (const { path, bytes } of inputs) {
    await mkdir(dirname(join(dir.path, path)), { recursive: true });
    await writeFile(join(dir.path, path), bytes);
  }
  await run('7zz', ['a', `-t${type}`, '-mx0', ...more, `a.${type}`, 'show'], {
    cwd: dir.path,
    timeout: 60_000,
  });
  const names = (await readdir(dir.path)).filter((name) => name.startsWith('a.'));
  const volumes = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(join(dir.path, name)) })),
  );
  const signal = AbortSignal.timeout(60_000);
  const archive = await openArchive(memoryVolumes(volumes).volumes, { password: secret, signal });
  for (const { path, bytes } of inputs) {
    const index = archive.map.files.findIndex((file) => file.path === path);
    for (const range of someRanges(bytes.length, 20))
      expect((await readInner(archive, volumes, index, range)).equals(bytes.subarray(...range))).toBe(true);
  }
});

import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTempDir } from './support/processes.ts';

/** What runs before `npm start` and `npm test`. npm is one that only notes what it was asked for. */
const PREPARE = fileURLToPath(new URL('../scripts/prepare.cjs', import.meta.url));
const NODE = process.platform === 'win32' ? 'node.cmd' : 'node';
const LOCKED_AT = new Date('2026-01-02T00:00:00Z');
const BEFORE = new Date('2026-01-01T00:00:00Z');
const AFTER = new Date('2026-01-03T00:00:00Z');

let dir: Awaited<ReturnType<typeof openTempDir>>;
beforeEach(async () => {
  dir = await openTempDir();
  await mkdir(at('app', 'scripts'), { recursive: true });
  await copyFile(PREPARE, at('app', 'scripts', 'prepare.cjs'));
  await writeFile(at('app', 'package.json'), '{"name":"app","version":"1.0.0"}');
  await writeFile(at('app', 'package-lock.json'), '{"name":"app","lockfileVersion":3,"packages":{}}');
  await utimes(at('app', 'package-lock.json'), LOCKED_AT, LOCKED_AT);
  const npm = `require('node:fs').writeFileSync('npm-was-asked', process.argv.slice(2).join(' '));
process.exit(Number(process.env.NPM_ENDS ?? 0));`;
  await writeFile(at('npm.cjs'), npm);
});
afterEach(() => dir.remove());

function at(...parts: string[]): string {
  return join(dir.path, ...parts);
}

/** An installation, in `app` or elsewhere. */
async function install(folder: string, installedAt: Date): Promise<void> {
  await mkdir(join(folder, '.bin'), { recursive: true });
  await writeFile(join(folder, '.bin', NODE), 'a program');
  await writeFile(join(folder, '.package-lock.json'), '{}');
  await utimes(join(folder, '.package-lock.json'), installedAt, installedAt);
}

type Ran = { status: number; out: string; error: string; asked: string | null };

async function prepare(npmEnds = 0): Promise<Ran> {
  const env = { ...process.env, npm_execpath: at('npm.cjs'), NPM_ENDS: String(npmEnds) };
  const ran = await new Promise<Omit<Ran, 'asked'>>((resolve) => {
    execFile(process.execPath, [at('app', 'scripts', 'prepare.cjs')], { env }, (failure, out, error) =>
      resolve({ status: failure === null ? 0 : Number(failure.code), out, error }),
    );
  });
  return { ...ran, asked: await readFile(at('app', 'npm-was-asked'), 'utf8').catch(() => null) };
}

test.each(['folder', 'link'])('an installation newer than the lockfile is left alone: a %s', async (what) => {
  await install(what === 'link' ? at('elsewhere') : at('app', 'node_modules'), AFTER);
  if (what === 'link') await symlink(at('elsewhere'), at('app', 'node_modules'), 'junction');
  expect(await prepare()).toEqual({ status: 0, out: '', error: '', asked: null });
});

test('one that is missing or older is made from the lockfile', async () => {
  expect(await prepare()).toMatchObject({ status: 0, asked: expect.stringMatching(/^ci /) });
  await install(at('app', 'node_modules'), BEFORE);
  expect(await prepare()).toMatchObject({
    status: 0,
    out: expect.stringContaining('Installing'),
    asked: expect.stringMatching(/^ci /),
  });
});

test('where npm fails, so does the command, in words and with its status', async () => {
  expect(await prepare(7)).toMatchObject({ status: 7, error: expect.stringContaining('Check the network') });
});

test('a link to an older installation is not emptied: the command says so and ends', async () => {
  await install(at('elsewhere'), BEFORE);
  await symlink(at('elsewhere'), at('app', 'node_modules'), 'junction');
  const { status, out, error, asked } = await prepare();
  expect([status, out, asked]).toEqual([1, '', null]);
  expect(error).toMatch(/^node_modules is a link to another folder\. .+\n$/);
  expect((await readdir(at('elsewhere'), { recursive: true })).sort()).toEqual([
    '.bin',
    join('.bin', NODE),
    '.package-lock.json',
  ]);
  expect(await readFile(at('elsewhere', '.bin', NODE), 'utf8')).toBe('a program');
});

test('a link to nothing is not followed either', async () => {
  await symlink(at('nowhere'), at('app', 'node_modules'), 'junction');
  expect(await prepare()).toMatchObject({ status: 1, asked: null });
  expect((await readdir(dir.path)).sort()).toEqual(['app', 'npm.cjs']);
});

import {
  access,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildWebUi, isWebUiStale } from '../../src/web/build.ts';
import { waitUntil } from '../support/wait-until.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
let root = '';
let warnings: Record<string, unknown>[] = [];
const log = {
  info() {},
  warn(fields: Record<string, unknown>) {
    warnings.push(fields);
  },
};

beforeEach(async () => {
  warnings = [];
  root = await mkdtemp(join(tmpdir(), 'web-build-'));
  await mkdir(join(root, 'src/web/ui'), { recursive: true });
  await writeFile(join(root, 'package-lock.json'), '{"lockfileVersion":3}');
  await writeFile(join(root, 'src/web/index.html'), '<!doctype html>');
  await writeFile(join(root, 'src/web/vite.config.ts'), 'export default {};');
  await writeFile(join(root, 'src/web/ui/main.tsx'), 'export {};');
});

afterEach(() => rm(root, { recursive: true, force: true }));

test('the real page is built by vite, swapped in whole and fresh afterwards', {
  timeout: 60_000,
}, async () => {
  await rm(join(root, 'src/web'), { recursive: true });
  await mkdir(join(root, 'src/web'));
  for (const name of ['index.html', 'vite.config.ts', 'ui']) {
    await cp(join(PROJECT, 'src/web', name), join(root, 'src/web', name), { recursive: true });
  }
  await symlink(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  await writeFile(join(root, 'tsconfig.json'), await readFile(join(PROJECT, 'tsconfig.json')));
  await mkdir(join(root, 'src/web/dist'));
  await writeFile(join(root, 'src/web/dist/old.txt'), 'of the last build');
  expect(await isWebUiStale(root)).toBe(true);

  await buildWebUi({ root, log, signal: AbortSignal.timeout(50_000) });

  expect(await isWebUiStale(root)).toBe(false);
  const html = await readFile(join(root, 'src/web/dist/index.html'), 'utf8');
  const assets = await readdir(join(root, 'src/web/dist/assets'));
  const linked = [...html.matchAll(/(?:src|href)="\/assets\/([^"]+)"/g)].map(([, name]) => name);
  expect(linked.length).toBeGreaterThan(1);
  expect(assets).toEqual(expect.arrayContaining(linked));
  expect(html).not.toMatch(/(?:src|href)="https?:/);
  expect(html.match(/<script(?![^>]*\bsrc=)/)).toBeNull();
  for (const script of assets.filter((name) => name.endsWith('.js'))) {
    expect(assets).toEqual(expect.arrayContaining([`${script}.br`, `${script}.gz`]));
  }
  expect(await firstLoadBytes(html)).toBeLessThan(150_000);
  await expect(access(join(root, 'src/web/dist/old.txt'))).rejects.toThrow('ENOENT');
  expect((await stat(join(root, 'src/web/dist'))).mode & 0o777).toBe(0o755);
  expect(await leftovers()).toEqual([]);
});

test('the page is stale when a source or the lockfile changes, and not when only times change', async () => {
  await fakeVite("await writeFile(join(outDir, 'index.html'), 'built')");
  const isStale = () => isWebUiStale(root);
  expect(await isStale()).toBe(true);
  const changes: [string, string][] = [
    ['src/web/ui/main.tsx', 'export const changed = 1;'],
    ['src/web/ui/new-part.tsx', 'export {};'],
    ['src/web/index.html', '<!doctype html><p>'],
    ['src/web/vite.config.ts', 'export default { base: "/" };'],
    ['package-lock.json', '{"lockfileVersion":3,"packages":{}}'],
  ];
  for (const [name, content] of changes) {
    await build();
    expect(await isStale(), `before ${name}`).toBe(false);
    await writeFile(join(root, name), content);
    expect(await isStale(), `after ${name}`).toBe(true);
    await writeFile(join(root, name), content);
  }
  await build();
  await writeFile(join(root, 'src/web/routes.ts'), 'export {};');
  await writeFile(join(root, 'src/web/ui/main.tsx'), 'export const changed = 1;');
  expect(await isStale()).toBe(false);
});

test('without vite, or without the sources, there is nothing to build and nothing is stale', async () => {
  expect(await isWebUiStale(root)).toBe(false);
  await expect(build()).rejects.toMatchObject({ code: 'web.build_impossible' });
  await fakeVite('');
  expect(await isWebUiStale(root)).toBe(true);
  await rm(join(root, 'src/web'), { recursive: true });
  await mkdir(join(root, 'src/web/dist'), { recursive: true });
  expect(await isWebUiStale(root)).toBe(false);
});

test('a failed build keeps the old page, logs its output and stays stale', async () => {
  await fakeVite("await writeFile(join(outDir, 'index.html'), 'built')");
  await build();
  await fakeVite(
    "await writeFile(join(outDir, 'index.html'), 'half'); console.error('no such module'); process.exit(3)",
  );
  await writeFile(join(root, 'src/web/ui/main.tsx'), 'import "./absent.ts";');
  await expect(build()).rejects.toMatchObject({ code: 'web.build_failed' });
  expect(warnings).toMatchObject([{ code: 3, output: expect.stringContaining('no such module') }]);
  expect(await readFile(join(root, 'src/web/dist/index.html'), 'utf8')).toBe('built');
  expect(await isWebUiStale(root)).toBe(true);
  expect(await leftovers()).toEqual([]);
});

test('the build has the lowest priority and none of the secrets of the server', async () => {
  await fakeVite(
    "await writeFile(join(outDir, 'index.html'), JSON.stringify({ env: process.env, priority: getPriority() }))",
  );
  process.env.SECRET_KEY = 'a secret that only the server knows';
  try {
    await build();
  } finally {
    delete process.env.SECRET_KEY;
  }
  const seen = JSON.parse(await readFile(join(root, 'src/web/dist/index.html'), 'utf8'));
  expect(seen.env).toMatchObject({ NODE_ENV: 'production' });
  expect(JSON.stringify(seen.env)).not.toContain('secret');
  expect(seen.priority).toBe(constants.priority.PRIORITY_LOW);
});

test('an abort ends a child that ignores SIGTERM and leaves the old page', { timeout: 15_000 }, async () => {
  await fakeVite(
    "process.on('SIGTERM', () => {}); await writeFile(join(cwd, 'pid'), String(process.pid)); setInterval(() => {}, 1000); await new Promise(() => {})",
  );
  const stop = new AbortController();
  const building = build(stop.signal);
  building.catch(() => undefined);
  const pid = await untilWritten(join(root, 'pid'));
  stop.abort(new Error('server stops'));
  await expect(building).rejects.toThrow('server stops');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(await leftovers()).toEqual([]);
  await expect(build(stop.signal)).rejects.toThrow('server stops');
});

test('what a killed build left behind long ago is cleared away, what is young is left alone', async () => {
  await fakeVite("await writeFile(join(outDir, 'index.html'), 'built')");
  const old = join(root, 'src/web/dist.tmp-killed');
  const young = join(root, 'src/web/dist.tmp-living');
  await mkdir(old);
  await mkdir(young);
  await utimes(old, 1_000, 1_000);
  await build();
  expect(await leftovers()).toEqual(['dist.tmp-living']);
});

function build(signal = AbortSignal.timeout(20_000)): Promise<void> {
  return buildWebUi({ root, log, signal });
}

/** A program in vite's place: `outDir` and `cwd` are given to `body`. */
async function fakeVite(body: string): Promise<void> {
  const folder = join(root, 'node_modules/vite');
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"vite","version":"0.0.0","type":"module"}');
  await writeFile(
    join(folder, 'bin/vite.js'),
    `import { writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
const cwd = process.cwd();
const outDir = process.argv[process.argv.indexOf('--outDir') + 1];
${body}`,
  );
}

/** Bytes of the gzipped scripts that the page asks for at once. */
async function firstLoadBytes(html: string): Promise<number> {
  const scripts = [...html.matchAll(/"\/assets\/([^"]+\.js)"/g)].map(([, name]) => name);
  const sizes = scripts.map(async (name) => (await stat(join(root, `src/web/dist/assets/${name}.gz`))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function leftovers(): Promise<string[]> {
  return (await readdir(join(root, 'src/web'))).filter((name) => name.startsWith('dist.'));
}

function untilWritten(path: string): Promise<number> {
  const read = async () => Number(await readFile(path, 'utf8').catch(() => '')) || undefined;
  return waitUntil(read, { what: 'the child has written its pid', timeoutMs: 10_000 });
}

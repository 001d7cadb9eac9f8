import { once } from 'node:events';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamKind } from '../../src/streams/kind.ts';
import { localKind } from '../../src/streams/local/index.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { openTempDir } from '../support/processes.ts';

const NEVER = new AbortController().signal;

let held: TestKindDeps;
let dir: Awaited<ReturnType<typeof openTempDir>>;
let kind: StreamKind;
/** Neither file nor folder; a read of one would wait for ever. */
const special = createServer();
beforeAll(async () => {
  dir = await openTempDir();
  const [films, outside, shipped] = ['films', 'outside', 'shipped'].map((name) => join(dir.path, name));
  for (const folder of [`${films}/inner`, outside, `${films}-too`, shipped])
    await mkdir(folder ?? '', { recursive: true });
  await writeFile(`${films}/inner/film.mkv`, 'a film');
  await writeFile(`${films}/%2e%2e.mkv`, 'an odd name');
  await writeFile(`${outside}/secret.txt`, 'a secret');
  await writeFile(`${films}-too/secret.txt`, 'a secret');
  await writeFile(`${shipped}/clip.mp4`, 'a clip');
  await symlink(`${films}/inner/film.mkv`, `${films}/link-inside.mkv`);
  await symlink(`${outside}/secret.txt`, `${films}/link-outside.mkv`);
  await symlink('../outside', `${films}/folder-outside`);
  await symlink('/', `${films}/root`);
  await symlink(`${films}/loop.mkv`, `${films}/loop.mkv`);
  special.listen(`${films}/socket.mkv`);
  await once(special, 'listening');
  held = await openKindDeps({ films: films ?? '', gone: `${dir.path}/gone` }, shipped);
  kind = localKind(held.deps);
});
afterAll(async () => {
  special.close();
  await held.close();
  await dir.remove();
});

const open = async (folder: string, path: string) => {
  const source = await kind.open?.({ detail: { folder, path }, fileIndex: null }, NEVER);
  await source?.close();
  return source?.size;
};

test('opens files inside its folder, through links that stay inside too, and shipped ones as starter/…', async () => {
  expect(await open('films', 'inner/film.mkv')).toBe(6);
  expect(await open('films', 'link-inside.mkv')).toBe(6);
  expect(await open('films', '%2e%2e.mkv')).toBe(11);
  expect(await open('starter', 'clip.mp4')).toBe(6);
  expect(kind.parse({ file: 'starter/clip.mp4' })).toEqual({ folder: 'starter', path: 'clip.mp4' });
});

test('opens names that are no UTF-8, as old shares have them, by the text they are shown with', async () => {
  const films = Buffer.from(join(dir.path, 'films/'));
  const latin = Buffer.from('Am\u00e9lie', 'latin1');
  const folder = Buffer.concat([films, latin]);
  await mkdir(Buffer.concat([folder, Buffer.from('/日本')]), { recursive: true });
  for (const [name, size] of [
    [Buffer.concat([latin, Buffer.from('.mkv')]), 3],
    [Buffer.from('日本/été.mkv'), 4],
    [Buffer.concat([Buffer.from('日本/'), latin, Buffer.from('.mkv')]), 5],
  ] as const)
    await writeFile(Buffer.concat([folder, Buffer.from('/'), name]), 'x'.repeat(size));
  expect(await open('films', 'Amélie/Amélie.mkv')).toBe(3);
  expect(await open('films', 'Amélie/日本/été.mkv')).toBe(4);
  expect(await open('films', 'Amélie/日本/Amélie.mkv')).toBe(5);
  // What is there under its own text comes first.
  await writeFile(join(dir.path, 'films', 'Amélie.mkv'), 'x');
  await writeFile(Buffer.concat([films, latin, Buffer.from('.mkv')]), 'latin');
  expect(await open('films', 'Amélie.mkv')).toBe(1);
  const out = Buffer.concat([films, Buffer.from('d\u00e9hors', 'latin1')]);
  await symlink(join(dir.path, 'outside'), out);
  await symlink(
    join(dir.path, 'films', 'inner'),
    Buffer.concat([films, Buffer.from('d\u00e9dans', 'latin1')]),
  );
  expect(await open('films', 'dédans/film.mkv')).toBe(6);
  for (const path of ['déhors/secret.txt', 'déhors', 'Amélie', 'Amélie/nö.mkv'])
    await expect(open('films', path)).rejects.toMatchObject({ code: 'stream.file_missing' });
});

test.each([
  'link-outside.mkv',
  'folder-outside/secret.txt',
  'root/etc/hostname',
  'loop.mkv',
  'socket.mkv',
  'inner',
  'missing.mkv',
  'inner/film.mkv/x',
])('answers %s as if it were not there', async (path) => {
  await expect(open('films', path)).rejects.toMatchObject({ code: 'stream.file_missing', status: 404 });
});

test.each([
  '../outside/secret.txt',
  'inner/../../outside/secret.txt',
  '../films-too/secret.txt',
  '/etc/passwd',
  '%2e%2e/outside/secret.txt',
  'a\0b',
  '..\\x',
])('opens no %s, even from a link that holds it', async (path) => {
  await expect(open('films', path)).rejects.toThrow();
  await expect(open('films', path)).rejects.not.toMatchObject({ code: 'stream.file_missing' });
});

test('says which folder the settings no longer name, and that a folder is not mounted', async () => {
  await expect(open('other', 'film.mkv')).rejects.toMatchObject({ code: 'stream.folder_missing' });
  await expect(open('gone', 'film.mkv')).rejects.toMatchObject({ code: 'stream.file_missing' });
});

test('sends the rest of a file that was replaced meanwhile from the one it opened', async () => {
  const path = join(dir.path, 'films', 'replaced.mkv');
  await writeFile(path, 'old bytes');
  const source = await kind.open?.(
    { detail: { folder: 'films', path: 'replaced.mkv' }, fileIndex: null },
    NEVER,
  );
  await writeFile(`${path}.new`, 'new');
  await rename(`${path}.new`, path);
  const got: Buffer[] = [];
  const sink = {
    write(chunk: Uint8Array, done: () => void) {
      got.push(Buffer.from(chunk));
      done();
      return true;
    },
    onDrain: () => {},
  };
  await source?.send({ start: 4, end: 9 }, sink, NEVER);
  await source?.close();
  expect(Buffer.concat(got).toString()).toBe('bytes');
  expect(await open('films', 'replaced.mkv')).toBe(3);
  await rm(path);
});

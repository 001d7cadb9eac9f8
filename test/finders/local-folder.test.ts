import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, mkdir, open as openFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lister } from '../../src/finders/lister.ts';
import { watchFolders } from '../../src/finders/local-folder/watch-folders.ts';
import { listedIn, openLister, walkedIn } from '../support/listing-server.ts';
import { openTempDir } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

let dir: Awaited<ReturnType<typeof openTempDir>>;
let root: string;
let films: Lister & AsyncDisposable;
const open = (baseUrl: string) => openLister('local-folder', baseUrl, {}, new Map([['films', root]]));
beforeAll(async () => {
  dir = await openTempDir();
  root = join(dir.path, 'root');
  await mkdir(root);
  films = open('local:films/');
});
afterAll(async () => {
  await films[Symbol.asyncDispose]();
  await dir.remove();
});

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));

test('names are bytes: Latin-1, quotes, right to left; those with line ends are refused', async () => {
  const place = join(root, 'names');
  await mkdir(place);
  const names = [
    bytes(`${place}/caf`, 0xe9, '.mkv'),
    ...['a "b" #1 100%?.mkv', '\u202egnp.mkv', 'back\\slash.mkv', '日本.mkv', 'x\r\ny.mkv', 'x\ny.mkv'].map(
      (name) => bytes(`${place}/${name}`),
    ),
  ];
  for (const name of names) await writeFile(name, 'four');
  const inside = bytes(`${place}/dir`, 0xff);
  await mkdir(inside);
  await writeFile(Buffer.concat([inside, Buffer.from('/in.mkv')]), 'x');
  const { entries, refused } = await listedIn(films, 'names');
  expect(
    entries.map(({ kind, segment, name, sizeBytes }) => [kind, segment, name, sizeBytes]).sort(),
  ).toEqual([
    ['file', '%E2%80%AEgnp.mkv', '\u202egnp.mkv', 4],
    ['file', '%E6%97%A5%E6%9C%AC.mkv', '日本.mkv', 4],
    ['file', 'a%20%22b%22%20%231%20100%25%3F.mkv', 'a "b" #1 100%?.mkv', 4],
    ['file', 'back%5Cslash.mkv', 'back\\slash.mkv', 4],
    ['file', 'caf%E9.mkv', 'café.mkv', 4],
    ['folder', 'dir%FF', 'dirÿ', null],
  ]);
  expect(refused).toBe(2);
  expect(Date.now() - (entries[0]?.modifiedAt?.getTime() ?? 0)).toBeLessThan(60_000);
  expect((await listedIn(films, 'names/dir%FF')).entries).toMatchObject([{ name: 'in.mkv', sizeBytes: 1 }]);
});

test('links: a file inside is listed, a folder inside once, nothing outside, no circle', async () => {
  const place = join(root, 'links');
  await mkdir(join(place, 'season'), { recursive: true });
  await writeFile(join(place, 'season', 'a.mkv'), '12345');
  await writeFile(join(dir.path, 'secret.mkv'), 'secret');
  await mkdir(join(dir.path, 'root-other'));
  await writeFile(join(dir.path, 'root-other', 'near.mkv'), 'near');
  const links = {
    'b.mkv': 'season/a.mkv',
    again: 'season',
    up: '..',
    self: '.',
    out: '../..',
    'out.mkv': '../../secret.mkv',
    near: '../../root-other',
    'near.mkv': '../../root-other/near.mkv',
    gone: 'nowhere',
    round: 'round',
    through: 'season/a.mkv/b.mkv',
    long: 'x'.repeat(300),
    dev: '/dev/zero',
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(place, name));
  const { entries } = await listedIn(films, 'links');
  expect(entries.map(({ kind, name, sizeBytes }) => [kind, name, sizeBytes]).sort()).toEqual([
    ['file', 'b.mkv', 5],
    ['folder', 'season', null],
  ]);
  const told = (await walkedIn(films))
    .flatMap(({ files }) => files)
    .filter(({ path }) => path.startsWith('links'));
  expect(told.map(({ path }) => path).sort()).toEqual(['links/b.mkv', 'links/season/a.mkv']);
  // Whoever asks for what was never told gets nothing either.
  for (const path of ['links/out', 'links/near'])
    await expect(listedIn(films, path)).rejects.toMatchObject({
      reach: 'folder',
      message: expect.stringContaining('out of its folder'),
    });
});

test('what is not there is told: of a folder, of the base, of the setting', async () => {
  await expect(listedIn(films, 'nowhere')).rejects.toMatchObject({
    reach: 'folder',
    message: expect.stringContaining('ENOENT'),
  });
  await using gone = openLister(
    'local-folder',
    'local:films/',
    {},
    new Map([['films', join(root, 'unmounted')]]),
  );
  await expect(listedIn(gone)).rejects.toMatchObject({ reach: 'server' });
  await using unnamed = open('local:other/');
  await expect(listedIn(unnamed)).rejects.toThrow('LOCAL_FOLDERS');
  expect(() => open('local:films')).toThrow('local: and its name');
  await using below = open('local:films/links/');
  expect(await below.test(new AbortController().signal)).toBe(
    'A folder of this machine. 1 file and 1 folder.',
  );
});

/** What a watch tells, from when it is known to hear. */
async function watchedTree(limits: { maxFolders?: number; rescanMs?: number } = {}) {
  const place = join(root, `watch-${Object.keys(limits).join('')}`);
  await mkdir(join(place, 'a', 'deep'), { recursive: true });
  await mkdir(join(place, 'b'));
  const lister = open(`local:films/${place.slice(root.length + 1)}/`);
  const told: string[] = [];
  const unseen: string[] = [];
  const stop = new AbortController();
  const placeOf = async (path: string) => Buffer.from(join(place, decodeURIComponent(path)));
  const watching = watchFolders({
    lister,
    placeOf,
    onChange: (path, isSeen) => (isSeen ? told : unseen).push(path),
    signal: stop.signal,
    settleMs: 50,
    ...limits,
  });
  const tells = async (path: string) => {
    await waitUntil(() => told.includes(path), {
      what: `${path} is told`,
      timeoutMs: 5000,
      everyMs: 20,
      detail: () => told.join(),
    });
    await sleep(150);
    return told.splice(0);
  };
  const end = async () => {
    stop.abort();
    await watching;
  };
  return { place, told, unseen, tells, end };
}

test('a change is told by its folder, in new folders and renamed ones too, until the signal', async () => {
  const { place, told, unseen, tells, end } = await watchedTree();
  expect(await tells('')).toEqual(['']);
  await writeFile(join(place, 'a', 'deep', 'film.mkv'), 'x');
  expect(new Set(await tells('a/deep'))).toEqual(new Set(['a/deep']));

  await writeFile(join(place, 'b', 'film.mkv'), 'x');
  expect(new Set(await tells('b'))).toEqual(new Set(['b']));
  await mkdir(join(place, 'b', 'new', 'newer'), { recursive: true });
  await tells('b');
  await writeFile(join(place, 'b', 'new', 'newer', 'film.mkv'), 'x');
  await tells('b/new/newer');
  await rename(join(place, 'b', 'new'), join(place, 'a', 'deep', 'moved'));
  await tells('a/deep');
  await writeFile(join(place, 'a', 'deep', 'moved', 'newer', 'other.mkv'), 'x');
  await tells('a/deep/moved/newer');
  await rm(join(place, 'a'), { recursive: true });
  await tells('');
  await mkdir(join(place, 'a'));
  await tells('');
  await writeFile(join(place, 'a', 'again.mkv'), 'x');
  expect(await tells('a')).not.toContain('b');
  await end();
  told.length = 0;
  await writeFile(join(place, 'b', 'last.mkv'), 'x');
  await sleep(200);
  expect([told, unseen]).toEqual([[], []]);
});

test('with more folders than may be watched, all is told again and again instead', async () => {
  const { told, unseen, end } = await watchedTree({ maxFolders: 3, rescanMs: 60 });
  await waitUntil(() => unseen.length >= 2, { what: 'told again', timeoutMs: 3000 });
  await end();
  expect([new Set(unseen), told]).toEqual([new Set(['']), []]);
});

test('a folder that comes back is heard again, and told for what happened before', async () => {
  const { place, told, unseen, tells, end } = await watchedTree({ rescanMs: 60 });
  await tells('');
  await rename(place, `${place}-away`);
  await waitUntil(() => unseen.includes(''), { what: 'its going is told', timeoutMs: 8000 });
  told.length = 0;
  await rename(`${place}-away`, place);
  await tells('');
  await writeFile(join(place, 'b', 'film.mkv'), 'x');
  expect(await tells('b')).toEqual(['b']);
  await end();
});

test('a folder that cannot be read is told as failed', async () => {
  const place = join(root, 'closed');
  await mkdir(place);
  await chmod(place, 0);
  try {
    // The owner of all files reads it anyway.
    if (process.getuid?.() === 0) expect((await listedIn(films, 'closed')).entries).toEqual([]);
    else await expect(listedIn(films, 'closed')).rejects.toMatchObject({ reach: 'folder' });
  } finally {
    await chmod(place, 0o755);
  }
});

test('an entry the disk does not answer for is not taken for gone: its folder failed', async () => {
  // One that can be listed and holds a name that no path leads to: a path has 4,095 bytes at most.
  const deep = Array.from({ length: 16 }, () => 'd'.repeat(240)).join('/');
  await mkdir(join(root, deep), { recursive: true });
  await using folder = await openFile(join(root, deep), 'r');
  const film = `/proc/self/fd/${folder.fd}/${'f'.repeat(250)}`;
  await writeFile(film, 'x');
  try {
    await expect(listedIn(films, deep)).rejects.toMatchObject({
      reach: 'folder',
      message: 'The folder is not there or cannot be read (ENAMETOOLONG).',
    });
  } finally {
    await rm(film);
  }
});

test('whoever stops does not wait for a disk that does not answer', async () => {
  const place = join(root, 'stuck');
  await mkdir(place);
  for (let n = 0; n < 200; n += 1) await writeFile(join(place, `${n}.mkv`), 'x');
  const pipe = join(dir.path, 'pipe');
  spawnSync('mkfifo', [pipe]);
  const stop = new AbortController();
  const listing = films.list('stuck', stop.signal)[Symbol.asyncIterator]();
  expect((await listing.next()).value).toHaveLength(64);
  // Each holds a thread of the pool until somebody writes: all that is asked of a disk waits behind them.
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const opening = Array.from({ length: threads }, () => openFile(pipe, 'r'));
  try {
    const stopped = listing.next().catch((error: unknown) => error);
    await sleep(50);
    stop.abort(new Error('enough'));
    expect(await Promise.race([stopped, sleep(2000, 'still waits')])).toMatchObject({ message: 'enough' });
  } finally {
    const writer = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    for (const opened of opening) await (await opened).close();
    closeSync(writer);
  }
});

test('a watch ends with its signal although the disk does not say where a folder is', async () => {
  const stop = new AbortController();
  const placeOf = () => new Promise<Buffer>(() => {});
  const watching = watchFolders({ lister: films, placeOf, onChange: () => {}, signal: stop.signal });
  stop.abort();
  expect(await Promise.race([watching, sleep(2000, 'still watches')])).toBeUndefined();
});

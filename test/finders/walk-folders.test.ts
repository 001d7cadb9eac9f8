import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Lister, ListingFailed, type WalkedPart } from '../../src/finders/lister.ts';
import { type Walk, walkFolders } from '../../src/finders/walk-folders.ts';
import { type MadeFolder, madeLister } from '../support/made-lister.ts';

const forever = new AbortController().signal;

async function walked(lister: Lister, walk: Partial<Walk> = {}): Promise<WalkedPart[]> {
  const parts: WalkedPart[] = [];
  for await (const part of walkFolders(lister, { starts: [''], signal: forever, restsMs: [1, 1], ...walk }))
    parts.push(part);
  return parts;
}

const filesOf = (parts: readonly WalkedPart[]) => parts.flatMap(({ files }) => files.map(({ path }) => path));
const ofState = (parts: readonly WalkedPart[], state: WalkedPart['state']) =>
  parts.filter((part) => part.state === state).map(({ path }) => path);

function wideTree(width: number, files: number): MadeFolder {
  const folder = (name: number) =>
    Object.fromEntries(range(files).map((file) => [`${name} ${file}.mkv`, file]));
  return Object.fromEntries(
    range(width).map((name) => [`Folder ${name}`, { ...folder(name), more: folder(-name - 1) }]),
  );
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

test('every folder is told once, with its files from the base, over as many connections as the lister has', async () => {
  const lister = madeLister(wideTree(20, 30), { connections: 5 });
  const parts = await walked(lister);
  const files = filesOf(parts);
  expect(files).toHaveLength(1200);
  expect(new Set(files).size).toBe(1200);
  expect(files).toContain('Folder%203/more/-4%207.mkv');
  expect(ofState(parts, 'read')).toHaveLength(41);
  expect(lister.most()).toBe(5);
});

test('nothing is listed ahead of who takes it: each connection waits with one part', async () => {
  const lister = madeLister(wideTree(100, 3), { connections: 3 });
  const walk = walkFolders(lister, { starts: [''], signal: forever });
  await walk.next();
  await walk.next();
  await sleep(60);
  expect(lister.asked.length).toBeLessThanOrEqual(6);
  await walk.return();
  const { length } = lister.asked;
  await sleep(30);
  expect(lister.asked).toHaveLength(length);
});

test('a folder of many entries comes in parts of a thousand, whatever batches it was listed in', async () => {
  const root = Object.fromEntries(range(2500).map((file) => [`${file}.mkv`, 1]));
  const parts = await walked(madeLister(root, { batch: 333 }));
  expect(parts.map(({ files, state }) => [files.length, state])).toEqual([
    [1000, 'more'],
    [1000, 'more'],
    [500, 'read'],
  ]);
});

test('a walk that was left goes on at its frontier and tells the rest', async () => {
  const root = wideTree(12, 4);
  const frontier = new Set(['']);
  const seen = new Set<string>();
  const take = ({ path, folders, files, state }: WalkedPart) => {
    for (const folder of folders) frontier.add(folder);
    for (const file of files) seen.add(file.path);
    if (state !== 'more') frontier.delete(path);
  };
  let turns = 0;
  while (frontier.size > 0) {
    turns += 1;
    let left = 7;
    for await (const part of walkFolders(madeLister(root), { starts: [...frontier], signal: forever })) {
      take(part);
      left -= 1;
      if (left === 0) break;
    }
  }
  expect(seen.size).toBe(96);
  expect(turns).toBe(4);
});

test('folders beyond those that may wait are told and left to the frontier', async () => {
  const parts = await walked(madeLister(wideTree(50, 1), { connections: 1 }), { maxWaiting: 10 });
  const told = parts.flatMap(({ folders }) => folders);
  const read = new Set(ofState(parts, 'read'));
  expect(told.filter((path) => !read.has(path))).toHaveLength(40);
});

test('a folder that cannot be listed is told and passed over', async () => {
  const lister = madeLister(wideTree(3, 2), {
    fault: (path) => (path === 'Folder%201' ? new ListingFailed('folder', 'No permission.') : null),
  });
  const parts = await walked(lister);
  expect(parts.filter(({ state }) => state === 'failed')).toMatchObject([
    { path: 'Folder%201', reason: 'No permission.' },
  ]);
  expect(filesOf(parts)).toHaveLength(8);
});

test('what a folder told before it could not be listed on is not lost', async () => {
  const lister = madeLister(Object.fromEntries(range(1700).map((file) => [`${file}.mkv`, 1])));
  const list: Lister['list'] = async function* (path, signal) {
    yield* lister.list(path, signal);
    throw new ListingFailed('folder', 'It is too large.');
  };
  const parts = await walked({ ...lister, list });
  const told = parts.map(({ files, state }) => `${files.length} ${state}`);
  expect(told).toEqual(['1000 more', '700 more', '0 failed']);
});

test('a server that fails for a while is asked again; one that is gone ends the walk with its error', async () => {
  const busy = madeLister(wideTree(3, 2), {
    fault: (path, attempt) =>
      path === 'Folder%201' && attempt < 2 ? new ListingFailed('server', 'It is busy.') : null,
  });
  expect(filesOf(await walked(busy))).toHaveLength(12);

  const gone = madeLister(wideTree(30, 2), {
    fault: (_, attempt) => (gone.asked.length > 10 ? new ListingFailed('server', `Gone ${attempt}.`) : null),
  });
  const parts: WalkedPart[] = [];
  const walk = walkFolders(gone, { starts: [''], signal: forever, restsMs: [1, 1] });
  await expect(
    (async () => {
      for await (const part of walk) parts.push(part);
    })(),
  ).rejects.toMatchObject({ code: 'source.listing_failed', reach: 'server' });
  expect(ofState(parts, 'failed')).toEqual([]);
  expect(ofState(parts, 'read').length).toBeGreaterThan(5);
});

test('one folder that fails while the server answers for its base is passed over', async () => {
  const lister = madeLister(wideTree(3, 2), {
    fault: (path) => (path === 'Folder%201' ? new ListingFailed('server', 'Status 500.') : null),
  });
  const parts = await walked(lister);
  expect(ofState(parts, 'failed')).toEqual(['Folder%201']);
  expect(filesOf(parts)).toHaveLength(8);
});

test('a login that is refused is not tried again', async () => {
  const lister = madeLister(
    {},
    {
      fault: () => new ListingFailed('server', 'The login is refused.', { isLasting: true }),
    },
  );
  await expect(walked(lister)).rejects.toThrow('The login is refused.');
  expect(lister.asked).toEqual(['']);
});

test('a server that names a time is left alone by all connections', async () => {
  let failedAt = 0;
  const startedAfterMs: number[] = [];
  const made = madeLister(wideTree(8, 1), {
    connections: 4,
    fault(path, attempt) {
      if (path !== 'Folder%200' || attempt > 0) return null;
      failedAt = performance.now();
      return new ListingFailed('server', 'Too often.', { restMs: 200 });
    },
  });
  const lister: Lister = {
    ...made,
    list(path, signal) {
      if (failedAt > 0) startedAfterMs.push(performance.now() - failedAt);
      return made.list(path, signal);
    },
  };
  expect(filesOf(await walked(lister))).toHaveLength(16);
  expect(Math.min(...startedAfterMs)).toBeGreaterThan(195);
});

test('links that lead in circles end: to above, to above by many ways, and without sizes', async () => {
  const root: MadeFolder = { 'film.mkv': 5, up: () => root };
  for (const name of ['a', 'b', 'c', 'd'])
    root[name] = { [`${name}.mkv`]: 1, back: () => root, 'to b': () => folder(root, 'b') };
  const lister = madeLister(root);
  const files = filesOf(await walked(lister));
  for (const name of ['a', 'b', 'c', 'd']) expect(files).toContain(`${name}/${name}.mkv`);
  expect(lister.asked.length).toBeLessThan(50);

  const bare: MadeFolder = { loop: () => bare, deep: { loop: () => bare } };
  const bareLister = madeLister(bare);
  await walked(bareLister);
  expect(bareLister.asked.length).toBeLessThan(60);

  let count = 0;
  const endless = (): MadeFolder => {
    count += 1;
    return { [`file ${count}.mkv`]: count, again: endless };
  };
  const trap = madeLister({ again: endless });
  const parts = await walked(trap);
  expect(trap.asked.length).toBeLessThan(10);
  expect(parts.reduce((sum, { refused }) => sum + refused, 0)).toBe(1);
});

function folder(root: MadeFolder, name: string): MadeFolder {
  const found = root[name];
  if (typeof found !== 'object') throw new Error(`no folder ${name}`);
  return found;
}

test('the same name twice is a folder like any other', async () => {
  const parts = await walked(madeLister({ Show: { Show: { 'a.mkv': 1 } }, x: { x: {} } }));
  expect(filesOf(parts)).toEqual(['Show/Show/a.mkv']);
  expect(ofState(parts, 'failed')).toEqual([]);
  expect(ofState(await walked(madeLister({ x: { x: {} } })), 'failed')).toEqual([]);
});

test('depth and length of paths are bounded', async () => {
  const chain = (depth: number): MadeFolder =>
    depth === 0 ? { 'end.mkv': 1 } : { [`d${depth}`]: chain(depth - 1) };
  expect(filesOf(await walked(madeLister(chain(64))))).toHaveLength(1);
  const deep = await walked(madeLister(chain(65)));
  expect(filesOf(deep)).toEqual([]);
  expect(deep.at(-1)?.refused).toBe(1);
  const long = (depth: number): MadeFolder =>
    depth === 0 ? {} : { [`${depth}${'x'.repeat(200)}`]: long(depth - 1) };
  expect((await walked(madeLister(long(30)))).filter(({ refused }) => refused === 1)).toHaveLength(1);
});

test('what a lister tells is checked: names that are no name are refused', async () => {
  const lister: Lister = {
    ...madeLister({}),
    async *list() {
      yield ['..', '%2F', 'a/b', '%2e', '%00', 'x%0Ay', 'f%C3%A9', 'fine.mkv'].map((segment) => ({
        kind: 'file' as const,
        ...{ segment, name: segment, sizeBytes: null, modifiedAt: null },
      }));
    },
  };
  const [part] = await walked(lister);
  expect(part?.files.map(({ path }) => path)).toEqual(['f%C3%A9', 'fine.mkv']);
  expect(part?.refused).toBe(6);
});

test('a folder its lister knows again below itself is refused at once', async () => {
  const lister: Lister = {
    ...madeLister({}),
    async *list(path) {
      if (path.length < 40)
        yield [
          {
            kind: 'folder',
            segment: `x${path.length}`,
            name: 'x',
            sizeBytes: null,
            modifiedAt: null,
            identity: '1:7',
          },
        ];
    },
  };
  const parts = await walked(lister);
  expect(parts.map(({ path, refused }) => [path, refused])).toEqual([
    ['', 0],
    ['x0', 1],
  ]);
});

test('a walk ends at once by its signal, also while it rests', async () => {
  const stop = new AbortController();
  const lister = madeLister({}, { fault: () => new ListingFailed('server', 'Gone.') });
  const walk = walked(lister, { signal: stop.signal, restsMs: [60_000] });
  await sleep(20);
  const startedAt = performance.now();
  stop.abort(new Error('stopped'));
  await expect(walk).rejects.toThrow('stopped');
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test('a million entries in one folder take little memory', async () => {
  const batch = (at: number) =>
    range(1000).map((index) => ({
      kind: 'file' as const,
      ...{ segment: `film-${at}-${index}.mkv`, name: `film ${at} ${index}`, sizeBytes: 1, modifiedAt: null },
    }));
  const lister: Lister = {
    ...madeLister({}),
    async *list() {
      for (let at = 0; at < 1000; at += 1) yield batch(at);
    },
  };
  let files = 0;
  let mostBytes = 0;
  const before = process.memoryUsage().heapUsed;
  for await (const part of walkFolders(lister, { starts: [''], signal: forever })) {
    files += part.files.length;
    mostBytes = Math.max(mostBytes, process.memoryUsage().heapUsed - before);
  }
  expect(files).toBe(1_000_000);
  expect(mostBytes).toBeLessThan(120 * 1024 * 1024);
});

import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const SRC = new URL('../src', import.meta.url).pathname;

/** Imports only go down. Sockets share a floor: one may use those to its left. */
const FLOORS: Record<string, number> = {
  kit: 1,
  platform: 2,
  providers: 3,
  streams: 3,
  finders: 3,
  catalogs: 3,
  features: 4,
  addon: 5,
  play: 5,
  kodi: 5,
  web: 5,
};
const SOCKETS = ['providers', 'streams', 'finders', 'catalogs'];
/** Rooms further right may use those to their left, by index.ts only; the others do not know each other. */
const ROOM_ORDER = [
  'audit',
  'settings',
  'media',
  'metadata',
  'accounts',
  'trackers',
  'lists',
  'preferences',
  'stream-index',
  'tags',
  'deep-links',
  'family',
  'activity',
  'own-titles',
  'devices',
];
const ROOF = 6;

type Import = { from: string; to: string };

async function importsOf(file: string): Promise<Import[]> {
  const text = await readFile(file, 'utf8');
  const found: Import[] = [];
  for (const [, specifier = ''] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)) {
    found.push({
      from: relative(SRC, file),
      to: relative(SRC, join(dirname(file), specifier)),
    });
  }
  return found;
}

async function sources(): Promise<string[]> {
  const entries = await readdir(SRC, { recursive: true });
  return entries
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('web/dist'))
    .map((file) => join(SRC, file));
}

function floorOf(path: string): number {
  const [top = ''] = path.split('/');
  return path.includes('/') ? (FLOORS[top] ?? Number.NaN) : ROOF;
}

/** Why this import breaks the plan, or null. */
function violation({ from, to }: Import): string | null {
  const [fromTop = '', fromRoom = ''] = from.split('/');
  const [toTop = '', toRoom = '', toFile] = to.split('/');
  if (Number.isNaN(floorOf(from)) || Number.isNaN(floorOf(to))) return 'a folder the plan does not know';
  if (floorOf(from) === ROOF) return null;
  if (floorOf(to) === ROOF) return 'nobody imports the roof';
  if (floorOf(to) > floorOf(from)) return 'imports only go down';
  if (fromTop !== toTop && floorOf(from) === floorOf(to)) return socketsBreak(fromTop, toTop);
  if (fromTop === toTop && SOCKETS.includes(fromTop)) return plugsBreak(from, to);
  if (toTop === 'features' && !(fromTop === 'features' && fromRoom === toRoom))
    return roomsBreak(fromTop, fromRoom, toRoom, toFile);
  return null;
}

function socketsBreak(fromTop: string, toTop: string): string | null {
  if (!SOCKETS.includes(fromTop)) return 'two doors do not know each other';
  return SOCKETS.indexOf(toTop) < SOCKETS.indexOf(fromTop)
    ? null
    : 'a socket uses only the sockets to its left';
}

function plugsBreak(from: string, to: string): string | null {
  const plug = (path: string) => (path.split('/').length > 2 ? path.split('/')[1] : null);
  const [fromPlug, toPlug] = [plug(from), plug(to)];
  return fromPlug !== null && toPlug !== null && fromPlug !== toPlug
    ? 'two plugs of one socket are strangers'
    : null;
}

function roomsBreak(
  fromTop: string,
  fromRoom: string,
  toRoom: string,
  toFile: string | undefined,
): string | null {
  if (toFile !== 'index.ts') return 'a room is entered by its index.ts';
  if (fromTop !== 'features') return null;
  const [fromPlace, toPlace] = [ROOM_ORDER.indexOf(fromRoom), ROOM_ORDER.indexOf(toRoom)];
  const isLeft = toPlace !== -1 && (fromPlace === -1 || toPlace < fromPlace);
  return isLeft ? null : 'these rooms do not know each other';
}

test('imports only go down, plugs are strangers, rooms are entered by their index', async () => {
  const files = await sources();
  const imports = (await Promise.all(files.map(importsOf))).flat();
  expect(files.length).toBeGreaterThan(50);
  expect(imports.length).toBeGreaterThan(100);
  expect(imports.map((entry) => [entry, violation(entry)]).filter(([, reason]) => reason !== null)).toEqual(
    [],
  );
});

test.each([
  ['kit/a.ts', 'platform/db.ts'],
  ['streams/http/open.ts', 'streams/local/open.ts'],
  ['streams/http/index.ts', 'catalogs/catalog.ts'],
  ['play/routes.ts', 'addon/routes.ts'],
  ['platform/db.ts', 'main.ts'],
  ['features/media/routes.ts', 'features/stream-index/index.ts'],
  ['features/stream-index/routes.ts', 'features/media/queries.ts'],
])('a planted import of %s from %s is refused', (from, to) => {
  expect(violation({ from, to })).not.toBeNull();
});

test('only platform/db.ts imports slonik, only config.ts reads the environment', async () => {
  for (const file of await sources()) {
    const [path, text] = [relative(SRC, file), await readFile(file, 'utf8')];
    if (/from 'slonik'/.test(text)) expect(path).toBe('platform/db.ts');
    if (/process\.env\b/.test(text)) expect(['platform/config.ts', 'start.ts']).toContain(path);
  }
});

test('no file is longer than 300 lines, tests and scripts included', async () => {
  const root = new URL('..', import.meta.url).pathname;
  const long: string[] = [];
  for (const folder of ['src', 'test', 'scripts']) {
    for (const file of await readdir(join(root, folder), { recursive: true })) {
      if (!/\.(tsx?|mjs|cjs|css|sh)$/.test(file) || file.startsWith('web/dist')) continue;
      const lines = (await readFile(join(root, folder, file), 'utf8')).split('\n').length - 1;
      if (lines > 300) long.push(`${folder}/${file} ${lines}`);
    }
  }
  expect(long).toEqual([]);
});

test('no file is called utils, helpers, service, manager, common or base', async () => {
  for (const file of await sources())
    expect(relative(SRC, file)).not.toMatch(
      /(^|[/-])(utils?|helpers?|services?|managers?|common|base)([/.-]|$)/,
    );
});

test('the root holds what the plan lists and nothing else', async () => {
  const allowed = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'addon-manifest.json',
    'README.md',
    'LICENSE',
    'src',
    'sql',
    'docker',
    'scripts',
    'test',
    'docs',
  ];
  const ignored = ['node_modules', 'data'];
  const entries = await readdir(new URL('..', import.meta.url));
  expect(entries.filter((entry) => !entry.startsWith('.') && !ignored.includes(entry)).sort()).toEqual(
    allowed.sort(),
  );
});

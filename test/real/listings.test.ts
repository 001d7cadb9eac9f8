import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WalkedFile } from '../../src/finders/lister.ts';
import type { ListerKind } from '../../src/finders/listers.ts';
import { openLister, walkedIn } from '../support/listing-server.ts';
import { freePort, openTempDir } from '../support/processes.ts';
import { startApache } from '../support/real/apache.ts';
import { startCaddy } from '../support/real/caddy.ts';
import { startLighttpd } from '../support/real/lighttpd.ts';
import { startNginx } from '../support/real/nginx.ts';

// One tree with every name that is allowed on a disk, as servers that nobody here wrote show it.

const AT = new Date('2026-01-31T20:15:00Z');
type Login = { username: string; password: string };
const stack = new AsyncDisposableStack();
let sources: Record<
  string,
  { kind: ListerKind; baseUrl: string; login?: { username: string; password: string } }
>;
let onDisk: Map<string, number>;

beforeAll(async () => {
  const dir = stack.use(await openTempDir());
  const files = join(dir.path, 'files');
  // Apache gives root up.
  await chmod(dir.path, 0o755);
  onDisk = await makeFiles(files);
  const [port, jsonPort] = [await freePort(), await freePort()];
  stack.use(
    await startNginx({
      port,
      http: `server { listen 127.0.0.1:${port}; root ${files}; autoindex on; }
        server { listen 127.0.0.1:${jsonPort}; root ${files}; autoindex on; autoindex_format json; }`,
    }),
  );
  const lighttpd = stack.use(await startLighttpd(dir.path, files));
  const caddy = stack.use(await startCaddy(dir.path, files));
  const apache = stack.use(await startApache(dir.path, files));
  sources = {
    'nginx HTML': { kind: 'http-index', baseUrl: `http://127.0.0.1:${port}/` },
    'nginx JSON': { kind: 'http-index', baseUrl: `http://127.0.0.1:${jsonPort}/` },
    lighttpd: { kind: 'http-index', baseUrl: lighttpd.baseUrl },
    'lighttpd WebDAV': { kind: 'webdav', baseUrl: `${lighttpd.baseUrl}dav/` },
    Caddy: { kind: 'http-index', baseUrl: caddy.baseUrl },
    Apache: { kind: 'http-index', baseUrl: apache.baseUrl },
    'Apache, as a table': { kind: 'http-index', baseUrl: `${apache.baseUrl}table/` },
    'Apache WebDAV': { kind: 'webdav', baseUrl: `${apache.baseUrl}dav/`, login: apache.login },
  };
});
afterAll(() => stack.disposeAsync());

const NAMES = [
  'Film (2020) [1080p].mkv',
  'a & b "c" \'d\' <e>.mkv',
  '100% #1 ?.mkv',
  'semi;colon=,+@$!~.mkv',
  '日本語 фильм.mkv',
  '\u202egnp.mkv',
  ' leading and trailing .mkv',
  'back\\slash.mkv',
  'co:lon.mkv',
  '%2e%2e%2f.mkv',
  `${'long name '.repeat(20)}.mkv`,
];

/** Answers paths as a walk tells them, with sizes. */
async function makeFiles(root: string): Promise<Map<string, number>> {
  const known = new Map<string, number>();
  const latin = Buffer.concat([Buffer.from('Am'), Buffer.of(0xe9), Buffer.from('lie')]);
  const folders = [
    Buffer.alloc(0),
    Buffer.from('Season 1'),
    Buffer.from('a#b?c'),
    latin,
    Buffer.concat([latin, Buffer.from('/deeper & deeper')]),
  ];
  for (const folder of folders) {
    const place = Buffer.concat([Buffer.from(`${root}/`), folder]);
    await mkdir(place, { recursive: true });
    for (const [at, name] of [
      ...NAMES.map((text) => Buffer.from(text)),
      Buffer.concat([latin, Buffer.from('.mkv')]),
    ].entries()) {
      const path = Buffer.concat([place, Buffer.from('/'), name]);
      await writeFile(path, 'x'.repeat(1500 + at));
      await utimes(path, AT, AT);
      const relative = folder.length === 0 ? name : Buffer.concat([folder, Buffer.from('/'), name]);
      known.set(segments(relative), 1500 + at);
    }
  }
  await symlink('..', join(root, 'Season 1', 'loop'));
  // Refused, and no half of them may become a file.
  for (const name of ['x\ny.mkv', 'x\r\nz.mkv', 'x\rw.mkv']) await writeFile(join(root, 'a#b?c', name), 'x');
  return known;
}

/** By a way of its own: byte by byte. */
function segments(path: Buffer): string {
  return [...path]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~/]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

const KNOWN_SIZES = new Set(['nginx HTML', 'nginx JSON', 'Caddy', 'lighttpd WebDAV', 'Apache WebDAV']);

test.each([
  'nginx HTML',
  'nginx JSON',
  'lighttpd',
  'lighttpd WebDAV',
  'Caddy',
  'Apache',
  'Apache, as a table',
  'Apache WebDAV',
])(
  '%s: every file under its very bytes, sizes and dates, and no end of a link that leads up',
  async (name) => {
    const { kind, baseUrl, login } = sources[name] ?? { kind: 'http-index', baseUrl: '' };
    await using lister = openLister(kind, baseUrl, login ?? {});
    const parts = await walkedIn(lister);
    // lighttpd’s WebDAV tells a link to a folder as a file.
    const told = parts.flatMap(({ files }) => files).filter(({ path }) => !path.includes('/loop'));
    const files = new Map(told.map((file) => [file.path, file]));
    expect([...files.keys()].sort()).toEqual([...onDisk.keys()].sort());
    const sizes = told.map(({ path, sizeBytes }) => [path, sizeBytes]);
    expect(sizes).toEqual(told.map(({ path }) => [path, KNOWN_SIZES.has(name) ? onDisk.get(path) : null]));
    // Clocks without a zone show the time of this machine.
    const hoursOff = told.map(({ modifiedMs }) => ((modifiedMs ?? 0) - AT.getTime()) / 3_600_000);
    expect(hoursOff.filter((hours) => Math.abs(hours) > 14)).toEqual([]);
    expect(parts.filter(({ path }) => path.includes('loop')).length).toBeLessThan(10);
    await expectServed(baseUrl, told, login);
  },
);

/** A path leads to the file: what is listed can be fetched. */
async function expectServed(baseUrl: string, told: readonly WalkedFile[], login: Login | undefined) {
  const headers: Record<string, string> = {};
  if (login !== undefined)
    headers.authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  for (const { path } of told) {
    const answer = await fetch(baseUrl + path, { headers });
    const { byteLength } = await answer.arrayBuffer();
    expect([path, answer.status, byteLength]).toEqual([path, 200, onDisk.get(path)]);
  }
}

test('a wrong login is a server that refuses, and is not tried again', async () => {
  const dav = sources['Apache WebDAV'];
  await using lister = openLister('webdav', dav?.baseUrl ?? '', { username: 'viewer', password: 'wrong' });
  await expect(walkedIn(lister)).rejects.toMatchObject({
    reach: 'server',
    isLasting: true,
    message: expect.stringContaining('401'),
  });
});

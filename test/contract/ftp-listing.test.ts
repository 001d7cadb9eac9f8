import { afterEach, beforeEach, expect, test } from 'vitest';
import { ftpListing } from '../../src/finders/ftp-listing/index.ts';
import { LineBatches } from '../../src/finders/ftp-listing/line-batches.ts';
import type { ListedEntry, Lister } from '../../src/finders/lister.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { type FtpServer, startFtpServer } from '../support/ftp-server.ts';

const NEVER = new AbortController().signal;
const MLSD = ['REST STREAM', 'SIZE', 'MDTM', 'UTF8', 'MLST type*;size*;modify*;'];
let net: Net;
let server: FtpServer;
let lister: Lister;
beforeEach(async () => {
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  server = await startFtpServer(
    new Map([
      ['/films/link.mkv', Buffer.alloc(77)],
      ['/films/a b/link.mkv', Buffer.alloc(78)],
    ]),
  );
  const baseUrl = `ftp://127.0.0.1:${server.port}/films/`;
  lister = ftpListing({ net }, { baseUrl, username: null, password: null, config: {} });
});
afterEach(async () => {
  await lister.close();
  await server.stop();
  await net.close();
});

async function listed(path = ''): Promise<{ entries: ListedEntry[]; refused: number; batches: number[] }> {
  const entries: ListedEntry[] = [];
  const batches: number[] = [];
  let refused = 0;
  const count = () => {
    refused += 1;
  };
  for await (const batch of lister.list(path, NEVER, count)) {
    batches.push(batch.length);
    entries.push(...batch);
  }
  return { entries, refused, batches };
}

test('reads LIST line by line: spaces, arrows, Latin-1, links by what they lead to', async () => {
  server.behaviour.listing.set('/films/inside', []);
  server.behaviour.listing.set('/films', [
    'total 12',
    'drwxr-xr-x    2 0        0            4096 Nov 27  2024 Some folder',
    '-rw-r--r--    1 ftp      ftp          1234 Jan 02 03:04  leading space.mkv',
    '-rw-r--r--    1 0        0              12 Nov 27 2024 a -> b.mkv',
    '-rw-r--r--    1 0        0              13 Nov 27 14:48 caf\u00e9.mkv',
    '-rw-r--r--    1 0        0              14 Nov 27 14:48 \u00c3\u00a9t\u00c3\u00a9 100% #1?.mkv',
    'lrwxrwxrwx    1 0        0              12 Nov 27 14:48 link.mkv -> ../elsewhere/a.mkv',
    'lrwxrwxrwx    1 0        0              12 Nov 27 14:48 inside -> /other',
    'lrwxrwxrwx    1 0        0              12 Nov 27 14:48 dead -> nowhere',
    'drwxr-xr-x    2 0        0            4096 Nov 27 14:48 ..',
    'srwxr-xr-x    2 0        0               0 Nov 27 14:48 socket',
    '-rw-r--r--    1 0        0              14 Nov 27 14:48 ../../etc/passwd',
    'the second half of a name',
    '02-27-24  02:45PM       <DIR>          Dos folder',
  ]);
  const { entries, refused } = await listed();
  expect(entries.map(({ kind, segment, sizeBytes }) => [kind, segment, sizeBytes])).toEqual([
    ['folder', 'Some%20folder', null],
    ['file', '%20leading%20space.mkv', 1234],
    ['file', 'a%20-%3E%20b.mkv', 12],
    ['file', 'caf%E9.mkv', 13],
    ['file', '%C3%A9t%C3%A9%20100%25%20%231%3F.mkv', 14],
    ['folder', 'Dos%20folder', null],
    ['file', 'link.mkv', 77],
    ['folder', 'inside', null],
  ]);
  expect(entries.map(({ name }) => name).slice(3, 5)).toEqual(['café.mkv', 'été 100% #1?.mkv']);
  expect(refused).toBe(2);
  // A path in LIST leads nowhere on some servers.
  expect(server.commands).toContain('LIST');
  expect(server.commands).toContain('CWD /films');
});

test('half of a name with a line end in it becomes no file', async () => {
  const line = (name: string) => `-rw-r--r--    1 0        0              12 Nov 27 14:48 ${name}`;
  server.behaviour.listing.set('/films', [
    ...[line('a.mkv'), line('Film.mkv'), 'txt', line('b.mkv')],
    // A line of another kind is no half of a name.
    '-?????????   ? ?        ?        ?            ? unreadable.mkv',
    ...[line('c.mkv'), '', line('d.mkv')],
  ]);
  const { entries, refused } = await listed();
  expect(entries.map(({ name }) => name)).toEqual(['a.mkv', 'b.mkv', 'c.mkv', 'd.mkv']);
  expect(refused).toBe(2);
});

test('sizes and times that cannot be are not told', async () => {
  server.behaviour.listing.set('/films', [
    '-rw-r--r--    1 0        0        9007199254740991 Nov 27 14:48 most.mkv',
    '-rw-r--r--    1 0        0        9007199254740992 Nov 27 14:48 more.mkv',
    '-rw-r--r--    1 0        0        99999999999999999999 Nov 27 14:48 lie.mkv',
    '02-27-24  02:45PM   99999999999999999999 dos.mkv',
  ]);
  expect((await listed()).entries.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
    ['most.mkv', 2 ** 53 - 1],
    ['more.mkv', null],
    ['lie.mkv', null],
    ['dos.mkv', null],
  ]);
});

test('reads MLSD where the server has it, with sizes and times', async () => {
  server.behaviour.features = MLSD;
  server.behaviour.listing.set('/films/a b', [
    'type=cdir;modify=20260102030405;perm=el; .',
    'type=pdir;modify=20260102030405;perm=el; ..',
    'type=dir;modify=20260102030405;perm=el;  sub',
    'Type=File;Size=5000000000;Modify=20260102030405.123; film; part=1.mkv',
    'type=file;size=9007199254740992;modify=20260231030405; impossible.mkv',
    'type=OS.unix=slink:/x;size=3; link.mkv',
    'no facts at all',
  ]);
  const { entries, refused } = await listed('a%20b');
  const modifiedAt = new Date('2026-01-02T03:04:05Z');
  expect(entries).toEqual([
    { kind: 'folder', segment: '%20sub', name: ' sub', sizeBytes: null, modifiedAt },
    {
      ...{ kind: 'file', segment: 'film%3B%20part%3D1.mkv', name: 'film; part=1.mkv' },
      ...{ sizeBytes: 5_000_000_000, modifiedAt },
    },
    { kind: 'file', segment: 'impossible.mkv', name: 'impossible.mkv', sizeBytes: null, modifiedAt: null },
    { kind: 'file', segment: 'link.mkv', name: 'link.mkv', sizeBytes: 78, modifiedAt: null },
  ]);
  expect(refused).toBe(1);
});

test('a folder of 300,000 comes in batches, and the server waits for who reads slowly', async () => {
  const line = (at: number) => `-rw-r--r--    1 0        0              12 Nov 27 14:48 file ${at}.mkv`;
  server.behaviour.listing.set(
    '/films',
    Array.from({ length: 300_000 }, (_, at) => line(at)),
  );
  const before = process.memoryUsage().heapUsed;
  let [count, most] = [0, 0];
  for await (const batch of lister.list('', NEVER)) {
    count += batch.length;
    most = Math.max(most, batch.length);
  }
  expect([count, most]).toEqual([300_000, 1000]);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(150 * 1024 * 1024);
});

test.each([
  ['a folder that is not there', { CWD: 550 }, 'gone', 'folder', true],
  ['a base that is not there', { CWD: 550 }, '', 'server', true],
  ['a login that is refused', { PASS: 530 }, 'a', 'server', true],
  ['too many visitors', { PASS: 421 }, 'a', 'server', false],
  ['a failure for a while', { LIST: 451 }, 'a', 'server', false],
])('tells %s for what it is', async (_what, refuse, path, reach, isLasting) => {
  server.behaviour.listing.set('/films/a', []);
  Object.assign(server.behaviour.refuse, refuse);
  await expect(listed(path)).rejects.toMatchObject({ code: 'source.listing_failed', reach, isLasting });
});

test('a folder of more links than are followed is told with those that are, and as failed', async () => {
  const line = (at: number) => `lrwxrwxrwx    1 0        0      12 Nov 27 14:48 ${at} -> /nowhere`;
  const many = Array.from({ length: 10_500 }, (_, at) => line(at));
  server.behaviour.listing.set('/films', [
    ...many,
    '-rw-r--r--    1 0        0      12 Nov 27 14:48 file.mkv',
  ]);
  const names: string[] = [];
  const listing = (async () => {
    for await (const batch of lister.list('', NEVER)) names.push(...batch.map(({ name }) => name));
  })();
  await expect(listing).rejects.toMatchObject({
    reach: 'folder',
    message: expect.stringContaining('more than 10000 links'),
  });
  expect(names).toEqual(['file.mkv']);
  expect(server.commands.filter((command) => command.startsWith('SIZE')).length).toBe(10_000);
}, 60_000);

test('a listing without end is given up, and what came of it is told', async () => {
  const lines = new LineBatches(100_000);
  const chunk = Buffer.from('-rw-r--r--    1 0        0      12 Nov 27 14:48 file.mkv\r\n'.repeat(500));
  let sent = 0;
  while (lines.onData(chunk, () => {}) && sent < 100) sent += 1;
  lines.onEnd(new Error('cut off'));
  let count = 0;
  await expect(
    (async () => {
      for (let batch = await lines.next(1000, NEVER); batch !== null; batch = await lines.next(1000, NEVER))
        count += batch.length;
    })(),
  ).rejects.toMatchObject({ reach: 'folder', message: expect.stringContaining('512 MiB') });
  expect(sent).toBeLessThan(5);
  expect(count).toBeGreaterThan(500);
  expect(lines.hasEnded).toBe(false);
});

test('a listing that breaks off is none, and the next one is whole', async () => {
  const line = '-rw-r--r--    1 0        0              12 Nov 27 14:48 file.mkv';
  server.behaviour.listing.set(
    '/films',
    Array.from({ length: 50_000 }, () => line),
  );
  server.behaviour.cutAfter = 200_000;
  await expect(listed()).rejects.toMatchObject({ reach: 'server' });
  server.behaviour.cutAfter = Number.POSITIVE_INFINITY;
  expect((await listed()).entries.length).toBe(50_000);
});

test('who stops in the middle gives the connection back, without another login', async () => {
  const line = '-rw-r--r--    1 0        0              12 Nov 27 14:48 file.mkv';
  server.behaviour.listing.set(
    '/films',
    Array.from({ length: 200_000 }, () => line),
  );
  for (let times = 0; times < 5; times += 1) for await (const _ of lister.list('', NEVER)) break;
  const stop = new AbortController();
  const reading = lister.list('', stop.signal)[Symbol.asyncIterator]();
  await reading.next();
  stop.abort(new Error('stopped'));
  await expect(reading.next()).rejects.toThrow('stopped');
  expect(await lister.test(NEVER)).toBe('An FTP server. More than 9999 files and folders.');
  expect(server.logins).toBe(1);
});

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { changeSource } from '../../src/features/sources/change-sources.ts';
import { sourceById } from '../../src/features/sources/queries/sources.ts';
import type { ScanDeps } from '../../src/features/sources/scan.ts';
import { ftpListing } from '../../src/finders/ftp-listing/index.ts';
import { rows } from '../../src/platform/db.ts';
import { detailInput } from '../../src/streams/source-files.ts';
import { startFtpServer } from '../support/ftp-server.ts';
import { addStream } from '../support/kind-deps.ts';
import { sourceRoom } from '../support/source-room.ts';

const room = sourceRoom();
const FILM = 'Films/The.Matrix.1999.1080p.BluRay.x264.mkv';

test('a scan stages videos, tells extras apart, and counts what else there is', async () => {
  for (const path of [
    FILM,
    'Films/Alien (1979)/Alien.CD1.avi',
    'Films/Alien (1979)/Alien.CD2.avi',
    'live/index.m3u8',
  ])
    room.server().files.set(path, 700_000_000);
  for (const path of ['Films/Sample/sample-the.matrix.mkv', 'Films/Alien (1979)/Extras/Making of.mkv'])
    room.server().files.set(path, 5_000_000);
  for (const path of ['Films/The.Matrix.1999.srt', 'Films/poster.jpg', "odd/it's 100% (ök) & more.nfo"])
    room.server().files.set(path, 100);
  expect(await room.scan()).toBe('completed');
  expect(await room.items()).toEqual([
    { path: 'Films/Alien%20%281979%29/Alien.CD1.avi', state: 'pending' },
    { path: 'Films/Alien%20%281979%29/Alien.CD2.avi', state: 'pending' },
    { path: 'Films/Alien%20%281979%29/Extras/Making%20of.mkv', state: 'extra' },
    { path: 'Films/Sample/sample-the.matrix.mkv', state: 'extra' },
    { path: FILM, state: 'pending' },
    { path: 'live/index.m3u8', state: 'pending' },
  ]);
  expect(await room.logs()).toMatchObject([
    {
      status: 'completed',
      folders: 7,
      files: 6,
      inserted: 4,
      skipped: 0,
      extras: 2,
      subtitles: 1,
      invalid: 2,
    },
  ]);
});

test('a second scan finds nothing new', async () => {
  room.server().files.set(FILM, 5).set('Films/The.Matrix.1999.srt', 5);
  await room.scan();
  await room.scan();
  expect((await room.logs())[1]).toMatchObject({
    status: 'completed',
    files: 1,
    inserted: 0,
    skipped: 1,
    subtitles: 0,
  });
  expect(await room.items()).toHaveLength(1);
});

test('a server that goes in the middle takes nothing away, and the scan goes on where it was', async () => {
  for (const folder of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    room.server().files.set(`${folder}/Film.2001.mkv`, 5);
  let left = 4;
  room.server().onList = () => {
    left -= 1;
    if (left < 0) throw new Error('gone');
  };
  expect(await room.scan()).toBe('failed');
  const [log] = await room.logs();
  expect(log).toMatchObject({ status: 'failed', failure: 'The origin could not be reached or broke off.' });
  const staged = await room.items();
  expect(staged.length).toBeGreaterThan(0);
  expect(await room.count('source', 'next_scan_at > now() AND last_error IS NOT NULL')).toBe(1);

  room.server().onList = () => {};
  room.server().listed.length = 0;
  expect(await room.scan()).toBe('completed');
  expect(await room.items()).toHaveLength(8);
  expect(await room.logs()).toMatchObject([
    { status: 'completed', batchId: log?.batchId, files: 8, inserted: 8 },
  ]);
  // What was read is not asked for again.
  expect(room.server().listed).not.toContain('');
  expect(room.server().listed.length).toBe(8 - staged.length);
  expect(await room.count('scan_folder')).toBe(0);
  expect(await room.count('source', 'last_scan_at IS NOT NULL AND last_error IS NULL')).toBe(1);
});

test('two that scan the same source: one does', async () => {
  room.server().files.set(FILM, 5);
  const [begun, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  room.server().onList = async () => {
    begun.resolve();
    await left.promise;
  };
  const first = room.scan();
  await begun.promise;
  expect(await room.scan()).toBe('not-mine');
  left.resolve();
  expect(await first).toBe('completed');
  expect(room.server().listed).toEqual(['', 'Films/']);
});

test('who is stopped leaves the scan to another at once', async () => {
  for (const folder of ['a', 'b', 'c']) room.server().files.set(`${folder}/Film.2001.mkv`, 5);
  const stop = new AbortController();
  room.server().onList = (folder) => {
    if (folder === '') return;
    stop.abort(new Error('the program stops'));
  };
  await expect(room.scan({}, stop.signal)).rejects.toThrow('the program stops');
  expect(await room.logs()).toMatchObject([{ status: 'started' }]);
  room.server().onList = () => {};
  expect(await room.scan()).toBe('completed');
  expect(await room.logs()).toMatchObject([{ status: 'completed', files: 3 }]);
});

test.each(['CWD', 'EPSV', 'LIST', 'bytes'])(
  'an FTP server that hangs at %s in the middle ends by a timer, and the scan goes on where it was',
  async (at) => {
    const folders = ['a', 'b', 'c', 'd'];
    const file = '-rw-r--r--    1 ftp      ftp     1234 Jan 02 03:04 Film.2001.mkv';
    const server = await startFtpServer(new Map());
    onTestFinished(server.stop);
    const { behaviour } = server;
    behaviour.listing.set(
      '/',
      folders.map((name) => `drwxr-xr-x    2 0        0            4096 Nov 27  2024 ${name}`),
    );
    for (const name of folders) behaviour.listing.set(`/${name}`, [file]);
    await room.run(`UPDATE source SET finder = 'ftp-listing', base_url = 'ftp://127.0.0.1:${server.port}/'`);
    const openLister: ScanDeps['openLister'] = (_, place, net) =>
      ftpListing({ net, ftp: { replyMs: 300, idleMs: 300 } }, { ...place, config: { connections: 1 } });
    let left = 3;
    behaviour.mute.has = (name) => name === at && --left < 0;
    expect(await room.scan({ openLister })).toBe('failed');
    expect(await room.logs()).toMatchObject([
      { status: 'failed', failure: 'The origin did not answer in time.' },
    ]);
    const staged = (await room.items()).length;
    expect(staged).toBeGreaterThan(0);
    expect(staged).toBeLessThan(folders.length);
    expect(await room.count('source', 'next_scan_at > now() AND last_error IS NOT NULL')).toBe(1);

    behaviour.mute.has = () => false;
    server.commands.length = 0;
    expect(await room.scan({ openLister })).toBe('completed');
    expect(await room.items()).toHaveLength(folders.length);
    expect(server.commands.filter((line) => line.startsWith('CWD '))).toHaveLength(folders.length - staged);
  },
);

test('a source that rests, or is gone, is not scanned', async () => {
  await room.run('UPDATE source SET is_active = false');
  expect(await room.scan()).toBe('not-mine');
  expect(room.server().listed).toEqual([]);
});

test('a base that is not there fails the scan', async () => {
  room.server().onList = () => {
    throw new Error('gone');
  };
  expect(await room.scan()).toBe('failed');
  expect(await room.logs()).toMatchObject([{ status: 'failed' }]);
});

test('a file its owner switched off stays off when it goes and comes back, and nothing is held against it', async () => {
  room.server().files.set(FILM, 5).set('Films/Alien.1979.mkv', 5);
  const streamId = await addStream(room.db(), 'http');
  const http = room.kinds().get('http');
  const at = { sourceId: room.sourceId(), filePath: FILM };
  await http?.save(
    room.db(),
    streamId,
    http.parse(detailInput({ baseUrl: room.server().baseUrl }, FILM)),
    at,
  );
  await room.run('UPDATE stream SET is_active = false');
  const isNow = async () => {
    const [state] = await room.db().any(
      rows('test.state', z.object({ state: z.string(), isOn: z.boolean(), isNoted: z.boolean() }))`
        SELECT s.state, s.is_active AS "isOn", EXISTS (SELECT FROM source_link_check c WHERE c.stream_id = s.id) AS "isNoted"
        FROM stream s`,
    );
    return state;
  };
  room.server().files.delete(FILM);
  await room.scan();
  // As a probe that finds it gone leaves it.
  await room.run(`INSERT INTO source_link_check (stream_id, failing_since, broken_at, reason)
    SELECT id, now(), now(), 'It is gone.' FROM stream`);
  expect(await isNow()).toEqual({ state: 'broken', isOn: false, isNoted: true });
  room.server().files.set(FILM, 5);
  await room.scan();
  expect(await isNow()).toEqual({ state: 'active', isOn: false, isNoted: false });
});

test('a walk ends where its source gets another address, and nothing of it is gone on with', async () => {
  for (const folder of ['a', 'b', 'c']) room.server().files.set(`${folder}/deep/Film.2001.mkv`, 5);
  const stored = await sourceById(room.db(), room.sourceId());
  const deps = { ...room.deps(), crypto: { seal: () => Buffer.alloc(0) }, localFolders: new Map() };
  const move = (folder: string) =>
    changeSource(deps, stored?.publicId ?? '', { baseUrl: `${room.server().baseUrl}${folder}` });
  let isMoved = false;
  room.server().onList = async (folder) => {
    if (folder === '' || isMoved) return;
    isMoved = true;
    await move('b/');
  };
  expect(await room.scan()).toBe('not-mine');
  expect(await room.logs()).toMatchObject([
    { status: 'failed', failure: 'The source has another address or finder now.', inserted: 0 },
  ]);
  expect(await room.count('scan_log', 'holder IS NULL AND held_until IS NULL')).toBe(1);
  expect(await room.count('scan_folder')).toBe(0);

  room.server().listed.length = 0;
  // One that was broken off is not gone on with either.
  let answers = 1;
  room.server().onList = () => {
    answers -= 1;
    if (answers < 0) throw new Error('gone');
  };
  expect(await room.scan()).toBe('failed');
  expect(await room.count('scan_folder', `state = 'waiting'`)).toBe(1);
  room.server().onList = () => {};
  await move('c/');
  expect(await room.scan()).toBe('completed');
  expect(room.server().listed.slice(-2)).toEqual(['c/', 'c/deep/']);
  expect(await room.items()).toEqual([{ path: 'deep/Film.2001.mkv', state: 'pending' }]);
  expect(await room.logs()).toMatchObject([
    { status: 'failed' },
    { status: 'failed' },
    { status: 'completed', files: 1 },
  ]);
});

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { askSources } from '../../src/ask-sources.ts';
import { probeDue } from '../../src/features/source-health/probe-sources.ts';
import { command, rows, sql } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { SOURCE_PASSWORD } from '../../src/streams/source-access.ts';
import { detailInput } from '../../src/streams/source-files.ts';
import { startFtpServer } from '../support/ftp-server.ts';
import { addStream, openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { openTempDir } from '../support/processes.ts';

// Probes and the search for files that are gone, by the login and the permission of each source.

const NEVER = new AbortController().signal;
let dir: Awaited<ReturnType<typeof openTempDir>>;
let ground: TestKindDeps;
let kinds: Kinds;
const db = () => ground.deps.db;

beforeAll(async () => {
  dir = await openTempDir();
  // Nothing at home may be reached but what a source permits.
  ground = await openKindDeps({ films: dir.path }, '/nonexistent', { mode: 'all', allow: [] });
  kinds = createKinds(ground.deps);
});
beforeEach(() => db().query(command('test.empty')`TRUNCATE source, stream RESTART IDENTITY CASCADE`));
afterAll(async () => {
  await kinds.close();
  await ground.close();
  await dir.remove();
});

type Source = { finder: string; baseUrl: string; allowsPrivate?: boolean; password?: Buffer };
function addSource({ finder, baseUrl, allowsPrivate = true, password }: Source): Promise<number> {
  const sealed = password === undefined ? null : sql.binary(password);
  const username = password === undefined ? null : 'viewer';
  return db().oneFirst(rows('test.source', z.object({ id: z.int() }))`
    INSERT INTO source (name, base_url, finder, is_active, username, password_sealed, allows_private)
    VALUES ('NAS', ${baseUrl}, ${finder}, true, ${username}, ${sealed}::bytea, ${allowsPrivate}) RETURNING id`);
}

async function addFile(kind: 'ftp' | 'local', sourceId: number, baseUrl: string, path: string) {
  const streamId = await addStream(db(), kind, path.split('/').at(-1));
  const made = kinds.get(kind);
  await made?.save(db(), streamId, made.parse(detailInput({ baseUrl }, path)), { sourceId, filePath: path });
  return streamId;
}

async function probe() {
  await db().query(command('test.due')`UPDATE source_health SET next_probe_at = now()`);
  const log = ground.deps.log;
  const settings = { get: () => ({ sourceDisableBelow: 20 }) };
  const { localFolders } = ground.deps;
  const asks = askSources({ ...ground.deps, config: { localFolders } });
  await probeDue({ db: db(), kinds, log, settings, ...asks }, NEVER);
}

const Health = z.object({ state: z.string(), isGood: z.boolean(), reason: z.string().nullable() });
const health = () =>
  db().one(rows('test.health', Health)`
    SELECT state, last_ok_at IS NOT NULL AS "isGood", reason FROM source_health`);
const File = z.object({ path: z.string(), state: z.string(), isVerified: z.boolean() });
const file = (streamId: number) =>
  db().one(rows('test.file', File)`
    SELECT coalesce(f.file_path, l.file_path) AS path, s.state, s.verified_at IS NOT NULL AS "isVerified"
    FROM stream s LEFT JOIN stream_ftp f ON f.stream_id = s.id LEFT JOIN stream_local l ON l.stream_id = s.id
    WHERE s.id = ${streamId}`);

test('an FTP server at home is probed with its login, and a file that moved on it is found again', async () => {
  const files = new Map([['/films/a (1)/film.mkv', Buffer.alloc(99)]]);
  const server = await startFtpServer(files);
  try {
    const { listing } = server.behaviour;
    const line = (name: string) => `-rw-r--r--    1 0        0              99 Nov 27  2024 ${name}`;
    const folder = (name: string) => `drwxr-xr-x    2 0        0            4096 Nov 27  2024 ${name}`;
    listing.set('/films', [folder('a (1)'), folder('b')]);
    listing.set('/films/a (1)', [line('film.mkv')]);
    listing.set('/films/b', []);
    const baseUrl = `ftp://127.0.0.1:${server.port}/films/`;
    const password = ground.deps.crypto.seal(SOURCE_PASSWORD, 'secret');
    const sourceId = await addSource({ finder: 'ftp-listing', baseUrl, password });
    const streamId = await addFile('ftp', sourceId, baseUrl, 'a%20%281%29/film.mkv');
    await probe();
    expect(await health()).toEqual({ state: 'online', isGood: true, reason: null });
    expect(await file(streamId)).toMatchObject({ state: 'active', isVerified: true });
    expect(server.commands).toContain('PASS secret');
    expect(server.commands).not.toContain('USER anonymous');

    files.delete('/films/a (1)/film.mkv');
    files.set('/films/b/film.mkv', Buffer.alloc(99));
    listing.set('/films/a (1)', []);
    listing.set('/films/b', [line('film.mkv')]);
    await db().query(command('test.facts')`TRUNCATE file_facts`);
    await probe();
    expect(await file(streamId)).toMatchObject({ path: 'b/film.mkv', state: 'active' });
  } finally {
    await server.stop();
  }
});

test('without the permission of its owner a server at home is not asked, and that counts for nothing', async () => {
  const server = await startFtpServer(new Map());
  try {
    const baseUrl = `ftp://127.0.0.1:${server.port}/`;
    await addSource({ finder: 'ftp-listing', baseUrl, allowsPrivate: false });
    await probe();
    expect(await health()).toMatchObject({ state: 'unknown', isGood: false });
    expect(server.commands).toEqual([]);
  } finally {
    await server.stop();
  }
});

test('a password that cannot be opened any more counts for nothing, and is said', async () => {
  await addSource({ finder: 'ftp-listing', baseUrl: 'ftp://127.0.0.1:1/', password: Buffer.alloc(60, 1) });
  await probe();
  expect(await health()).toEqual({
    ...{ state: 'unknown', isGood: false, reason: expect.stringMatching(/secret key/) },
  });
});

test('a folder here is probed, its file that is gone is hidden, and one that moved is found', async () => {
  const put = async (path: string) => {
    await mkdir(dirname(join(dir.path, path)), { recursive: true });
    await writeFile(join(dir.path, path), Buffer.alloc(99));
  };
  await put('new/Ä film.mkv');
  const sourceId = await addSource({ finder: 'local-folder', baseUrl: 'local:films/' });
  const streamId = await addFile('local', sourceId, 'local:films/', 'old/%C3%84%20film.mkv');
  await probe();
  expect(await health()).toMatchObject({ isGood: true, reason: null });
  expect(await file(streamId)).toMatchObject({ path: 'new/%C3%84%20film.mkv', state: 'active' });
  await rm(join(dir.path, 'new/Ä film.mkv'));
  await probe();
  expect(await file(streamId)).toMatchObject({ state: 'broken' });
});

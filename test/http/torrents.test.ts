import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createTorrentStorage,
  Torrent,
  TorrentsAnswer,
  torrentRoutes,
} from '../../src/features/torrents/index.ts';
import { command } from '../../src/platform/db.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { asReadable, type ByteSource, type StreamKind } from '../../src/streams/kind.ts';
import { torrentKind } from '../../src/streams/torrent/index.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { problemIn } from '../support/problem-answer.ts';
import { openTempDir } from '../support/processes.ts';
import { makeTorrent, type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// The owner's hand on what is kept of torrents, over instances that have a folder each.

const MIB = 1024 * 1024;
const FILM = makeTorrent(randomBytes(4 * MIB + 99), 128 * 1024);
const HASH = FILM.infoHash;
const NEVER = new AbortController().signal;
const MAX_BYTES = 100 * MIB;

type Instance = {
  api: TestApi;
  kind: StreamKind;
  folder: string;
  reconcile(): Promise<void>;
  close(): Promise<void>;
};

let ground: TestKindDeps;
let seed: SeedPeer;
let dir: Awaited<ReturnType<typeof openTempDir>>;
const running = new Set<Instance>();

beforeAll(async () => {
  ground = await openKindDeps();
});
beforeEach(async () => {
  dir = await openTempDir();
  seed = await startSeedPeer(FILM);
  await ground.deps.db.query(command('test.empty')`TRUNCATE torrent_storage`);
});
afterEach(async () => {
  for (const instance of [...running]) await instance.close();
  await seed.stop();
  await dir.remove();
});
afterAll(() => ground.close());

/** One instance of the program, as far as it has to do with this, on a folder of that name. */
async function startInstance(name: string): Promise<Instance> {
  const { db, log } = ground.deps;
  const pieceCache = { folder: join(dir.path, name), maxBytes: MAX_BYTES };
  const notify: Notify = createNotify({ url: ground.url, log });
  await waitUntil(() => notify.isConnected(), { what: 'it listens', timeoutMs: 10_000 });
  const torrents = await createTorrentStorage({ db, notify, log, pieceCache });
  const kind = torrentKind({ ...ground.deps, pieceCache, onStored: torrents.note });
  if (kind.storage !== undefined) await torrents.begin(kind.storage);
  const api = await startApi(({ requireAdmin }) => [
    torrentRoutes({ db, requireAdmin, torrents, config: { pieceCache } }),
  ]);
  const close = async () => {
    running.delete(instance);
    await api.close();
    await kind.close?.();
    await torrents.close();
    await notify.close();
  };
  const instance = { api, kind, folder: pieceCache.folder, reconcile: torrents.reconcile, close };
  running.add(instance);
  return instance;
}

const link = () => `magnet:?xt=urn:btih:${HASH}&x.pe=${seed.host}:${seed.port}`;
const open = async ({ kind }: Instance): Promise<ByteSource> => {
  const source = await kind.open?.({ detail: kind.parse({ url: link() }), fileIndex: null }, NEVER);
  if (source === undefined) throw new Error('it cannot be opened');
  return source;
};
const read = (source: ByteSource, end = FILM.bytes.length) =>
  buffer(asReadable(source, { start: 0, end }, NEVER));
const list = async ({ api }: Instance, query = '') =>
  TorrentsAnswer.parse((await api.ask('GET', `/api/torrents${query}`)).body);
const shown = ({ api }: Instance) => api.ask('GET', `/api/torrents/${HASH}`);
const hasStatus = (instance: Instance, ...wanted: string[]) =>
  waitUntil(async () => wanted.includes(Torrent.safeParse((await shown(instance)).body).data?.status ?? ''), {
    ...{ what: `it is ${wanted.join(' or ')}`, timeoutMs: 15_000 },
  });
const piecesIn = async ({ folder }: Instance) => (await readdir(join(folder, HASH)).catch(() => [])).length;

async function watchAll(instance: Instance): Promise<void> {
  const source = await open(instance);
  expect((await read(source)).equals(FILM.bytes)).toBe(true);
  await source.close();
  await hasStatus(instance, 'completed');
}

describe('what is asked for wrongly', () => {
  test.each([
    ['GET', `/api/torrents/${HASH}`],
    ['POST', `/api/torrents/${HASH}/pause`],
    ['POST', `/api/torrents/${HASH}/resume`],
    ['DELETE', `/api/torrents/${HASH}`],
  ])(
    '%s of a torrent nobody knows is 404, of what is none 400, without the token 401',
    async (method, path) => {
      const { api } = await startInstance('one');
      const unknown = await api.ask(method, path);
      expect(unknown.status).toBe(404);
      expect(problemIn(unknown.body).code).toBe('torrent.not_found');
      expect((await api.ask(method, path.replace(HASH, 'abc'))).status).toBe(400);
      expect((await api.ask(method, path, undefined, { Authorization: '' })).status).toBe(401);
      expect((await api.ask('GET', '/api/torrents', undefined, { Authorization: '' })).status).toBe(401);
    },
  );

  test('a page that cannot be is 400 and names the field', async () => {
    const { api } = await startInstance('one');
    for (const query of ['limit=0', 'limit=201', 'offset=-1', 'page=2'])
      expect((await api.ask('GET', `/api/torrents?${query}`)).status).toBe(400);
    expect((await api.ask('DELETE', `/api/torrents/${HASH}?force=yes`)).status).toBe(400);
  });
});

test('a torrent that is watched is listed, with what lies on the disk of which limit', async () => {
  const one = await startInstance('one');
  expect(await list(one)).toMatchObject({
    torrents: [],
    total: 0,
    storage: { usedBytes: 0, wantedBytes: MAX_BYTES },
  });
  await watchAll(one);
  const { torrents, total, storage } = await list(one);
  expect([torrents, total]).toMatchObject([
    [{ infoHash: HASH, name: 'Film.mkv', progress: 1, bytesOnDisk: FILM.bytes.length, streamId: null }],
    1,
  ]);
  expect(storage).toMatchObject({ usedBytes: FILM.bytes.length, limitBytes: MAX_BYTES, elsewhereBytes: 0 });
  expect(await list(one, '?offset=1')).toMatchObject({ torrents: [], total: 1 });
  const upper = await one.api.ask('GET', `/api/torrents/${HASH.toUpperCase()}`);
  expect(Torrent.parse(upper.body).downloadedBytes).toBeGreaterThanOrEqual(FILM.bytes.length);
});

test('a pause reaches every instance, outlives a restart, and its end too', async () => {
  const [one, other] = [await startInstance('one'), await startInstance('other')];
  const source = await open(one);
  await read(source, MIB);
  await hasStatus(one, 'idle', 'downloading');
  const paused = await one.api.ask('POST', `/api/torrents/${HASH}/pause`);
  expect(Torrent.parse(paused.body).status).toBe('paused');
  await waitUntil(() => seed.openConnections() === 0, { what: 'it hangs up', timeoutMs: 10_000 });
  expect((await read(source, MIB)).equals(FILM.bytes.subarray(0, MIB))).toBe(true);
  await expect(read(source)).rejects.toMatchObject({ code: 'torrent.paused', status: 409 });
  await expect(open(other)).rejects.toMatchObject({ code: 'torrent.paused' });
  await one.close();
  await other.close();
  const again = await startInstance('one');
  await again.reconcile();
  expect(await piecesIn(again)).toBeGreaterThanOrEqual(8);
  expect(Torrent.parse((await shown(again)).body).status).toBe('paused');
  await expect(open(again)).rejects.toMatchObject({ code: 'torrent.paused' });
  const late = await startInstance('late');
  const resumed = await late.api.ask('POST', `/api/torrents/${HASH}/resume`);
  expect(Torrent.parse(resumed.body).status).toBe('idle');
  await watchAll(again);
});

test('a removal is of all folders; of what somebody watches only by force, and then he is told', async () => {
  const [one, other] = [await startInstance('one'), await startInstance('other')];
  await watchAll(other);
  const source = await open(one);
  await read(source, MIB);
  seed.manners.isSilent = true;
  const reading = read(source);
  const failing = expect(reading).rejects.toMatchObject({ code: 'torrent.removed', status: 410 });
  await hasStatus(one, 'downloading');
  const refused = await one.api.ask('DELETE', `/api/torrents/${HASH}`);
  expect(refused.status).toBe(409);
  expect(problemIn(refused.body).code).toBe('torrent.playing');
  expect((await other.api.ask('DELETE', `/api/torrents/${HASH}`)).status).toBe(409);
  expect((await one.api.ask('DELETE', `/api/torrents/${HASH}?force=true`)).status).toBe(204);
  await failing;
  await waitUntil(async () => (await piecesIn(one)) + (await piecesIn(other)) === 0, {
    ...{ what: 'both folders are empty', timeoutMs: 10_000 },
  });
  await waitUntil(async () => (await list(one)).total === 0, { what: 'the row is gone', timeoutMs: 10_000 });
  // It is played anew as if nothing had been.
  seed.manners.isSilent = false;
  expect((await read(source)).equals(FILM.bytes)).toBe(true);
  await hasStatus(one, 'completed');
});

test('rows are brought in line with the disk at a start', async () => {
  const one = await startInstance('one');
  await watchAll(one);
  await one.close();
  const pieces = await readdir(join(one.folder, HASH));
  expect(pieces.length).toBeGreaterThan(32);
  const again = await startInstance('one');
  await dir.remove();
  await again.reconcile();
  expect((await shown(again)).status).toBe(404);
});

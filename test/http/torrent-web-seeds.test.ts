import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { LinkAnswer, linkRoutes, StreamInput, saveStream } from '../../src/features/stream-index/index.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { bencode } from '../support/bencode.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';
import { makeTorrent } from '../support/seed-peer.ts';
import { startWebSeedServer, type WebSeedServer } from '../support/web-seed-server.ts';

// Through the product: torrents whose films nobody but a web server has.

const MIB = 1024 * 1024;
const NAME = 'My film (2008).mkv';
let server: PlayServer;
let api: TestApi;
let seed: WebSeedServer | null = null;

beforeAll(async () => {
  server = await startPlayServer('torrent', { infoHash: 'ab'.repeat(20) });
  const { kinds, links, held } = server;
  const { db, net } = held.deps;
  api = await startApi((place) => [linkRoutes({ db, net, kinds, links, ...place })]);
});
afterEach(() => seed?.stop());
afterAll(async () => {
  await api?.close();
  await server?.close();
});

/** A torrent of one file on a web server of its own, whose address ends in a slash; `more` stands beside its `info`. */
async function filmOf(sizeBytes: number, pieceBytes: number, more: object = {}) {
  const bytes = randomBytes(sizeBytes);
  const { info, infoHash } = makeTorrent(bytes, pieceBytes, [], { name: NAME, ...more });
  const files: Record<string, Buffer> = { [`/items/${NAME}`]: bytes };
  seed = await startWebSeedServer(files);
  const torrent = Buffer.concat([
    Buffer.from('d4:info'),
    info,
    Buffer.from('8:url-list'),
    bencode([`${seed.base}/items/`]),
    Buffer.from('e'),
  ]);
  files['/film.torrent'] = torrent;
  return { bytes, infoHash, torrent: torrent.toString('base64'), base: seed.base };
}

async function linkTo(body: object): Promise<string> {
  const made = await api.ask('POST', '/api/links', body);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const { playUrl } = LinkAnswer.parse(made.body);
  return playUrl.replace(api.baseUrl, server.base);
}

async function expectRanges(url: string, bytes: Buffer): Promise<void> {
  for (const start of [0, bytes.length - 1000, bytes.length >> 1]) {
    const end = Math.min(bytes.length, start + 100_000);
    const answer = await fetch(url, { headers: { Range: `bytes=${start}-${end - 1}` } });
    expect(answer.status).toBe(206);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(start, end)), `${start}`).toBe(true);
  }
}

test('POST /api/links with a .torrent that names only a web seed plays by range', async () => {
  const { bytes, torrent } = await filmOf(6 * MIB + 5, 256 * 1024);
  await expectRanges(await linkTo({ torrent }), bytes);
});

test('a stored stream keeps its web seeds: a .torrent too large for a link plays too', async () => {
  const { bytes, torrent } = await filmOf(12 * MIB, 32 * 1024);
  const { db } = server.held.deps;
  const { mediaId } = await upsertTitle(db, TitleInput.parse({ kind: 'movie', title: 'My film' }));
  const input = StreamInput.parse({ kind: 'torrent', torrent });
  const { streamId } = await saveStream({ db, kinds: server.kinds }, input, { mediaId });
  await expectRanges(server.urlOf({ streamId }), bytes);
});

test('a magnet plays whose web seed and exact source are all there is', async () => {
  const { bytes, infoHash, base } = await filmOf(3 * MIB, 32 * 1024);
  const given = new URLSearchParams({ 'xs.1': `${base}/film.torrent`, ws: `${base}/items/` });
  await expectRanges(await linkTo({ url: `magnet:?xt=urn:btih:${infoHash}&${given}` }), bytes);
});

test('a link to a .torrent on the web comes back to it where a link has no room for it', async () => {
  const { bytes, base } = await filmOf(12 * MIB, 32 * 1024);
  await expectRanges(await linkTo({ url: `${base}/film.torrent` }), bytes);
  expect(seed?.requests.filter(({ path }) => path === '/film.torrent')).toHaveLength(2);
});

test('a private torrent is asked of nobody but its peers', async () => {
  const { torrent } = await filmOf(MIB, 256 * 1024, { private: 1 });
  const url = await linkTo({ torrent });
  const leave = AbortSignal.timeout(1500);
  await expect(fetch(url, { signal: leave }).then((answer) => answer.arrayBuffer())).rejects.toThrow();
  expect(seed?.requests).toEqual([]);
});

import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { LinkAnswer } from '../../src/features/stream-index/index.ts';
import { type Bencodable, bencode } from '../support/bencode.ts';
import { openTempDir } from '../support/processes.ts';
import { makeTorrent, type SeedPeer, startSeedPeer, type TestTorrent } from '../support/seed-peer.ts';
import { startFakeHttp } from '../support/trackers.ts';
import { watchRoom } from '../support/watch-room.ts';

// `.torrent` files that no honest program writes: names that lead out, names that are there twice, a hundred thousand files, pieces of a byte.

const PIECE_BYTES = 64 * 1024;
let dir: Awaited<ReturnType<typeof openTempDir>>;
const room = watchRoom(async () => {
  dir = await openTempDir();
  // So deep that a way up of a few folders stays where the test looks.
  const folder = join(dir.path, 'a', 'b', 'c', 'cache');
  await mkdir(folder, { recursive: true });
  return { pieceCache: { folder, maxBytes: 64 * 1024 * 1024 } };
});
const { ask, play } = room;
const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});
afterAll(() => dir?.remove());

/** A peer that has it, and what announces it. */
async function seeded(torrent: TestTorrent): Promise<string> {
  const seed: SeedPeer = await startSeedPeer(torrent);
  const peers = Buffer.from([127, 0, 0, 1, seed.port >> 8, seed.port & 255]);
  const tracker = await startFakeHttp((_req, res) => void res.end(bencode({ interval: 1800, peers })));
  open.push(seed, { stop: async () => await tracker[Symbol.asyncDispose]() });
  return tracker.url;
}

function withTracker({ torrent }: TestTorrent, tracker: string): string {
  const announce = Buffer.concat([Buffer.from('d8:announce'), bencode(tracker)]);
  return Buffer.concat([announce, torrent.subarray(1)]).toString('base64');
}

type Inside = { path: string[]; bytes: Buffer };
function packOf(files: readonly Inside[], more: Record<string, Bencodable> = {}): TestTorrent {
  const listed = files.map(({ path, bytes }) => ({ path, length: bytes.length }));
  return makeTorrent(Buffer.concat(files.map(({ bytes }) => bytes)), PIECE_BYTES, listed, more);
}

async function linksOf(torrent: TestTorrent): Promise<z.infer<typeof LinkAnswer>> {
  const answer = await ask('POST', '/api/links', { torrent: withTracker(torrent, await seeded(torrent)) });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return LinkAnswer.parse(answer.body);
}

/** Everything below the test's folder that is no folder. */
async function filesBelow(): Promise<string[]> {
  const found = await readdir(dir.path, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir.path, join(entry.parentPath, entry.name)));
}

/** Pieces of torrents by their numbers, and nothing else anywhere. */
async function expectOnlyPieces(): Promise<void> {
  const found = await filesBelow();
  expect(found.length).toBeGreaterThan(0);
  expect(
    found.filter((path) => !/^a\/b\/c\/cache\/[0-9a-f]{40}\/(?:accessed|\d+(\.part)?)$/.test(path)),
  ).toEqual([]);
}

describe('names that lead out', () => {
  const files = [
    ['..', '..', '..', '..', 'up.mkv'],
    ['..', '..', 'x', '..', '..', 'round.mkv'],
    ['/etc', 'passwd.mkv'],
    ['C:\\Windows', '..\\..\\back.mkv'],
    ['a/../../slash.mkv'],
    ['.', '', 'empty.mkv'],
    ['nul\0l.mkv'],
    ['..'],
  ].map((path) => ({ path, bytes: randomBytes(90_001) }));

  test('stay inside: each file plays by its number, and nothing is written but pieces', async () => {
    const answer = await linksOf(packOf(files, { name: '../../../../outside' }));
    const names = answer.files?.map(({ name }) => name) ?? [];
    expect(names).toHaveLength(files.length);
    for (const name of [answer.filename ?? '', ...names]) {
      expect(name).not.toMatch(/(^|[/\\])\.\.([/\\]|$)|^[/\\]|\0/);
      expect(name).not.toBe('');
    }
    for (const [n, { bytes }] of files.entries()) {
      const { status, headers, bytes: got } = await play(answer.files?.[n]?.playUrl ?? '');
      expect([status, got.equals(bytes)], names[n]).toEqual([200, true]);
      expect(headers.get('content-disposition') ?? '').not.toMatch(/[/\\]|\.\.%2f|%5c/i);
    }
    await expectOnlyPieces();
  });
});

describe('names that are there twice', () => {
  test('are two files, each with its own bytes', async () => {
    const files = [1, 2, 3].map(() => ({ path: ['Season 1', 'Episode.mkv'], bytes: randomBytes(100_003) }));
    const answer = await linksOf(packOf(files, { name: 'Twice' }));
    expect(answer.files?.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(answer.files?.map(({ playUrl }) => playUrl)).size).toBe(3);
    for (const [n, { bytes }] of files.entries()) {
      const part = await play(answer.files?.[n]?.playUrl ?? '', 'bytes=50-100000');
      expect([part.status, part.bytes.equals(bytes.subarray(50, 100_001))]).toEqual([206, true]);
    }
    await expectOnlyPieces();
  });
});

describe('a hundred thousand files', () => {
  const count = 100_000;
  const name = (n: number) => [`${n}.mkv`];
  const bytes = randomBytes(count);

  test('are taken, the answer stays small, and one far behind plays', async () => {
    const listed = Array.from({ length: count }, (_, n) => ({ length: 1, path: name(n) }));
    const torrent = makeTorrent(bytes, PIECE_BYTES, listed, { name: 'Many' });
    expect(torrent.torrent.length).toBeGreaterThan(2_000_000);
    const answer = await linksOf(torrent);
    expect(answer.files).toHaveLength(500);
    const [, , token = ''] = /\/play\/([^/]+)\/([^/]+)/.exec(answer.playUrl) ?? [];
    expect(token.length).toBeLessThan(8192);
    // The highest number that can be asked for, of a link that knows the files from a peer.
    const last = 65_535;
    const { body } = await ask('POST', '/api/links', { url: magnetOf(torrent), fileIndex: last });
    const got = await play(LinkAnswer.parse(body).playUrl);
    expect([got.status, got.bytes.equals(bytes.subarray(last, last + 1))]).toEqual([200, true]);
  }, 120_000);

  test('one more is refused in words', async () => {
    const listed = Array.from({ length: count + 1 }, (_, n) => ({ length: 1, path: name(n) }));
    const torrent = makeTorrent(Buffer.alloc(count + 1), PIECE_BYTES, listed, { name: 'Too many' });
    const answer = await ask('POST', '/api/links', { torrent: torrent.torrent.toString('base64') });
    expect(answer).toMatchObject({ status: 400, body: { code: 'torrent.invalid' } });
  });

  function magnetOf({ infoHash }: TestTorrent): string {
    const seed = open.find((one): one is SeedPeer => 'port' in one);
    return `magnet:?xt=urn:btih:${infoHash}&x.pe=127.0.0.1:${seed?.port}`;
  }
});

describe('pieces of a byte', () => {
  test.each([90, 100_000])(
    'are refused in words where %s of them would be played, by its link or before',
    async (count) => {
      const torrent = makeTorrent(randomBytes(count), 1, [], { name: 'Film.mkv' });
      const link = await linksOf(torrent);
      const { status, bytes } = await play(link.playUrl);
      expect([status, JSON.parse(bytes.toString())]).toEqual([
        400,
        expect.objectContaining({
          code: 'torrent.pieces',
          detail: expect.stringContaining('cannot be streamed'),
        }),
      ]);
    },
  );
});

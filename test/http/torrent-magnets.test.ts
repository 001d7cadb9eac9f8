import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { torrentOf, torrentRoom } from '../support/torrent-room.ts';

// A magnet tells nothing of its files; whoever has the torrent does, when somebody adds it by hand.

const room = torrentRoom();
const SHOW = { kind: 'series', title: 'The Show', ids: { imdb: 'tt0000702' } };
const FILM = { kind: 'movie', title: 'Film' };
// So small that one piece holds it all.
const PACK = torrentOf('The.Show.S01.1080p.BluRay.x264-GRP', [
  ['The.Show.S01E01.1080p.BluRay.x264-GRP.mkv', 0.3],
  ['The.Show.S01E02.1080p.BluRay.x264-GRP.mkv', 0.301],
  ['sample.mkv', 0.004],
]);
// The pack's `info` stands at its end.
const INFO = PACK.subarray(PACK.indexOf('4:info') + 6, -1);
const INFO_HASH = createHash('sha1').update(INFO).digest('hex');
const TORRENT = {
  infoHash: INFO_HASH,
  info: INFO,
  torrent: PACK,
  bytes: Buffer.alloc(0),
  pieceBytes: 1_048_576,
};
const MAGNET = `magnet:?xt=urn:btih:${INFO_HASH}&dn=pack&tr=udp%3A%2F%2Ftracker.example%3A80`;

let seed: SeedPeer | null = null;
afterEach(async () => {
  await seed?.stop();
  seed = null;
});

test('the episodes of a magnet are found in what its peers have, and its trackers are kept', async () => {
  seed = await startSeedPeer(TORRENT);
  const made = await room.api.ask('POST', '/api/media', SHOW);
  const { id: mediaId } = z.object({ id: z.string() }).parse(made.body);
  const magnet = `${MAGNET}&x.pe=127.0.0.1:${seed.port}`;
  const answer = await room.api.ask('POST', '/api/streams', { mediaId, url: magnet });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  expect(room.linksOf(answer)).toEqual([
    [1, 1, 'The.Show.S01E01.1080p.BluRay.x264-GRP.mkv'],
    [1, 2, 'The.Show.S01E02.1080p.BluRay.x264-GRP.mkv'],
  ]);
  expect(await room.streamsOf('series', 'tt0000702:1:2')).toMatchObject([
    {
      ...{ infoHash: INFO_HASH, fileIdx: 1 },
      sources: ['tracker:udp://tracker.example:80/announce', `dht:${INFO_HASH}`],
      behaviorHints: { filename: 'The.Show.S01E02.1080p.BluRay.x264-GRP.mkv', videoSize: 301_000 },
    },
  ]);
});

test('where nobody can be asked it is added as it is, at once', async () => {
  const made = await room.api.ask('POST', '/api/media', FILM);
  const { id: mediaId } = z.object({ id: z.string() }).parse(made.body);
  const startedAt = performance.now();
  const answer = await room.api.ask('POST', '/api/streams', {
    mediaId,
    url: `magnet:?xt=urn:btih:${'ab'.repeat(20)}&x.pe=127.0.0.1:9`,
  });
  expect(answer.status).toBe(201);
  expect(room.linksOf(answer)).toEqual([[null, null, undefined]]);
  expect(performance.now() - startedAt).toBeLessThan(4000);
});

test('what peers have that is no torrent one can stream is not taken, and the magnet is added as it is', async () => {
  const info = Buffer.from('d4:name3:abc12:piece lengthi1e6:pieces0:e');
  const infoHash = createHash('sha1').update(info).digest('hex');
  seed = await startSeedPeer({ ...TORRENT, infoHash, info });
  const made = await room.api.ask('POST', '/api/media', FILM);
  const { id: mediaId } = z.object({ id: z.string() }).parse(made.body);
  const url = `magnet:?xt=urn:btih:${infoHash}&x.pe=127.0.0.1:${seed.port}`;
  expect((await room.api.ask('POST', '/api/streams', { mediaId, url })).status).toBe(201);
});

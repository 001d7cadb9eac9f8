import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LinkAnswer } from '../../src/features/stream-index/index.ts';
import { LINK_LIFE_S } from '../../src/platform/links.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { announce } from '../../src/streams/torrent/trackers/index.ts';
import { metaIn } from '../support/addon-answers.ts';
import { openTempDir } from '../support/processes.ts';
import { makeTorrent, type SeedPeer, startSeedPeer, type TestTorrent } from '../support/seed-peer.ts';
import { startTracker, type TestTracker } from '../support/trackers.ts';
import { watchRoom } from '../support/watch-room.ts';

// What the two seeds ask of torrents, with bytes: M5, M6 and M8 of one, X2 and X3 of the other.

const [PIECE_BYTES, HOUR_S] = [64 * 1024, 3600];
const FILMS = ['One', 'Two', 'Three'].map((word, index) => {
  // No file begins where a piece does.
  const bytes = randomBytes(300_000 + 70_001 * index);
  return {
    title: `Harbour ${word}`,
    imdb: `tt000090${index}`,
    bytes,
    path: [`Harbour.${word}.1080p.x264.mkv`],
  };
});
const EPISODES = Array.from({ length: 10 }, (_, n) => {
  return {
    path: [`The.Show.S01E${String(n + 1).padStart(2, '0')}.720p.mkv`],
    bytes: randomBytes(150_000 + 1111 * n),
  };
});
type Inside = { path: string[]; bytes: Buffer };

function packOf(name: string, files: readonly Inside[]): TestTorrent {
  const listed = files.map(({ path, bytes }) => ({ length: bytes.length, path }));
  return makeTorrent(Buffer.concat(files.map(({ bytes }) => bytes)), PIECE_BYTES, listed, { name });
}
const TRILOGY = packOf('Harbour.Trilogy.1080p.x264', FILMS);
const SEASON = packOf('The.Show.S01.720p', EPISODES);
const AVC = makeTorrent(randomBytes(400_000), PIECE_BYTES, [], { name: 'Film.2010.1080p.x264.mkv' });
const HEVC = makeTorrent(randomBytes(400_000), PIECE_BYTES, [], { name: 'Film.2010.2160p.x265.mkv' });

let dir: Awaited<ReturnType<typeof openTempDir>>;
let net: Net;
let tracker: TestTracker;
const seeds: SeedPeer[] = [];
const room = watchRoom(async () => {
  dir = await openTempDir();
  return { pieceCache: { folder: dir.path, maxBytes: 64 * 1024 * 1024 } };
});
const { ask, addTitle, streamsOf, play } = room;

beforeAll(async () => {
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  tracker = await startTracker();
  for (const torrent of [TRILOGY, SEASON, AVC, HEVC]) {
    const seed = await startSeedPeer(torrent);
    seeds.push(seed);
    const of = { infoHash: torrent.infoHash, peerId: randomBytes(20), port: seed.port };
    const standing = { uploaded: 0, downloaded: 0, left: 0, event: 'started' as const, numWant: 0 };
    await announce(tracker.udpUrl, { ...of, ...standing }, { net }, new AbortController().signal);
  }
});
afterAll(async () => {
  for (const seed of seeds) await seed.stop();
  await tracker?.stop();
  await net?.close();
  await dir?.remove();
});

const base64 = ({ torrent }: TestTorrent) => torrent.toString('base64');
const addStream = (mediaId: string, torrent: TestTorrent, more: object = {}) =>
  ask('POST', '/api/streams', { mediaId, torrent: base64(torrent), trackers: [tracker.udpUrl], ...more });
const linkTo = async (body: object) => LinkAnswer.parse((await ask('POST', '/api/links', body)).body);
const magnetOf = ({ infoHash }: TestTorrent) =>
  `magnet:?xt=urn:btih:${infoHash}&tr=${encodeURIComponent(tracker.udpUrl)}`;

/** The play link of the one stream that is offered. */
async function onlyUrl(type: string, id: string): Promise<string> {
  const streams = await streamsOf(type, id);
  expect(streams.map(({ url }) => url)).toEqual([expect.stringContaining('/play/')]);
  return streams[0]?.url ?? '';
}

describe('M5: the sealed play link is the streaming key', () => {
  const EXPIRED = { status: 403 };
  const codeOf = ({ bytes }: { bytes: Buffer }): unknown => JSON.parse(bytes.toString()).code;

  test('a range of a seeded torrent is 206, its bytes those of the file', async () => {
    const { playUrl } = await linkTo({ url: magnetOf(AVC), expiresIn: 6 * HOUR_S });
    const whole = await play(playUrl);
    expect([whole.status, whole.bytes.equals(AVC.bytes)]).toEqual([200, true]);
    for (const [start, end] of [
      [0, 1],
      [65_530, 65_550],
      [100_000, 399_999],
      [399_000, 400_000],
    ] as const) {
      const part = await play(playUrl, `bytes=${start}-${end - 1}`);
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes ${start}-${end - 1}/400000`,
      ]);
      expect(part.bytes.equals(AVC.bytes.subarray(start, end))).toBe(true);
    }
  });

  test('it plays for its six hours, and a second later it is 403, whoever made it', async () => {
    const before = Date.now();
    const answer = await linkTo({ url: magnetOf(AVC), expiresIn: 6 * HOUR_S });
    expect(Date.parse(answer.expiresAt) - before).toBeGreaterThan((6 * HOUR_S - 2) * 1000);
    expect(Date.parse(answer.expiresAt) - before).toBeLessThanOrEqual(6 * HOUR_S * 1000 + 1000);
    await addStream(await addTitle({ kind: 'movie', title: 'Film', ids: { imdb: 'tt0000910' } }), AVC);
    await room.server.settings.patch({ playLinkHours: 6 });
    const offered = await onlyUrl('movie', 'tt0000910');
    await room.server.settings.patch({ playLinkHours: null });
    const forADay = await onlyUrl('movie', 'tt0000910');
    for (const url of [answer.playUrl, offered]) {
      room.clock.aheadMs = (6 * HOUR_S - 60) * 1000;
      expect((await play(url, 'bytes=0-9')).status).toBe(206);
      room.clock.aheadMs = (6 * HOUR_S + 1) * 1000;
      const late = await play(url, 'bytes=0-9');
      expect([late, codeOf(late)]).toEqual([expect.objectContaining(EXPIRED), 'play.refused']);
    }
    expect((await play(forADay, 'bytes=0-9')).status).toBe(206);
    room.clock.aheadMs = (LINK_LIFE_S + 1) * 1000;
    expect((await play(forADay, 'bytes=0-9')).status).toBe(403);
  });

  test('one that is altered, of another torrent, or sealed by another server is 403 with the same words', async () => {
    const { playUrl } = await linkTo({ url: magnetOf(AVC) });
    const other = await linkTo({ url: magnetOf(HEVC) });
    const [, resource = '', token = ''] = /\/play\/([^/]+)\/([^/]+)/.exec(playUrl) ?? [];
    const [, otherResource = ''] = /\/play\/([^/]+)\//.exec(other.playUrl) ?? [];
    const own = room.server.links.open(token, resource);
    if (own === null) throw new Error('our own link does not open');
    const foreign = room.foreignLinks().make(own, { baseUrl: room.server.baseUrl, resource });
    const altered = `${token.slice(0, 50)}${token[50] === 'A' ? 'B' : 'A'}${token.slice(51)}`;
    const answers = await Promise.all(
      [
        foreign,
        `${room.server.baseUrl}/play/${resource}/${altered}`,
        `${room.server.baseUrl}/play/${otherResource}/${token}`,
      ].map((url) => play(url, 'bytes=0-9')),
    );
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(new Set(answers.map(({ bytes }) => bytes.toString())).size).toBe(1);
    // What the link is of cannot be read in it.
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain(AVC.infoHash);
  });

  test('without HEVC an x265 is never picked: not by the add-on, not by a playlist', async () => {
    const mediaId = await addTitle({ kind: 'movie', title: 'Film', ids: { imdb: 'tt0000911' } });
    await addStream(mediaId, HEVC);
    await addStream(mediaId, AVC);
    const names = async () =>
      (await streamsOf('movie', 'tt0000911')).map(({ behaviorHints }) => behaviorHints?.filename);
    expect(await names()).toEqual(['Film.2010.2160p.x265.mkv', 'Film.2010.1080p.x264.mkv']);
    await room.server.settings.patch({ hevc: 'hide' });
    expect(await names()).toEqual(['Film.2010.1080p.x264.mkv']);
    const { bytes } = await play(await onlyUrl('movie', 'tt0000911'));
    expect(bytes.equals(AVC.bytes)).toBe(true);
    await room.server.settings.patch({ hevc: null });
  });
});

describe('M6 and M8', () => {
  const FILM = {
    kind: 'movie',
    title: 'Film',
    year: 2010,
    ids: { imdb: 'tt0000912' },
    overview: 'A film.',
  };

  test('the film of a torrent has a meta and a stream as Stremio reads them, and the stream plays', async () => {
    await addStream(await addTitle(FILM), AVC);
    const meta = metaIn((await ask('GET', '/meta/movie/tt0000912.json')).body);
    expect(meta).toMatchObject({ id: 'tt0000912', type: 'movie', name: 'Film', releaseInfo: '2010' });
    const [stream] = await streamsOf('movie', 'tt0000912');
    expect(stream).toMatchObject({
      name: expect.stringMatching(/^Tributary/),
      behaviorHints: { filename: 'Film.2010.1080p.x264.mkv', videoSize: AVC.bytes.length },
    });
    expect((await play(stream?.url ?? '')).bytes.equals(AVC.bytes)).toBe(true);
  });

  test('its link dies with the film, which goes only when that is forced', async () => {
    const mediaId = await addTitle(FILM);
    await addStream(mediaId, AVC);
    expect(await ask('DELETE', `/api/media/${mediaId}`)).toMatchObject({
      ...{ status: 409, body: { code: 'media.has_torrent' } },
    });
    const url = await onlyUrl('movie', 'tt0000912');
    expect((await play(url, 'bytes=0-9')).status).toBe(206);
    expect((await ask('DELETE', `/api/media/${mediaId}?force=true`)).status).toBe(204);
    expect((await ask('GET', '/api/media/tt0000912')).status).toBe(404);
    expect(await streamsOf('movie', 'tt0000912')).toEqual([]);
    expect((await play(url, 'bytes=0-9')).status).toBe(404);
  });
});

describe('one torrent', () => {
  test('of three films: each film has its own file, the first among them, to the last byte (X2)', async () => {
    for (const [fileIndex, { title, imdb }] of FILMS.entries())
      await addStream(await addTitle({ kind: 'movie', title, ids: { imdb } }), TRILOGY, { fileIndex });
    for (const { imdb, bytes, path } of FILMS) {
      const url = await onlyUrl('movie', imdb);
      expect(url).toMatch(new RegExp(`/${path[0]}$`));
      const { status, bytes: got } = await play(url);
      expect([status, got.equals(bytes)], imdb).toEqual([200, true]);
      const middle = await play(url, 'bytes=1000-99999');
      expect(middle.bytes.equals(bytes.subarray(1000, 100_000)), imdb).toBe(true);
    }
    await room.server.settings.patch({ torrentPlayer: 'client' });
    for (const [fileIdx, { imdb }] of FILMS.entries())
      expect(await streamsOf('movie', imdb)).toMatchObject([{ infoHash: TRILOGY.infoHash, fileIdx }]);
    await room.server.settings.patch({ torrentPlayer: null });
  });

  test('of three films is a link of each file too, the first among them', async () => {
    const { files = [] } = await linkTo({ torrent: base64(TRILOGY) });
    expect(files.map(({ index, size }) => [index, size])).toEqual(
      FILMS.map(({ bytes }, index) => [index, bytes.length]),
    );
    const one = await linkTo({ url: magnetOf(TRILOGY), fileIndex: 0 });
    expect((await play(one.playUrl)).bytes.equals(FILMS[0]?.bytes ?? Buffer.from('x'))).toBe(true);
  });

  test('of ten episodes gives :1:3 its third, and no other of it (X3)', async () => {
    const mediaId = await addTitle({ kind: 'series', title: 'The Show', ids: { imdb: 'tt0000920' } });
    expect((await addStream(mediaId, SEASON)).status).toBe(201);
    for (const [n, { bytes, path }] of EPISODES.entries()) {
      const url = await onlyUrl('series', `tt0000920:1:${n + 1}`);
      expect(url).toMatch(new RegExp(`/${path[0]}$`));
      if (n !== 2 && n !== 0 && n !== 9) continue;
      const { bytes: got } = await play(url);
      expect(got.equals(bytes), path[0]).toBe(true);
    }
  });
});

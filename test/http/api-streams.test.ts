import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mediaRoutes, TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { Explanation, offersFor, StreamAnswer, streamRoutes } from '../../src/features/stream-index/index.ts';
import { trackerRoutes } from '../../src/features/trackers/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { bencode } from '../support/bencode.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { openTempDir } from '../support/processes.ts';
import { type RangeServer, startRangeServer } from '../support/range-server.ts';

let ground: TestKindDeps;
let kinds: Kinds;
let api: TestApi;
let origin: RangeServer;
let dir: Awaited<ReturnType<typeof openTempDir>>;
const db = () => ground.deps.db;

const torrentOf = (
  name: string,
  files: readonly { path: string; length: number }[],
  announce = 'udp://tracker.example:80',
) =>
  bencode({
    announce,
    info: {
      files: files.map(({ path, length }) => ({ length, path: path.split('/') })),
      name,
      'piece length': 16_384,
      pieces: Buffer.alloc(20, 1),
    },
  });
const SEASON = torrentOf('Show.S01.1080p.WEB-DL.x264-GRP', [
  { path: 'Show.S01E01.1080p.mkv', length: 1001 },
  { path: 'Show.S01E02.1080p.mkv', length: 1002 },
  { path: 'Sample/sample.mkv', length: 5 },
  { path: 'info.nfo', length: 3 },
  { path: 'Show.S01E03E04.1080p.mkv', length: 1003 },
]);

beforeAll(async () => {
  ground = await openKindDeps();
  kinds = createKinds(ground.deps);
  dir = await openTempDir();
  const film = join(dir.path, 'film.mkv');
  const torrent = join(dir.path, 'season.torrent');
  await writeFile(film, Buffer.alloc(5000, 7));
  await writeFile(torrent, SEASON);
  origin = await startRangeServer({
    files: {
      '/Film.2010.1080p.BluRay.x264-GRP.mkv': film,
      '/other.mkv': film,
      '/season.torrent': torrent,
    },
  });
  api = await startApi((place) => [
    mediaRoutes({ db: db(), language: 'en', ...place }),
    streamRoutes({ db: db(), net: ground.deps.net, kinds, ...place }),
    trackerRoutes({ db: db(), ...place }),
  ]);
});
beforeEach(async () => {
  await db().query(command('test.empty')`TRUNCATE media, stream, tracker RESTART IDENTITY CASCADE`);
  await upsertTitle(
    db(),
    TitleInput.parse({ kind: 'movie', title: 'Film', ids: { imdb: 'tt0000101', tmdb: '101' } }),
  );
  await upsertTitle(db(), TitleInput.parse({ kind: 'series', title: 'Show', ids: { imdb: 'tt0000202' } }));
});
afterAll(async () => {
  await api.close();
  await origin.stop();
  await kinds.close();
  await ground.close();
  await dir.remove();
});

const post = (body: unknown) => api.ask('POST', '/api/streams', body);
const FILM = { mediaId: 'tt0000101' };
const SHOW = { mediaId: 'tt0000202' };
const MAGNET = `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=Film.2010.720p.mkv&tr=udp%3A%2F%2Fone.example%3A80`;
const linksOf = (body: unknown) =>
  StreamAnswer.parse(body).links.map(({ season, episode, fileIndex }) => [season, episode, fileIndex]);

describe('POST /api/streams', () => {
  test('looks at a web file once, reads its name, links it and answers 201', async () => {
    const before = origin.requests.length;
    const { status, body, headers } = await post({
      ...FILM,
      url: `${origin.url}/Film.2010.1080p.BluRay.x264-GRP.mkv`,
    });
    expect(status).toBe(201);
    expect(origin.requests.length - before).toBeLessThanOrEqual(2);
    expect(headers.get('location')).toBe(`${api.baseUrl}/api/streams/${body.streamId}`);
    expect(body).toMatchObject({
      kind: 'http',
      name: 'Film.2010.1080p.BluRay.x264-GRP.mkv',
      sizeBytes: 5000,
      resolution: '1080p',
      quality: 'BluRay',
      codec: 'AVC',
      releaseGroup: 'GRP',
      isActive: true,
      isNew: true,
    });
    expect(linksOf(body)).toEqual([[null, null, null]]);
    expect(await offersFor(db(), { mediaId: 1, episodeId: null, only: 'all' })).toHaveLength(1);
  });

  test.each([
    [MAGNET, 'torrent'],
    ['b'.repeat(40), 'torrent'],
    ['https://www.youtube.com/watch?v=aqz-KE-bpKQ', 'youtube'],
    ['https://youtu.be/aqz-KE-bpKQ', 'youtube'],
    ['https://t.me/channel/12', 'telegram'],
    ['https://indexer.example/get/5.nzb?apikey=secret', 'usenet'],
  ])('takes %s for a %s', async (url, kind) => {
    expect(await post({ ...FILM, url })).toMatchObject({ status: 201, body: { kind } });
  });

  test('takes the fields of a kind, and a kind that is named', async () => {
    expect(await post({ ...FILM, infoHash: 'c'.repeat(40), name: 'x' })).toMatchObject({
      status: 201,
      body: { kind: 'torrent' },
    });
    expect(await post({ ...FILM, videoId: 'aqz-KE-bpKQ' })).toMatchObject({
      status: 201,
      body: { kind: 'youtube' },
    });
    const page = await post({
      ...FILM,
      kind: 'external',
      url: 'https://watch.example/1',
      service: 'Watch',
      filename: 'Film on Watch',
    });
    expect(page).toMatchObject({ status: 201, body: { kind: 'external', name: 'Film on Watch' } });
  });

  test('a season pack is linked to every episode its names tell, whichever was asked for (X3)', async () => {
    const { status, body } = await post({
      ...SHOW,
      season: 1,
      episode: 2,
      torrent: SEASON.toString('base64'),
    });
    expect(status).toBe(201);
    expect(linksOf(body)).toEqual([
      [1, 1, 0],
      [1, 2, 1],
      [1, 3, 4],
      [1, 4, 4],
    ]);
    expect(body.files).toHaveLength(5);
    expect(body).toMatchObject({ resolution: '1080p', quality: 'WEB-DL', sizeBytes: 3014 });
    const verified = StreamAnswer.parse(body).links.filter((link) => link.isVerified);
    expect(verified.map((link) => link.episode)).toEqual([2]);
  });

  test('fetches a .torrent from the web, and tells when it cannot', async () => {
    const { status, body } = await post({ ...SHOW, url: `${origin.url}/season.torrent` });
    expect(status).toBe(201);
    expect(linksOf(body)).toHaveLength(4);
    expect(await post({ ...SHOW, url: `${origin.url}/missing.torrent` })).toMatchObject({
      status: 404,
      body: { code: 'upstream.failed' },
    });
  });

  test('a film of several files is its largest video, file 0 among them', async () => {
    const torrent = torrentOf('Film', [
      { path: 'film.mkv', length: 900 },
      { path: 'extras/featurette.mkv', length: 9000 },
      { path: 'film.srt', length: 99_999 },
    ]).toString('base64');
    expect(linksOf((await post({ ...FILM, torrent })).body)).toEqual([[null, null, 0]]);
    expect(await post({ ...FILM, torrent, fileIndex: 7 })).toMatchObject({
      status: 400,
      body: { code: 'streams.no_file' },
    });
  });

  test('an episode may be named by the id, by the body or by the name of the stream', async () => {
    const episodeOf = async (body: object) => linksOf((await post(body)).body);
    const url = () =>
      `https://www.youtube.com/watch?v=${Math.random().toString(36).slice(2, 13).padEnd(11, 'x')}`;
    expect(await episodeOf({ mediaId: 'tt0000202:2:5', url: url() })).toEqual([[2, 5, null]]);
    expect(await episodeOf({ ...SHOW, season: 3, episode: 6, url: url() })).toEqual([[3, 6, null]]);
    expect(await episodeOf({ ...SHOW, url: url(), name: 'Show S04E07 720p' })).toEqual([[4, 7, null]]);
    expect(await post({ ...SHOW, url: url(), name: 'Show' })).toMatchObject({
      status: 422,
      body: { code: 'streams.which_episode' },
    });
    expect(await post({ ...SHOW, episode: 1, url: url() })).toMatchObject({
      status: 400,
      body: { code: 'streams.no_season' },
    });
    expect(await post({ ...FILM, season: 1, episode: 1, url: url() })).toMatchObject({
      status: 400,
      body: { code: 'streams.not_a_series' },
    });
  });

  test('adds the title on the way when it is given instead of an id', async () => {
    const { status, body } = await post({
      media: { kind: 'movie', title: 'Fresh', year: 2020 },
      url: MAGNET,
    });
    expect(status).toBe(201);
    expect(StreamAnswer.parse(body).links).toMatchObject([{ title: 'Fresh' }]);
  });

  test('the same stream again is the same stream with one more link', async () => {
    const first = await post({ ...FILM, url: MAGNET });
    const second = await post({ media: { kind: 'movie', title: 'Fresh' }, url: MAGNET });
    expect(second).toMatchObject({ status: 201, body: { streamId: first.body.streamId, isNew: false } });
    expect(StreamAnswer.parse(second.body).links).toHaveLength(2);
  });

  test('an unknown title, no title, two titles, no link, an unknown licence and a foreign scheme are refused in words', async () => {
    expect(await post({ mediaId: 'tt9999999', url: MAGNET })).toMatchObject({
      status: 404,
      body: { code: 'media.not_found' },
    });
    expect(await post({ url: MAGNET })).toMatchObject({ status: 400, body: { code: 'streams.which_title' } });
    expect(await post({ ...FILM, media: { kind: 'movie', title: 'x' }, url: MAGNET })).toMatchObject({
      status: 400,
    });
    expect(await post(FILM)).toMatchObject({ status: 400, body: { code: 'streams.unknown_source' } });
    expect(await post({ ...FILM, url: 'gopher://x.example/' })).toMatchObject({
      status: 400,
      body: { code: 'streams.unknown_source' },
    });
    expect(await post({ ...FILM, url: 'ftp://x.example/f.mkv' })).toMatchObject({
      status: 400,
      body: { code: 'streams.unknown_kind' },
    });
    const licence = await post({ ...FILM, url: MAGNET, licence: { code: 'WTFPL' } });
    expect(licence).toMatchObject({ status: 400, body: { code: 'streams.unknown_licence' } });
    expect(await offersFor(db(), { mediaId: 1, episodeId: null, only: 'all' })).toEqual([]);
  });

  test('an address that may not be reached is refused, not fetched', async () => {
    const answer = await post({ ...FILM, url: 'http://host.invalid/film.mkv' });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(await offersFor(db(), { mediaId: 1, episodeId: null, only: 'all' })).toEqual([]);
  });
});

describe('GET, PATCH and DELETE /api/streams', () => {
  const add = async (more: object = {}) =>
    StreamAnswer.parse((await post({ ...FILM, url: MAGNET, ...more })).body);

  test('a title lists its streams by pages, hidden ones too', async () => {
    for (const videoId of ['aaaaaaaaaaa', 'bbbbbbbbbbb', 'ccccccccccc']) await post({ ...FILM, videoId });
    const first = await api.ask('GET', '/api/streams?mediaId=tt0000101&limit=2');
    expect(first.body.streams).toHaveLength(2);
    await api.ask('PATCH', `/api/streams/${first.body.streams[0].streamId}`, { isBlocked: true });
    const rest = await api.ask(
      'GET',
      `/api/streams?mediaId=tt0000101&limit=2&cursor=${first.body.nextCursor}`,
    );
    expect(rest.body.streams).toHaveLength(1);
    expect(rest.body.nextCursor).toBeNull();
    expect((await api.ask('GET', '/api/streams?mediaId=tmdb:movie:101')).body.streams[0]).toMatchObject({
      isBlocked: true,
    });
    expect((await api.ask('GET', '/api/streams?mediaId=tt0000202')).body).toEqual({
      streams: [],
      nextCursor: null,
    });
    expect((await api.ask('GET', '/api/streams')).status).toBe(400);
    expect((await api.ask('GET', '/api/streams?mediaId=tt5555555')).status).toBe(404);
  });

  test('an episode lists its own streams', async () => {
    await post({ ...SHOW, torrent: SEASON.toString('base64') });
    const { body } = await api.ask('GET', '/api/streams?mediaId=tt0000202:1:3');
    expect(body.streams).toHaveLength(1);
    expect((await api.ask('GET', '/api/streams?mediaId=tt0000202:9:9')).status).toBe(404);
  });

  test('a stream is shown with its files, licence and subtitles at this server', async () => {
    const { streamId } = await add({
      licence: { code: 'CC-BY-3.0', attribution: 'Someone', proofUrl: 'https://proof.example/' },
      subtitles: [{ url: 'asset:starter/clip.en.vtt', language: 'en' }],
    });
    expect((await api.ask('GET', `/api/streams/${streamId}`)).body).toMatchObject({
      streamId,
      licence: { code: 'CC-BY-3.0', name: 'Creative Commons Attribution 3.0', isOpen: true },
      attribution: 'Someone',
      licenceProofUrl: 'https://proof.example/',
      subtitles: [{ url: `${api.baseUrl}/assets/starter/clip.en.vtt`, language: 'en' }],
      files: [],
    });
    expect((await api.ask('GET', '/api/streams/12')).status).toBe(404);
    expect((await api.ask('GET', '/api/streams/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });

  test('blocking, hiding and licensing change what is offered at once', async () => {
    const { streamId } = await add();
    const change = (body: unknown) => api.ask('PATCH', `/api/streams/${streamId}`, body);
    const count = async (only: 'licensed' | 'all') =>
      (await offersFor(db(), { mediaId: 1, episodeId: null, only })).length;
    expect(await change({ isBlocked: true })).toMatchObject({ status: 200, body: { isBlocked: true } });
    expect(await count('all')).toBe(0);
    expect(await change({ isBlocked: false, licence: { code: 'PD' } })).toMatchObject({
      body: { licence: { code: 'PD' } },
    });
    expect([await count('all'), await count('licensed')]).toEqual([1, 1]);
    expect(await change({ licence: null })).toMatchObject({ body: { licence: null } });
    expect([await count('all'), await count('licensed')]).toEqual([1, 0]);
    expect((await change({ licence: { code: 'WTFPL' } })).body.code).toBe('streams.unknown_licence');
    expect((await change({})).status).toBe(400);
    expect((await change({ blocked: true })).status).toBe(400);
  });

  test('a deleted stream is gone with its links', async () => {
    const { streamId } = await add();
    expect((await api.ask('DELETE', `/api/streams/${streamId}`)).status).toBe(204);
    expect((await api.ask('GET', `/api/streams/${streamId}`)).status).toBe(404);
    const left = await db().oneFirst(
      rows('test.left', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM stream_media_link`,
    );
    expect(left).toBe(0);
  });

  test('explain says why it is offered, for everybody or for the public', async () => {
    const { streamId } = await add();
    const all = Explanation.parse((await api.ask('GET', `/api/streams/${streamId}/explain`)).body);
    expect(all.links).toMatchObject([{ title: 'Film', isOffered: true, position: 1, sortKey: { rank: 20 } }]);
    const open = Explanation.parse(
      (await api.ask('GET', `/api/streams/${streamId}/explain?only=licensed`)).body,
    );
    expect(open.filters.find((verdict) => !verdict.passes)).toMatchObject({ filter: 'licence' });
    expect(open.links).toMatchObject([
      { isOffered: false, position: null, reason: expect.stringMatching(/No licence/) },
    ]);
    expect((await api.ask('GET', '/api/streams/nothing/explain')).status).toBe(404);
  });

  test('without the admin token every route is 401', async () => {
    for (const [method, path] of [
      ['GET', '/streams'],
      ['POST', '/streams'],
      ['GET', '/streams/x'],
      ['PATCH', '/streams/x'],
      ['DELETE', '/streams/x'],
      ['GET', '/streams/x/explain'],
      ['GET', '/trackers'],
    ] as const) {
      expect(
        (await api.ask(method, `/api${path}`, undefined, { Authorization: '' })).status,
        `${method} ${path}`,
      ).toBe(401);
    }
  });
});

describe('GET /api/trackers', () => {
  test('every tracker of a stream stands there at once, working ones first, without passkeys', async () => {
    await post({ ...FILM, url: `${MAGNET}&tr=https%3A%2F%2Ftwo.example%2Fannounce%3Fpasskey%3D0123456789` });
    await post({ ...SHOW, torrent: SEASON.toString('base64') });
    await db().query(
      command(
        'test.check',
      )`UPDATE tracker SET status = 'working', successes = 3, failures = 1, latency_ms = 20, last_check_at = '2026-01-02T03:04:05Z' WHERE url LIKE 'udp://tracker%'`,
    );
    expect((await api.ask('GET', '/api/trackers')).body).toEqual({
      trackers: [
        {
          url: 'udp://tracker.example:80/announce',
          status: 'working',
          successRate: 0.75,
          latencyMs: 20,
          lastCheckAt: '2026-01-02T03:04:05.000Z',
        },
        {
          url: 'udp://one.example:80/announce',
          status: 'unknown',
          successRate: null,
          latencyMs: null,
          lastCheckAt: null,
        },
      ],
    });
  });
});

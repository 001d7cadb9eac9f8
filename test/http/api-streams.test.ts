import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { offersFor, StreamAnswer } from '../../src/features/stream-index/index.ts';
import { streamsRoom } from '../support/streams-room.ts';

const room = streamsRoom();
const { db, torrentOf, SEASON, post, FILM, SHOW, MAGNET, linksOf } = room;

describe('POST /api/streams', () => {
  test('looks at a web file once, reads its name, links it and answers 201', async () => {
    const before = room.origin.requests.length;
    const { status, body, headers } = await post({
      ...FILM,
      url: `${room.origin.url}/Film.2010.1080p.BluRay.x264-GRP.mkv`,
    });
    expect(status).toBe(201);
    expect(room.origin.requests.length - before).toBeLessThanOrEqual(2);
    expect(headers.get('location')).toBe(
      `${room.api.baseUrl}/api/streams/${StreamAnswer.parse(body).streamId}`,
    );
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
    expect(z.object({ files: z.array(z.unknown()) }).parse(body).files).toHaveLength(5);
    expect(body).toMatchObject({ resolution: '1080p', quality: 'WEB-DL', sizeBytes: 3014 });
    const verified = StreamAnswer.parse(body).links.filter((link) => link.isVerified);
    expect(verified.map((link) => link.episode)).toEqual([2]);
  });

  test('fetches a .torrent from the web, and tells when it cannot', async () => {
    const { status, body } = await post({ ...SHOW, url: `${room.origin.url}/season.torrent` });
    expect(status).toBe(201);
    expect(linksOf(body)).toHaveLength(4);
    expect(await post({ ...SHOW, url: `${room.origin.url}/missing.torrent` })).toMatchObject({
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
    expect(second).toMatchObject({
      status: 201,
      body: { streamId: StreamAnswer.parse(first.body).streamId, isNew: false },
    });
    expect(StreamAnswer.parse(second.body).links).toHaveLength(2);
  });

  test('an unknown title, no title, two titles, no link, an unknown licence and a foreign scheme are refused in words', async () => {
    expect(await post({ mediaId: 'tt9999999', url: MAGNET })).toMatchObject({
      status: 404,
      body: { code: 'media.not_found' },
    });
    for (const url of [`magnet:?xt=urn:btih:${'d'.repeat(40)}`, `${room.origin.url}/other.mkv`])
      expect(await post({ url })).toMatchObject({ status: 400, body: { code: 'streams.which_title' } });
    expect(await post({ ...FILM, media: { kind: 'movie', title: 'x' }, url: MAGNET })).toMatchObject({
      status: 400,
    });
    expect(await post(FILM)).toMatchObject({ status: 400, body: { code: 'streams.unknown_source' } });
    expect(await post({ ...FILM, url: 'gopher://x.example/' })).toMatchObject({
      status: 400,
      body: { code: 'streams.unknown_source' },
    });
    expect(await post({ ...FILM, url: 'ftp://x.example/f.mkv' })).toMatchObject({
      status: 403,
      body: { code: 'net.refused' },
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

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Explanation, offersFor, StreamAnswer } from '../../src/features/stream-index/index.ts';
import { weakTorrents } from '../../src/features/stream-index/weak-torrents.ts';
import { command, rows } from '../../src/platform/db.ts';
import { bencode } from '../support/bencode.ts';
import { streamsRoom } from '../support/streams-room.ts';

const room = streamsRoom();
const { db, post, FILM } = room;
const hash = () => randomBytes(20).toString('hex');
const NEW = new Date(Date.now() - 30 * 86_400_000).toISOString();

const sources = [
  { name: 'Film.2010.1080p.WEB-DL.x264', seeders: 100, leechers: 0, publishedAt: NEW, score: 9.3 },
  { name: 'Film.2010.720p.WEB-DL.x265', seeders: 20, leechers: 10, score: 4.38 },
  { name: 'Film.2010.480p.XviD', seeders: 0, leechers: 0, publishedAt: '2001-08-01T00:00:00Z', score: 0.77 },
  { name: 'Film.2010.2160p.WEB-DL.AV1.10bit', seeders: 500, leechers: 100, publishedAt: NEW, score: 10 },
].map((source) => ({ ...source, infoHash: hash() }));

describe('the score of a torrent', () => {
  test('of four sources is stored and orders them; the same hash again is one row, seen now (M4)', async () => {
    const ids: string[] = [];
    for (const { score, ...source } of sources) {
      const { status, body } = await post({ ...FILM, ...source });
      const stream = StreamAnswer.parse(body);
      expect([status, stream.score]).toEqual([201, score]);
      ids.push(stream.streamId);
    }
    const offers = await offersFor(db(), { mediaId: 1, episodeId: null, only: 'all' });
    expect(offers.map((offer) => [offer.score, offer.seeders])).toEqual([
      [10, 500],
      [9.3, 100],
      [4.38, 20],
      [0.77, 0],
    ]);
    await db().query(
      command(
        'test.long_ago',
      )`UPDATE stream SET last_seen_at = now() - interval '9 days', updated_at = updated_at`,
    );
    const [first] = sources;
    const again = await post({ ...FILM, infoHash: first?.infoHash.toUpperCase() });
    expect(again.body).toMatchObject({ streamId: ids[0], isNew: false, score: 9.3 });
    expect(Date.now() - Date.parse(StreamAnswer.parse(again.body).lastSeenAt)).toBeLessThan(60_000);
    expect(
      await db().oneFirst(rows('test.count', z.object({ count: z.int() }))`
        SELECT count(*)::int AS count FROM stream_torrent`),
    ).toBe(4);
    await expect(
      db().query(command('test.too_good')`UPDATE stream SET score = 10.01 WHERE kind = 'torrent'`),
    ).rejects.toThrow();
  });

  test('follows what is said of its swarm and of itself, and 3D counts nothing for its picture', async () => {
    const infoHash = hash();
    const scoreOf = async (more: object) =>
      StreamAnswer.parse((await post({ ...FILM, infoHash, ...more })).body).score;
    expect(await scoreOf({ name: 'Film.2010.x264', publishedAt: NEW })).toBe(2.8);
    expect(await scoreOf({ resolution: '1080p' })).toBe(4.3);
    expect(await scoreOf({ seeders: 100 })).toBe(9.3);
    expect(await scoreOf({ name: 'Film.2010.3D.H-SBS.1080p.x264' })).toBe(6.8);
  });

  test('takes the age of the file itself when nobody says more, and no made up one', async () => {
    const torrent = (created: number) =>
      bencode({
        'creation date': created,
        info: {
          ...{ length: 1_000_000, name: 'Film.2010.1080p.x264.mkv' },
          ...{ 'piece length': 16_384, pieces: randomBytes(20) },
        },
      }).toString('base64');
    const scoreOf = async (created: number) =>
      StreamAnswer.parse((await post({ ...FILM, torrent: torrent(created), seeders: 100 })).body).score;
    expect(await scoreOf(Math.floor(Date.now() / 1000) - 86_400)).toBe(9.3);
    expect(await scoreOf(Date.UTC(2004, 1, 1) / 1000)).toBe(6.51);
    expect(await scoreOf(5)).toBe(8.37);
    expect(await scoreOf(4_000_000_000)).toBe(8.37);
  });

  test('does not push a file that needs no swarm out of what is offered', async () => {
    for (let n = 0; n < 12; n += 1)
      await post({ ...FILM, infoHash: hash(), name: 'Film.2010.1080p.WEB-DL.x264', seeders: 100 });
    const page = { kind: 'external', url: 'https://watch.example/1', name: 'Film 1080p WEB-DL' };
    await post({ ...FILM, videoId: 'aqz-KE-bpKQ', name: 'Film 1080p WEB-DL' });
    await post({ ...FILM, ...page });
    await post({ ...FILM, url: `${room.origin.url}/other.mkv`, name: 'Film.2010.1080p.WEB-DL.mkv' });
    const offers = await offersFor(db(), { mediaId: 1, episodeId: null, only: 'all' });
    expect(offers.map(({ kind }) => kind)).toEqual(['http', ...Array.from({ length: 9 }, () => 'torrent')]);
  });
});

describe('torrents hardly anyone seeds', () => {
  const add = (seeders: number | undefined, more: object = {}) =>
    post({ ...FILM, infoHash: hash(), name: 'Film.2010.1080p.x264', seeders, ...more });
  const offered = async (weak: 'off' | 'hide') =>
    (
      await offersFor(db(), {
        ...{ mediaId: 1, episodeId: null, only: 'all' as const, maxTotal: 100, maxPerResolution: 100 },
        weakTorrents: weak,
      })
    ).map(({ seeders }) => seeders);

  test('are hidden once five others have a seeder, those nobody was asked about are not', async () => {
    for (const seeders of [0, 1, 2, 3, 4, undefined]) await add(seeders);
    expect(await offered('hide')).toEqual([4, 3, 2, 1, 0, null]);
    await add(9);
    expect(await offered('hide')).toEqual([9, 4, 3, 2, 1, null]);
    expect(await offered('off')).toEqual([9, 4, 3, 2, 1, 0, null]);
  });

  test('stay when their file lies on a web server too', async () => {
    for (const seeders of [9, 8, 7, 6, 5]) await add(seeders);
    await add(0, { webSeeds: ['https://files.example/film.mkv'] });
    await add(0);
    expect(await offered('hide')).toEqual([9, 8, 7, 6, 5, 0]);
  });

  test('are explained, by what the owner set', async () => {
    for (const seeders of [9, 8, 7, 6, 5]) await add(seeders);
    const { streamId } = StreamAnswer.parse((await add(0)).body);
    const link = async () =>
      Explanation.parse((await room.api.ask('GET', `/api/streams/${streamId}/explain`)).body).links[0];
    expect(await link()).toMatchObject({ isOffered: true, position: 6, seeders: 0 });
    room.setOfferLimits({ weakTorrents: 'hide' });
    expect(await link()).toMatchObject({
      ...{ isOffered: false, position: null, seeders: 0 },
      reason: 'Its seeders are 0, and better seeded torrents are there: the setting weakTorrents hides it.',
    });
    room.setOfferLimits({ hevc: 'hide' });
    expect(await link()).toMatchObject({ isOffered: true, position: 6 });
    const hevc = StreamAnswer.parse((await add(9, { name: 'Film.2010.2160p.x265' })).body);
    const { body } = await room.api.ask('GET', `/api/streams/${hevc.streamId}/explain`);
    expect(Explanation.parse(body).links).toMatchObject([
      { isOffered: false, position: null, reason: 'It is HEVC (H.265): the setting hevc hides it.' },
    ]);
    room.setOfferLimits({});
  });

  test.each<[string, counts: [seeders: number, count: number][], shown: [number, number][]]>([
    [
      '50 healthy ones are enough',
      [
        [5, 50],
        [4, 9],
        [0, 9],
      ],
      [[5, 50]],
    ],
    [
      '49 are not, so all with a seeder, 50 at most',
      [
        [5, 49],
        [4, 9],
        [0, 9],
      ],
      [
        [5, 49],
        [4, 1],
      ],
    ],
    [
      'four with a seeder are too few, so the five best',
      [
        [1, 4],
        [0, 9],
      ],
      [
        [1, 4],
        [0, 1],
      ],
    ],
    ['without any there are five', [[0, 9]], [[0, 5]]],
  ])('%s', (_what, counts, shown) => {
    const ranked = counts
      .flatMap(([seeders, count]) => Array.from({ length: count }, () => seeders))
      .map((seeders, linkId) => ({ linkId, seeders, hasWebSeeds: false }));
    const hidden = weakTorrents(ranked);
    const left = Object.entries(
      Object.groupBy(
        ranked.filter(({ linkId }) => !hidden.has(linkId)),
        ({ seeders }) => seeders,
      ),
    ).map(([seeders, list]): [number, number] => [Number(seeders), list?.length ?? 0]);
    expect(left.sort((a, b) => b[0] - a[0])).toEqual(shown);
  });
});

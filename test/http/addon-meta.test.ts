import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { resolveMediaId } from '../../src/features/media/index.ts';
import { putWatchOffers } from '../../src/features/metadata/queries/origins.ts';
import { command, rows } from '../../src/platform/db.ts';
import { metaIn } from '../support/addon-answers.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';
import { waitUntil } from '../support/wait-until.ts';

// The page of a title.

const OPEN = { code: 'CC-BY-3.0', attribution: 'Its makers' };
const STREAM = { kind: 'youtube' as const, licence: OPEN };

let server: AddonServer;
beforeAll(async () => {
  server = await startAddonServer();
  await server.add(
    {
      kind: 'movie',
      ids: { imdb: 'tt0000051' },
      title: 'The Lock',
      year: 2010,
      releaseDate: '2010-09-27',
      runtimeMinutes: 15,
      tagline: 'It opens.',
      overview: 'A lock keeper waits.',
      languages: ['en', 'pt-BR'],
      countries: ['NL', 'BE'],
      rating: 7.5,
      genres: ['Drama'],
      cast: Array.from({ length: 14 }, (_, n) => ({ name: `Actor ${n + 1}`, character: 'Somebody' })),
      crew: [
        { name: 'Ann', job: 'Director' },
        { name: 'Ann', job: 'Writer' },
        { name: 'Bo & Co', job: 'Screenplay' },
        { name: 'Cy', job: 'Editor' },
      ],
      images: [
        { type: 'poster', url: 'asset:starter/clip-poster.jpg' },
        { type: 'logo', url: 'https://images.example/logo.png' },
      ],
      trailer: { youtube: 'aqz-KE-bpKQ' },
    },
    [{ ...STREAM, videoId: 'lock0000001' }],
  );
  const series = await server.add({
    kind: 'series',
    ids: { imdb: 'tt0000052' },
    title: 'The Locks',
    seasons: [
      {
        number: 1,
        episodes: [
          {
            number: 1,
            title: 'Up',
            airDate: '2013-02-10',
            overview: 'Water rises.',
            thumbnail: 'https://images.example/1.jpg',
          },
          { number: 2 },
          { number: 3, title: 'Level', thumbnail: 'https://images.example/3.jpg' },
        ],
      },
      { number: 0, episodes: [{ number: 1, title: 'Making of', airDate: '2014-01-01' }] },
    ],
  });
  await server.addStream({ ...STREAM, videoId: 'locks000001' }, { mediaId: series });
});
afterAll(() => server?.close());

const metaOf = async (type: string, id: string) =>
  metaIn((await server.ask(`/meta/${type}/${id}.json`)).body);

describe('a film', () => {
  test('says everything once, rating, genres and people as links that lead on', async () => {
    const meta = await metaOf('movie', 'tt0000051');
    const { links = [], ...rest } = meta;
    expect(rest).toEqual({
      id: 'tt0000051',
      type: 'movie',
      name: 'The Lock',
      poster: `${server.baseUrl}/assets/starter/clip-poster.jpg`,
      posterShape: 'poster',
      logo: 'https://images.example/logo.png',
      description: 'It opens.\n\nA lock keeper waits.',
      releaseInfo: '2010',
      released: '2010-09-27T00:00:00.000Z',
      runtime: '15 min',
      country: 'NL, BE',
      language: 'English, Brazilian Portuguese',
      trailerStreams: [{ ytId: 'aqz-KE-bpKQ', title: 'The Lock' }],
      behaviorHints: { defaultVideoId: 'tt0000051' },
    });
    const people = (category: string) => links.filter((link) => link.category === category);
    expect(links[0]).toEqual({ name: '7.5', category: 'imdb', url: 'https://imdb.com/title/tt0000051' });
    expect(people('Genres')).toHaveLength(1);
    expect(people('Cast').map((link) => link.name)).toEqual(
      Array.from({ length: 12 }, (_, n) => `Actor ${n + 1}`),
    );
    expect(people('Directors')).toEqual([
      { name: 'Ann', category: 'Directors', url: 'stremio:///search?search=Ann' },
    ]);
    expect(people('Writers')).toEqual([
      { name: 'Ann', category: 'Writers', url: 'stremio:///search?search=Ann' },
      { name: 'Bo & Co', category: 'Writers', url: 'stremio:///search?search=Bo%20%26%20Co' },
    ]);
  });

  test('says where else it may be watched in the install’s country, and nothing of others', async () => {
    const { mediaId } = (await resolveMediaId(server.db, { provider: 'imdb', value: 'tt0000051' })) ?? {};
    const offer = (region: string, service: string, kind: string, url: string | null) => ({
      ...{ provider: 'tmdb', region, service, offer: kind, url },
    });
    const offers = [
      offer('DE', 'Apple TV', 'rent', 'https://watch.example/de'),
      offer('DE', 'Apple TV', 'buy', 'https://watch.example/de'),
      offer('DE', 'No page', 'ads', null),
      offer('NL', 'Elsewhere', 'free', 'https://watch.example/nl'),
    ];
    await putWatchOffers(server.db, [{ mediaId: mediaId ?? 0, providers: ['tmdb'], offers }]);
    const services = async () =>
      ((await metaOf('movie', 'tt0000051')).links ?? []).filter(({ category }) =>
        category.startsWith('Where to watch'),
      );
    expect(await services()).toEqual([]);
    await server.set({ catalogRegion: 'DE' });
    await server.settled();
    expect(await services()).toEqual([
      {
        ...{ name: 'Apple TV (buy, rent)', category: 'Where to watch (JustWatch)' },
        url: 'https://watch.example/de',
      },
    ]);
    await server.set({ catalogRegion: '' });
  });

  test('starts by itself under the id it was asked by', async () => {
    const publicId = await server.db.oneFirst(rows('test.public_id', z.object({ publicId: z.string() }))`
      SELECT public_id AS "publicId" FROM media WHERE imdb_id = 'tt0000051'
    `);
    const meta = await metaOf('movie', `trib%3A${publicId}`);
    expect(meta).toMatchObject({
      id: `trib:${publicId}`,
      behaviorHints: { defaultVideoId: `trib:${publicId}` },
    });
  });
});

test('a live channel says what is on and what comes next, and is asked for again in a minute', async () => {
  const mediaId = await server.add(
    { kind: 'tv', title: 'Channel One', overview: 'A channel.', ids: { xmltv: 'one.nl' } },
    [{ ...STREAM, videoId: 'channel0001' }],
  );
  const publicId = await server.db.oneFirst(rows('test.public_id', z.object({ publicId: z.string() }))`
    SELECT public_id AS "publicId" FROM media WHERE id = ${mediaId}
  `);
  const ask = () => server.ask(`/meta/tv/trib%3A${publicId}.json`);
  expect(metaIn((await ask()).body).description).toBe('A channel.');
  await server.db.query(command('test.programmes')`
    INSERT INTO tv_programme (media_id, start_at, stop_at, title, subtitle, episode)
    SELECT ${mediaId}, date_trunc('hour', now()) + p.start * interval '1 hour', date_trunc('hour', now()) + p.stop * interval '1 hour', p.title, p.subtitle, p.episode
    FROM (VALUES (-3, -2, 'Gone', NULL, NULL), (-2, 4, 'Long', NULL, NULL), (0, 1, 'News', 'Late', 'S01E02'), (1, 2, 'A film', NULL, NULL),
      (2, 3, 'Later', NULL, NULL)) AS p(start, stop, title, subtitle, episode)
  `);
  // As the machine has them.
  const clock = (hours: number, more: Intl.DateTimeFormatOptions = {}) =>
    new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...more }).format(
      Math.floor(Date.now() / 3_600_000) * 3_600_000 + hours * 3_600_000,
    );
  const zone = { timeZoneName: 'short' } as const;
  await waitUntil(async () => metaIn((await ask()).body).description !== 'A channel.', {
    ...{ what: 'the guide is seen', timeoutMs: 5000 },
  });
  const { body } = await ask();
  expect(metaIn(body).description).toBe(
    `Now ${clock(0)}–${clock(1, zone)}: News · S01E02 · Late\nNext ${clock(1, zone)}: A film\n\nA channel.`,
  );
  expect(body).toMatchObject({ cacheMaxAge: 60, staleRevalidate: 300 });
});

describe('a series', () => {
  test('lists its episodes; one without an air date has none made up', async () => {
    const meta = await metaOf('series', 'tt0000052');
    expect(meta).not.toHaveProperty('released');
    expect(meta.behaviorHints).toEqual({});
    const byId = Object.fromEntries((meta.videos ?? []).map((video) => [video.id, video]));
    expect(Object.keys(byId).sort()).toEqual([
      'tt0000052:0:1',
      'tt0000052:1:1',
      'tt0000052:1:2',
      'tt0000052:1:3',
    ]);
    expect(byId['tt0000052:1:1']).toEqual({
      id: 'tt0000052:1:1',
      title: 'Up',
      released: '2013-02-10T00:00:00.000Z',
      season: 1,
      episode: 1,
      overview: 'Water rises.',
      thumbnail: 'https://images.example/1.jpg',
    });
    expect(byId['tt0000052:1:2']).toEqual({
      id: 'tt0000052:1:2',
      title: 'Episode 2',
      season: 1,
      episode: 2,
    });
  });

  test('loses the bad picture of one episode, not the episode and not the rest', async () => {
    await server.db.query(command('test.bad_thumbnail')`
      UPDATE episode SET thumbnail_url = 'pictures/3.jpg', title = '' WHERE number = 3
    `);
    await server.settled();
    const { videos } = await metaOf('series', 'tt0000052');
    expect(videos).toHaveLength(4);
    expect(videos).toContainEqual({ id: 'tt0000052:1:3', title: 'Episode 3', season: 1, episode: 3 });
    expect(await server.dropped()).toEqual({ 'video thumbnail': 1 });
  });
});

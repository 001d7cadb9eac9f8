import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StreamAnswer, StreamFileAnswer } from '../../src/features/stream-index/schemas.ts';
import { rows } from '../../src/platform/db.ts';
import { type Entry, torrentOf, torrentRoom } from '../support/torrent-room.ts';

const room = torrentRoom();
const { add, linksOf, streamsOf } = room;
const SHOW = { kind: 'series', title: 'The Show', ids: { imdb: 'tt0000702' } };
const two = (n: number) => String(n).padStart(2, '0');
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const season = (number: number, count: number) => ({
  number,
  episodes: numbers(count).map((episode) => ({ number: episode, title: `Episode ${episode}` })),
});

const PACK = torrentOf('The.Show.S01.1080p.BluRay.x264-GRP', [
  ...numbers(10).map((n): Entry => [`The.Show.S01E${two(n)}.1080p.BluRay.x264-GRP.mkv`, 2000 + n]),
  ['Sample/the.show.s01e03.1080p.bluray.x264-grp-sample.mkv', 40],
  ['Extras/The.Show.S01E03.Deleted.Scenes.mkv', 300],
  ['Featurettes/Making of.mkv', 900],
  ['.pad/1048', 1],
  ['the.show.s01.nfo', 0.01],
]);

describe('a season pack', () => {
  test('lists the right file for :1:3, without samples, extras and padding (X3)', async () => {
    const answer = await add(SHOW, PACK, { season: 1, episode: 7 });
    expect(answer.status).toBe(201);
    expect(linksOf(answer)).toEqual(
      numbers(10).map((n) => [1, n, `The.Show.S01E${two(n)}.1080p.BluRay.x264-GRP.mkv`]),
    );
    const { files } = z.object({ files: z.array(StreamFileAnswer) }).parse(answer.body);
    expect(files.map(({ name }) => name)).not.toContainEqual(expect.stringContaining('.pad'));
    expect(await streamsOf('series', 'tt0000702:1:3')).toMatchObject([
      {
        fileIdx: 2,
        behaviorHints: {
          filename: 'The.Show.S01E03.1080p.BluRay.x264-GRP.mkv',
          videoSize: 2003 * 1_000_000,
        },
      },
    ]);
  });

  test('makes episodes nobody knew as our own, and who tells of them later fills the same rows', async () => {
    await add(SHOW, PACK);
    const Row = z.object({ id: z.int(), title: z.string().nullable(), provider: z.string().nullable() });
    const third = () =>
      room.addon.db.one(rows('test.third', Row)`
        SELECT e.id, e.title, p.name AS provider FROM episode e LEFT JOIN metadata_provider p ON p.id = e.provider_id
        WHERE e.number = 3
      `);
    const made = await third();
    expect(made).toMatchObject({ title: null, provider: 'tributary' });
    await room.api.ask('POST', '/api/media', { ...SHOW, seasons: [season(1, 10)] });
    expect(await third()).toEqual({ id: made.id, title: 'Episode 3', provider: null });
    expect(await streamsOf('series', 'tt0000702:1:3')).toMatchObject([{ fileIdx: 2 }]);
  });

  test('of several seasons and specials goes by its folders', async () => {
    const files: Entry[] = [
      ['Season 1/The Show - 1x01 - Pilot.mkv', 700],
      ['Season 1/The Show - 1x02 - Next.mkv', 700],
      ['Season 02/01 - Back.mkv', 700],
      ['Specials/01 - Christmas.mkv', 30],
      ['Specials/The Show - S00E02 - Webisode.mkv', 20],
    ];
    expect(linksOf(await add(SHOW, torrentOf('The Show (2004) S01-S02 Complete', files)))).toEqual([
      [0, 1, '01 - Christmas.mkv'],
      [0, 2, 'The Show - S00E02 - Webisode.mkv'],
      [1, 1, 'The Show - 1x01 - Pilot.mkv'],
      [1, 2, 'The Show - 1x02 - Next.mkv'],
      [2, 1, '01 - Back.mkv'],
    ]);
  });

  test('keeps short episodes, and leaves out a small file that tells what a large one does', async () => {
    const short = numbers(3).map((n): Entry => [`The.Show.S01E${two(n)}.mkv`, 30]);
    expect(linksOf(await add(SHOW, torrentOf('The.Show.S01', short)))).toHaveLength(3);
    const files: Entry[] = [
      ['The.Show.S02E01.1080p.mkv', 900],
      ['tsh-s02e01-smp.mkv', 12],
      ['The.Show.S02E02.mkv', 30],
    ];
    expect(linksOf(await add(SHOW, torrentOf('The.Show.S02.1080p-TSH', files)))).toEqual([
      [2, 1, 'The.Show.S02E01.1080p.mkv'],
      [2, 2, 'The.Show.S02E02.mkv'],
    ]);
  });

  test('of a series called Extras is no pack of extras', async () => {
    const files: Entry[] = [
      ['Extras.S01E01.mkv', 300],
      ['Extras.S01E02.mkv', 300],
      ['Sample/extras.s01e01.sample.mkv', 9],
    ];
    const title = { kind: 'series', title: 'Extras' };
    expect(linksOf(await add(title, torrentOf('Extras', files)))).toHaveLength(2);
  });
});

describe('absolute numbers', () => {
  const anime = { ...SHOW, seasons: [season(1, 12), season(2, 12)] };
  const name = (n: number) => `[Group] The Show - ${two(n)} (1080p) [0A1B2C3D].mkv`;
  const placed = async (title: object, episodes: readonly number[], more: object = {}) => {
    const files = [
      ...episodes.map((n): Entry => [name(n), 900]),
      ['[Group] The Show - NCOP1.mkv', 60] as const,
    ];
    const pack = torrentOf(`[Group] The Show (${episodes.join(',')})`, files);
    return linksOf(await add(title, pack, more)).map(([s, e]) => `${s}:${e}`);
  };

  test('of a whole pack count through the seasons, whichever was asked for', async () => {
    const all = [...numbers(12).map((n) => `1:${n}`), ...numbers(12).map((n) => `2:${n}`)];
    expect(await placed(anime, numbers(24))).toEqual(all);
    expect(await placed(anime, numbers(24).reverse(), { season: 2, episode: 3 })).toEqual(all);
  });

  test.each([
    ['past the first season are of the second', [13, 14], {}, ['2:1', '2:2']],
    ['of the second, asked for as such, too', [13, 14], { season: 2 }, ['2:1', '2:2']],
    ['of one season are those of the season that is asked for', [1, 2], { season: 2 }, ['2:1', '2:2']],
    ['of one season are else those of the first', [1, 2], {}, ['1:1', '1:2']],
    ['past all that is known go on after the last', [24, 25], {}, ['2:12', '2:13']],
  ])('%s', async (_what, episodes, more, expected) => {
    expect(await placed(anime, episodes, more)).toEqual(expected);
  });

  test('stay as they are where the catalogue has one season, or numbers through itself', async () => {
    expect(await placed({ ...SHOW, seasons: [season(1, 12)] }, [12, 13])).toEqual(['1:12', '1:13']);
    const through = { number: 2, episodes: [13, 14].map((number) => ({ number })) };
    const title = { kind: 'series', title: 'Through', seasons: [season(1, 12), through] };
    expect(await placed(title, [12, 13, 14])).toEqual(['1:12', '2:13', '2:14']);
  });

  test('with a half are recaps, no episodes', async () => {
    const files: Entry[] = [
      [name(7), 900],
      ['[Group] The Show - 07.5 (1080p) [0A1B2C3D].mkv', 900],
    ];
    expect(linksOf(await add(SHOW, torrentOf('[Group] The Show', files)))).toEqual([[1, 7, name(7)]]);
  });
});

describe('a collection of films', () => {
  const FILMS = torrentOf('Harbour Trilogy 1080p BluRay x265', [
    ['Harbour and the Chamber of Glass (2002)/Harbour.and.the.Chamber.of.Glass.2002.1080p.mkv', 9000],
    ['Harbour and the Cup of Ice (2005)/Harbour.and.the.Cup.of.Ice.2005.1080p.mkv', 9500],
    ['Harbour (1999)/Harbour.1999.1080p.mkv', 8000],
    ['Harbour (1999)/Extras/Interview.mkv', 12_000],
  ]);
  const fileOf = async (title: string, year: number, more: object = {}) =>
    linksOf(await add({ kind: 'movie', title, year, ...more }, FILMS)).at(-1)?.[2];

  test('gives each film the file called like it, by its year and its other names', async () => {
    expect(await fileOf('Harbour', 1999)).toBe('Harbour.1999.1080p.mkv');
    expect(await fileOf('Harbour and the Cup of Ice', 2005)).toBe(
      'Harbour.and.the.Cup.of.Ice.2005.1080p.mkv',
    );
    expect(
      await fileOf('Hafen und die Kammer', 2002, { aliases: ['Harbour and the Chamber of Glass'] }),
    ).toBe('Harbour.and.the.Chamber.of.Glass.2002.1080p.mkv');
  });

  test('one of another name gets the largest, as a guess', async () => {
    const { body } = await add({ kind: 'movie', title: 'Something Else', year: 2020 }, FILMS);
    expect(StreamAnswer.parse(body).links).toMatchObject([{ isVerified: false, fileIndex: 1 }]);
  });

  test('one film with an unnamed sample beside it is no collection', async () => {
    const files: Entry[] = [
      ['abc-film.mkv', 4000],
      ['abc-film-s.mkv', 40],
    ];
    const { body } = await add(
      { kind: 'movie', title: 'Film', year: 2020 },
      torrentOf('Film.2020-ABC', files),
    );
    expect(StreamAnswer.parse(body).links).toMatchObject([{ isVerified: true, fileIndex: 0 }]);
  });
});

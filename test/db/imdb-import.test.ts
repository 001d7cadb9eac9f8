import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { patchMedia } from '../../src/features/media/change-media.ts';
import { claimDue } from '../../src/features/metadata/queries/due.ts';
import { ReviewQuery, reviewPage } from '../../src/features/metadata/review.ts';
import { command, rows } from '../../src/platform/db.ts';
import { writeImdbData } from '../support/imdb-data.ts';
import { BAD, changesOf, derivedFaults, imdbRoom, MATRIX } from '../support/imdb-room.ts';

const room = imdbRoom();

describe('one title', () => {
  test('a film and a series with all that the six files say of them', async () => {
    const result = await room.run({
      basics: await room.fileOf(
        'basics',
        MATRIX,
        BAD,
        'tt0959621  tvEpisode  Pilot  Pilot  0  2008  ~  58  Crime',
        'tt0000001  videoGame  A game  A game  0  2000  ~  ~  Action',
      ),
      ratings: await room.fileOf('ratings', 'tt0133093  8.7  2000000', 'tt0000009  5.0  1'),
      akas: await room.fileOf(
        'akas',
        'tt0133093  1  The Matrix  ~  ~  original  ~  1',
        'tt0133093  2  Матрица  RU  ~  imdbDisplay  ~  0',
        'tt0133093  3  駭客任務  TW  ~  imdbDisplay  ~  0',
        'tt0133093  4  मैट्रिक्स  IN  hi  imdbDisplay  ~  0',
        'tt0133093  5  La matrice  FR  ~  working  ~  0',
        'tt0133093  6  Matrix  FR  ~  imdbDisplay  ~  0',
      ),
      episode: await room.fileOf(
        'episode',
        'tt0959621  tt0903747  1  1',
        'tt0959622  tt0903747  ~  ~',
        'tt0959623  tt0000009  1  1',
      ),
      principals: await room.fileOf(
        'principals',
        'tt0133093  1  nm0000206  actor  ~  ["Neo","Thomas \\"Tom\\" Anderson"]',
        'tt0133093  2  nm0905154  director  ~  ~',
        'tt0133093  3  nm0905154  writer  written by  ~',
        'tt0133093  4  nm0000404  archive_footage  ~  ~',
      ),
      names: await room.fileOf(
        'names',
        'nm0000206  Keanu Reeves  1964  ~  actor  tt0133093',
        'nm0905154  Lana Wachowski  1965  ~  writer  ~',
        'nm0000001  Fred Astaire  ~  ~  ~  ~',
      ),
    });
    expect(result).toMatchObject({
      newTitles: 2,
      newEpisodes: 1,
      newPeople: 2,
      newCredits: 3,
      brokenRows: 0,
    });
    // They have neither texts nor pictures.
    expect(await claimDue(room.db(), 10, 60)).toHaveLength(2);
    expect(await room.titles()).toEqual([
      {
        ...{
          title: 'The Matrix',
          kind: 'movie',
          subkind: null,
          year: 1999,
          originalTitle: null,
          status: null,
        },
        ...{
          nudity: 'unknown',
          isPublic: true,
          isAdult: false,
          genres: ['Action', 'Science Fiction'],
          canonicalId: 'tt0133093',
        },
        ...{ rating: 8.7, ratingCount: 2_000_000, runtimeMinutes: 136, popularity: 72.54 },
        aliases: ['La matrice', 'Matrix', 'मैट्रिक्स', 'Матрица', '駭客任務'].sort(),
        translations: ['fr Matrix', 'hi मैट्रिक्स', 'ru Матрица', 'zh-TW 駭客任務'],
        credits: [
          'Keanu Reeves: Neo / Thomas "Tom" Anderson',
          'Lana Wachowski: Director',
          'Lana Wachowski: written by',
        ],
        episodes: [],
      },
      expect.objectContaining({
        title: 'Breaking Bad',
        kind: 'series',
        status: 'Ended',
        episodes: ['1x1 Pilot'],
      }),
    ]);
    expect(await derivedFaults(room.db())).toEqual([]);
  });

  test('an adult title is left out, or known as one when it was asked for', async () => {
    const basics = await room.fileOf('basics', 'tt0000100  movie  Blue  Blue  1  1999  ~  ~  Adult', MATRIX);
    expect(await room.run({ basics })).toMatchObject({ newTitles: 1 });
    expect(await room.run({ basics }, { adult: true })).toMatchObject({ newTitles: 1, sameTitles: 1 });
    expect((await room.titles()).find(({ title }) => title === 'Blue')).toMatchObject({
      nudity: 'severe',
      isPublic: true,
      isAdult: true,
    });
    expect(await derivedFaults(room.db())).toEqual([]);
  });

  test('types and votes choose', async () => {
    const basics = await room.fileOf('basics', MATRIX, BAD);
    const ratings = await room.fileOf('ratings', 'tt0133093  8.7  2000', 'tt0903747  9.5  100');
    expect(await room.run({ basics, ratings }, { minVotes: 1000 })).toMatchObject({ newTitles: 1 });
    expect(await room.run({ basics }, { types: new Set(['tvSeries']) })).toMatchObject({ newTitles: 1 });
    expect(await room.failure(room.run({ basics }, { minVotes: 5 }))).toMatchObject({
      code: 'imports.no_ratings',
    });
  });
});

describe('what is here already', () => {
  const insert = (kind: string, imdb: string | null) =>
    room.db().query(command('test.insert_title')`
    WITH m AS (INSERT INTO media (kind, title, year, overview) VALUES (${kind}, 'Thé matrix', 1999, 'Mine') RETURNING id)
    INSERT INTO media_external_id (media_id, provider, external_id) SELECT id, 'imdb', ${imdb} FROM m WHERE ${imdb}::text IS NOT NULL
  `);

  test('words of a person stay, gaps are filled', async () => {
    await insert('movie', 'tt0133093');
    const ratings = await room.fileOf('ratings', 'tt0133093  8.7  2000');
    const result = await room.run({ basics: await room.fileOf('basics', MATRIX), ratings });
    expect(result).toMatchObject({ newTitles: 0, changedTitles: 1, conflicts: 0 });
    expect(await room.titles()).toEqual([
      expect.objectContaining({
        title: 'Thé matrix',
        runtimeMinutes: 136,
        rating: 8.7,
        genres: ['Action', 'Science Fiction'],
      }),
    ]);
  });

  test('what IMDb said before it may say anew', async () => {
    await room.run({ basics: await room.fileOf('basics', MATRIX) });
    const result = await room.run({
      basics: await room.fileOf('basics', MATRIX.replaceAll('The Matrix', 'Matrix').replace('136', '137')),
    });
    expect(result).toMatchObject({ newTitles: 0, changedTitles: 1 });
    expect(await room.titles()).toMatchObject([{ title: 'Matrix', runtimeMinutes: 137 }]);
    expect(await derivedFaults(room.db())).toEqual([]);
  });

  test('what a person changed since then stays', async () => {
    await room.run({ basics: await room.fileOf('basics', MATRIX) });
    const mediaId = await room
      .db()
      .oneFirst(rows('test.only', z.object({ id: z.int() }))`SELECT id FROM media`);
    await patchMedia(room.db(), mediaId, { title: 'Die Matrix', genres: ['Action'] });
    const again = await room.fileOf('basics', MATRIX.replace('136', '137'));
    expect(await room.run({ basics: again })).toMatchObject({ changedTitles: 0, sameTitles: 1 });
    expect(await room.titles()).toMatchObject([
      { title: 'Die Matrix', runtimeMinutes: 136, genres: ['Action'] },
    ]);
  });

  test('a title without an IMDb id gets it when it is the only one of its name and year', async () => {
    await insert('movie', null);
    expect(await room.run({ basics: await room.fileOf('basics', MATRIX) })).toMatchObject({
      adopted: 1,
      newTitles: 0,
    });
    expect(await room.titles()).toMatchObject([{ title: 'Thé matrix', canonicalId: 'tt0133093' }]);
  });

  test('of two of one name and year neither is guessed', async () => {
    await insert('movie', null);
    const basics = await room.fileOf('basics', MATRIX, MATRIX.replace('tt0133093', 'tt0133094'));
    expect(await room.run({ basics })).toMatchObject({ adopted: 0, newTitles: 2 });
  });

  test('a contradictory id is listed and nothing is written', async () => {
    await insert('series', 'tt0133093');
    const result = await room.run({ basics: await room.fileOf('basics', MATRIX) });
    expect(result).toMatchObject({ conflicts: 1, newTitles: 0, changedTitles: 0 });
    expect(result.listedConflicts).toEqual(['tt0133093 The Matrix: It is stored as series, not movie.']);
    expect(await room.titles()).toMatchObject([{ kind: 'series', title: 'Thé matrix' }]);
    expect((await reviewPage(room.db(), ReviewQuery.parse({}))).titles).toMatchObject([
      { title: 'Thé matrix', doubts: [{ provider: 'imdb', ids: { imdb: 'tt0133093' } }] },
    ]);
  });
});

test('5,000 titles: what triggers keep is kept, and a second run writes no row', async () => {
  const written = await writeImdbData({ folder: join(room.folder(), 'many'), titles: 5000 });
  const files = {
    basics: written['title.basics'].path,
    ratings: written['title.ratings'].path,
    akas: written['title.akas'].path,
    episode: written['title.episode'].path,
    principals: written['title.principals'].path,
    names: written['name.basics'].path,
  };
  const first = await room.run(files);
  expect(first.newTitles).toBeGreaterThan(4500);
  expect(first.newCredits).toBeGreaterThan(15_000);
  expect(first).toMatchObject({ brokenRows: 0, conflicts: 0 });
  expect(await derivedFaults(room.db())).toEqual([]);
  const before = await changesOf(room.db());
  const second = await room.run(files);
  expect(second).toMatchObject({
    newTitles: 0,
    changedTitles: 0,
    newEpisodes: 0,
    newPeople: 0,
    newCredits: 0,
  });
  expect(second.sameTitles).toBe(first.newTitles);
  expect(await changesOf(room.db())).toEqual(before);
}, 120_000);

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mediaDetail, upsertTitle, upsertTitles } from '../../src/features/media/index.ts';
import { rows } from '../../src/platform/db.ts';
import { mediaRoom } from '../support/media-room.ts';

const { db, title, MATRIX, SERIES, counts, versions } = mediaRoom();

describe('adding titles', () => {
  test('a title comes back with everything that was said of it', async () => {
    const { mediaId, isNew } = await upsertTitle(db(), MATRIX);
    expect(isNew).toBe(true);
    expect(await mediaDetail(db(), mediaId, 'en')).toMatchObject({
      kind: 'movie',
      title: 'The Matrix',
      year: 1999,
      releaseDate: '1999-03-31',
      runtimeMinutes: 136,
      languages: ['en'],
      canonicalId: 'tt0133093',
      imdbId: 'tt0133093',
      ids: [
        { provider: 'imdb', namespace: 'any', id: 'tt0133093' },
        { provider: 'tmdb', namespace: 'movie', id: '603' },
      ],
      genres: ['Action', 'Science Fiction'],
      keywords: ['dystopia', 'hacker'],
      companies: ['Village Roadshow'],
      posterUrl: 'https://img.example/matrix.jpg',
      backgroundUrl: 'asset:starter/matrix.jpg',
      trailerYoutubeId: 'vKQi3bBA1y8',
      cast: [
        { name: 'Keanu Reeves', character: 'Neo' },
        { name: 'Carrie-Anne Moss', character: 'Trinity' },
      ],
      directors: [{ name: 'Lana Wachowski' }],
      writers: [{ name: 'Lana Wachowski' }],
      certifications: [
        { country: 'DE', code: '16', minAge: 16 },
        { country: 'US', code: 'R', minAge: 17 },
        { country: 'US', code: 'Unrated', minAge: null },
      ],
      ratings: [
        { provider: 'imdb', type: 'user', rating: 8.7, rawRating: 8.7, votes: 2_000_000 },
        { provider: 'metacritic', type: 'critic', rating: 7.3, rawRating: 73, votes: null },
      ],
      aliases: ['Matrix 1'],
      isPublished: true,
      isPublic: true,
      openStreams: 0,
      totalStreams: 0,
    });
  });

  test('texts are in the asked language where they are known, region forgiven, else as the title has them', async () => {
    const { mediaId } = await upsertTitle(db(), MATRIX);
    expect(await mediaDetail(db(), mediaId, 'es-MX')).toMatchObject({
      title: 'Matrix',
      overview: 'Un pirata aprende qué es real.',
    });
    expect((await mediaDetail(db(), mediaId, 'de'))?.title).toBe('The Matrix');
    expect(await mediaDetail(db(), 4711, 'en')).toBeNull();
  });

  test('seasons and episodes come in order, an unknown date stays unknown', async () => {
    const { mediaId } = await upsertTitle(db(), SERIES);
    const detail = await mediaDetail(db(), mediaId, 'en');
    expect(detail?.endYear).toBe(2013);
    expect(detail?.seasons.map((season) => season.number)).toEqual([0, 1]);
    expect(detail?.seasons[1]?.episodes).toMatchObject([
      { number: 1, title: 'Pilot', airDate: '2008-01-20', runtimeMinutes: 58 },
      { number: 2, airDate: null, runtimeMinutes: null },
    ]);
  });

  test('the same titles again change no row at all', async () => {
    const first = await upsertTitles(db(), [MATRIX, SERIES]);
    const before = await versions();
    expect(before.length).toBeGreaterThan(30);
    expect(await upsertTitles(db(), [MATRIX, SERIES])).toEqual(
      first.map((outcome) => ({ ...outcome, outcome: 'same' })),
    );
    expect(await versions()).toEqual(before);
  });

  test('a list that is given becomes what the title has, one that is left out stays', async () => {
    const { mediaId } = await upsertTitle(db(), MATRIX);
    const changed = title({
      kind: 'movie',
      ids: { imdb: 'tt0133093' },
      title: 'The Matrix',
      genres: ['Action', 'Noir'],
      images: [{ type: 'poster', url: 'https://img.example/new.jpg' }],
      crew: [{ name: 'Lilly Wachowski', job: 'Director' }],
      aliases: [],
    });
    expect(await upsertTitles(db(), [changed])).toEqual([{ outcome: 'changed', mediaId }]);
    expect(await mediaDetail(db(), mediaId, 'en')).toMatchObject({
      genres: ['Action', 'Noir'],
      posterUrl: 'https://img.example/new.jpg',
      backgroundUrl: null,
      directors: [{ name: 'Lilly Wachowski' }],
      writers: [],
      aliases: [],
      keywords: ['dystopia', 'hacker'],
      cast: [{ name: 'Keanu Reeves' }, { name: 'Carrie-Anne Moss' }],
      runtimeMinutes: 136,
    });
  });

  test('a name that differs in case or accents only is the same person and the same genre', async () => {
    await upsertTitles(db(), [
      title({ kind: 'movie', title: 'One', cast: [{ name: 'Penélope Cruz' }], genres: ['Sci-Fi'] }),
      title({ kind: 'movie', title: 'Two', cast: [{ name: 'PENELOPE CRUZ' }], genres: ['Sci Fi'] }),
    ]);
    await upsertTitle(db(), title({ kind: 'movie', title: 'Three', cast: [{ name: 'penelope cruz' }] }));
    expect(await counts()).toMatchObject({ people: 1, credits: 3, genres: 1 });
  });

  test('people with ids of their own stay apart, and a namesake without one learns it', async () => {
    await upsertTitle(db(), title({ kind: 'movie', title: 'One', cast: [{ name: 'John Smith' }] }));
    await upsertTitles(db(), [
      title({ kind: 'movie', title: 'Two', cast: [{ name: 'John Smith', imdb: 'nm0000001' }] }),
      title({ kind: 'movie', title: 'Three', cast: [{ name: 'John Smith', imdb: 'nm0000002' }] }),
    ]);
    await upsertTitle(
      db(),
      title({ kind: 'movie', title: 'Four', cast: [{ name: 'J. Smith', imdb: 'nm0000001', tmdb: '5' }] }),
    );
    const people = await db().any(rows(
      'test.people',
      z.object({ name: z.string(), imdb: z.string(), tmdb: z.int().nullable() }),
    )`
      SELECT name, imdb_id AS imdb, tmdb_id AS tmdb FROM person ORDER BY imdb_id
    `);
    expect(people).toEqual([
      { name: 'John Smith', imdb: 'nm0000001', tmdb: 5 },
      { name: 'John Smith', imdb: 'nm0000002', tmdb: null },
    ]);
  });
});

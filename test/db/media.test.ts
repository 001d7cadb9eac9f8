import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  ensureEpisodes,
  episodesOf,
  mediaDetail,
  requireMedia,
  resolveMediaId,
  TitleInput,
  upsertTitle,
  upsertTitles,
} from '../../src/features/media/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { parseMediaId } from '../../src/kit/media-id.ts';
import { command, rows } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
/** Names of the statements since the last look. */
let statements: string[] = [];
const db = () => database.db;

beforeAll(async () => {
  database = await freshDatabase({ onStatement: ({ name }) => statements.push(name) });
});
beforeEach(async () => {
  await db().query(
    command('test.empty')`TRUNCATE media, person, genre, keyword, company RESTART IDENTITY CASCADE`,
  );
  statements = [];
});
afterAll(() => database.close());

const title = (input: z.input<typeof TitleInput>) => TitleInput.parse(input);
const MATRIX = title({
  kind: 'movie',
  ids: { imdb: 'tt0133093', tmdb: '603' },
  title: 'The Matrix',
  releaseDate: '1999-03-31',
  runtimeMinutes: 136,
  overview: 'A hacker learns what is real.',
  languages: ['en-US'],
  genres: ['Science Fiction', 'Action'],
  keywords: ['Hacker', 'dystopia'],
  companies: ['Village Roadshow'],
  cast: [
    { name: 'Keanu Reeves', character: 'Neo' },
    { name: 'Carrie-Anne Moss', character: 'Trinity' },
  ],
  crew: [
    { name: 'Lana Wachowski', job: 'Director' },
    { name: 'Lana Wachowski', job: 'Writer' },
    { name: 'Joel Silver', job: 'Producer' },
  ],
  certifications: [
    { country: 'US', code: 'R' },
    { country: 'DE', code: '16' },
    { country: 'US', code: 'Unrated' },
  ],
  images: [
    { type: 'poster', url: 'https://img.example/matrix.jpg' },
    { type: 'poster', url: 'https://img.example/matrix-2.jpg' },
    { type: 'background', url: 'asset:starter/matrix.jpg' },
  ],
  translations: [{ language: 'es', title: 'Matrix', overview: 'Un pirata aprende qué es real.' }],
  aliases: ['Matrix 1'],
  ratings: [
    { provider: 'imdb', rating: 8.7, votes: 2_000_000 },
    { provider: 'metacritic', type: 'critic', rating: 73 },
  ],
  trailer: { youtube: 'vKQi3bBA1y8' },
});
const SERIES = title({
  kind: 'series',
  ids: { imdb: 'tt0903747', tmdb: '1396' },
  title: 'Breaking Bad',
  year: 2008,
  endDate: '2013-09-29',
  seasons: [
    {
      number: 1,
      episodes: [
        { number: 1, title: 'Pilot', airDate: '2008-01-20', runtimeMinutes: 58 },
        { number: 2, title: "Cat's in the Bag…" },
      ],
    },
    { number: 0, title: 'Specials', episodes: [{ number: 1 }] },
  ],
});

async function counts(): Promise<Record<string, number>> {
  const { rows: found } = await db().query(rows('test.counts', z.record(z.string(), z.int()))`
    SELECT (SELECT count(*) FROM media)::integer AS media, (SELECT count(*) FROM media_external_id)::integer AS ids,
      (SELECT count(*) FROM person)::integer AS people, (SELECT count(*) FROM media_credit)::integer AS credits,
      (SELECT count(*) FROM genre)::integer AS genres, (SELECT count(*) FROM keyword)::integer AS keywords,
      (SELECT count(*) FROM episode)::integer AS episodes, (SELECT count(*) FROM media_image)::integer AS images
  `);
  return found[0] ?? {};
}

/** Everything about the rows of the room's tables that a write would change. */
async function versions(): Promise<readonly unknown[]> {
  return db().any(rows('test.versions', z.object({ row: z.string() }))`
    SELECT 'media ' || xmin || ' ' || id AS row FROM media
    UNION ALL SELECT 'ids ' || xmin || ' ' || external_id FROM media_external_id
    UNION ALL SELECT 'translation ' || xmin || ' ' || language FROM media_translation
    UNION ALL SELECT 'alias ' || xmin || ' ' || title FROM media_alias
    UNION ALL SELECT 'image ' || xmin || ' ' || id FROM media_image
    UNION ALL SELECT 'genre ' || xmin || ' ' || genre_id FROM media_genre
    UNION ALL SELECT 'keyword ' || xmin || ' ' || keyword_id FROM media_keyword
    UNION ALL SELECT 'company ' || xmin || ' ' || company_id FROM media_company
    UNION ALL SELECT 'person ' || xmin || ' ' || id FROM person
    UNION ALL SELECT 'credit ' || xmin || ' ' || id FROM media_credit
    UNION ALL SELECT 'rating ' || xmin || ' ' || provider_id FROM media_rating
    UNION ALL SELECT 'certification ' || xmin || ' ' || code FROM media_certification
    UNION ALL SELECT 'season ' || xmin || ' ' || id FROM season
    UNION ALL SELECT 'episode ' || xmin || ' ' || id FROM episode
    ORDER BY row
  `);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof AppError ? error.code : String(error);
}

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

describe('finding the title that is meant', () => {
  test('any one outside id is enough, and new ids are added to it', async () => {
    const { mediaId } = await upsertTitle(
      db(),
      title({ kind: 'movie', title: 'Matrix', ids: { tmdb: '603' } }),
    );
    expect(await upsertTitle(db(), MATRIX)).toEqual({ mediaId, isNew: false });
    expect(await resolveMediaId(db(), { provider: 'imdb', value: 'tt0133093' })).toEqual({
      mediaId,
      episodeId: null,
    });
  });

  test('film 550 and series 550 of TMDB are two titles', async () => {
    const [film, series] = await upsertTitles(db(), [
      title({ kind: 'movie', title: 'Fight Club', ids: { tmdb: '550' } }),
      title({ kind: 'series', title: 'Something else', ids: { tmdb: '550' } }),
    ]);
    expect([film?.outcome, series?.outcome]).toEqual(['new', 'new']);
    const find = (id: string) => resolveMediaId(db(), parseMediaId(id) ?? { provider: 'imdb', value: '' });
    expect(await find('tmdb:movie:550')).toMatchObject({ mediaId: 1 });
    expect(await find('tmdb:tv:550')).toMatchObject({ mediaId: 2 });
    expect(await codeOf(find('tmdb:550'))).toBe('media.ambiguous_id');
    expect(await resolveMediaId(db(), { provider: 'tmdb', value: '550' }, 'series')).toMatchObject({
      mediaId: 2,
    });
  });

  test('without a known id kind, title and year decide, case and accents forgiven', async () => {
    const amelie = { kind: 'movie' as const, title: 'Amélie', year: 2001 };
    const { mediaId } = await upsertTitle(db(), title(amelie));
    expect(await upsertTitle(db(), title({ ...amelie, title: 'AMELIE' }))).toEqual({ mediaId, isNew: false });
    expect(await upsertTitle(db(), title({ ...amelie, year: 2024 }))).toMatchObject({ isNew: true });
    expect(await upsertTitle(db(), title({ ...amelie, kind: 'series' }))).toMatchObject({ isNew: true });
    expect(await upsertTitle(db(), title({ ...amelie, ids: { imdb: 'tt0211915' } }))).toEqual({
      mediaId,
      isNew: false,
    });
  });

  test('two films of one name and year with ids of their own are two films, also in one batch', async () => {
    const alice = (imdb: string) =>
      title({ kind: 'movie', title: 'Alice in Wonderland', year: 1915, ids: { imdb } });
    const outcomes = await upsertTitles(db(), [alice('tt0004873'), alice('tt9999991'), alice('tt0004873')]);
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual(['new', 'new', 'same']);
    expect(outcomes[2]).toMatchObject({ mediaId: outcomes[0]?.outcome === 'new' ? outcomes[0].mediaId : 0 });
  });

  test('two entries that are one stored title by different ids are written one after the other', async () => {
    const { mediaId } = await upsertTitle(db(), MATRIX);
    const outcomes = await upsertTitles(db(), [
      title({ kind: 'movie', title: 'The Matrix', ids: { imdb: 'tt0133093', tvdb: '169' } }),
      title({ kind: 'movie', title: 'Matrix, The', ids: { tmdb: '603', tvdb: '170' } }),
    ]);
    expect(outcomes).toEqual([
      { outcome: 'changed', mediaId },
      {
        outcome: 'conflict',
        reason: 'The title with these ids has tvdb 169 here, not 170.',
      },
    ]);
  });

  test.each([
    ['ids of two titles', { imdb: 'tt0133093', tmdb: '1000' }, /belong to different titles/],
    ['a second id of one provider', { imdb: 'tt0133093', tmdb: '999' }, /has tmdb 603 here, not 999/],
  ])(
    '%s are a conflict that writes nothing, and the rest of the batch is written',
    async (_name, ids, reason) => {
      await upsertTitles(db(), [MATRIX, title({ kind: 'movie', title: 'Other', ids: { tmdb: '1000' } })]);
      const contradictory = title({ kind: 'movie', title: 'Stolen', ids });
      const outcomes = await upsertTitles(db(), [contradictory, title({ kind: 'movie', title: 'Fresh' })]);
      expect(outcomes).toMatchObject([
        { outcome: 'conflict', reason: expect.stringMatching(reason) },
        { outcome: 'new' },
      ]);
      expect((await mediaDetail(db(), 1, 'en'))?.title).toBe('The Matrix');
      expect(await codeOf(upsertTitle(db(), contradictory))).toBe('media.contradictory_ids');
    },
  );

  test('a series is never merged into a film of the same IMDb id', async () => {
    await upsertTitle(db(), MATRIX);
    const [outcome] = await upsertTitles(db(), [
      title({ kind: 'series', title: 'The Matrix', ids: { imdb: 'tt0133093' } }),
    ]);
    expect(outcome).toEqual({
      outcome: 'conflict',
      reason: 'The title with these ids is stored as movie, not series.',
    });
  });

  test('importers at the same time add a title once', async () => {
    const unnamed = title({ kind: 'movie', title: 'Nosferatu', year: 1922, cast: [{ name: 'Max Schreck' }] });
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => upsertTitles(db(), [unnamed, SERIES])),
    );
    expect(outcomes.flat().filter((outcome) => outcome.outcome === 'new')).toHaveLength(2);
    expect(await counts()).toMatchObject({ media: 2, people: 1, episodes: 3 });
  });
});

describe('bulk', () => {
  test('200 titles take no more statements than one', async () => {
    const many = (count: number, offset: number) =>
      Array.from({ length: count }, (_, n) =>
        title({
          ...MATRIX,
          ids: { imdb: `tt${1_000_000 + offset + n}`, tmdb: String(1000 + offset + n) },
          title: `Film ${offset + n}`,
          cast: [{ name: `Actor ${n}` }],
        }),
      );
    await upsertTitles(db(), many(1, 0));
    const forOne = statements.length;
    statements = [];
    const outcomes = await upsertTitles(db(), many(200, 1));
    expect(outcomes.every((outcome) => outcome.outcome === 'new')).toBe(true);
    expect(statements.length).toBeLessThanOrEqual(forOne + 2);
    expect(statements.length).toBeLessThan(45);
  });

  test('a title with all there is costs three statements to show', async () => {
    const { mediaId } = await upsertTitle(db(), SERIES);
    statements = [];
    await mediaDetail(db(), mediaId, 'en');
    expect(statements).toHaveLength(3);
  });
});

describe('ids and episodes', () => {
  test('an id leads to the title or the episode; an unknown title or episode is null', async () => {
    const { mediaId } = await upsertTitle(db(), SERIES);
    const find = (id: string) => {
      const parsed = parseMediaId(id);
      if (parsed === null) throw new Error(`${id} is no id`);
      return resolveMediaId(db(), parsed);
    };
    const [pilot] = await episodesOf(db(), [{ mediaId, season: 1, episode: 1 }]);
    expect(await find('tt0903747')).toEqual({ mediaId, episodeId: null });
    expect(await find('tt0903747:1:1')).toEqual({ mediaId, episodeId: pilot?.episodeId });
    expect(await find('tmdb:1396:1:1')).toEqual({ mediaId, episodeId: pilot?.episodeId });
    expect(await find('tt0903747:1:99')).toBeNull();
    expect(await find('tt0000001')).toBeNull();
    const publicId = (await mediaDetail(db(), mediaId, 'en'))?.publicId ?? '';
    expect(await find(`trib:${publicId}:1:1`)).toEqual({ mediaId, episodeId: pilot?.episodeId });
    expect(await requireMedia(db(), publicId)).toEqual({ mediaId, episodeId: null });
    expect(await codeOf(requireMedia(db(), 'tt7777777'))).toBe('media.not_found');
    expect(await codeOf(requireMedia(db(), 'no id at all'))).toBe('media.bad_id');
  });

  test('an anime id counts episodes without seasons', async () => {
    const { mediaId } = await upsertTitle(
      db(),
      title({
        kind: 'series',
        title: 'Bebop',
        ids: { kitsu: '1' },
        seasons: [{ number: 1, episodes: [{ number: 5 }] }],
      }),
    );
    const [fifth] = await episodesOf(db(), [{ mediaId, season: 1, episode: 5 }]);
    expect(await resolveMediaId(db(), { provider: 'kitsu', value: '1', episode: 5 })).toEqual({
      mediaId,
      episodeId: fifth?.episodeId,
    });
  });

  test('missing episodes are made once, known ones stay', async () => {
    const { mediaId } = await upsertTitle(db(), SERIES);
    const wanted = [
      { mediaId, season: 1, episode: 1 },
      { mediaId, season: 3, episode: 7 },
    ];
    const made = await ensureEpisodes(db(), wanted);
    expect(made.map(({ season, episode }) => [season, episode])).toEqual([
      [1, 1],
      [3, 7],
    ]);
    statements = [];
    expect(await ensureEpisodes(db(), wanted)).toEqual(made);
    expect(statements).toEqual(['media.episode_ids']);
    expect(await mediaDetail(db(), mediaId, 'en')).toMatchObject({
      seasons: [
        { number: 0 },
        { number: 1, episodes: [{ title: 'Pilot' }, {}] },
        { number: 3, episodes: [{ number: 7, title: null, airDate: null }] },
      ],
    });
  });
});

import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { TitleInput } from '../../src/features/media/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command, rows } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

/** A database that is emptied before each test and tells its statements. Registers the hooks. */
export function mediaRoom() {
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
  return {
    get statements() {
      return statements;
    },
    set statements(value) {
      statements = value;
    },
    db,
    title,
    MATRIX,
    SERIES,
    counts,
    versions,
    codeOf,
  };
}

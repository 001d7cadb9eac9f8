import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { type ImdbOptions, importImdb, TITLE_TYPES } from '../../src/features/imports/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command, type Db, openDb, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

const Fault = z.object({ fault: z.string(), count: z.int() });

const Recorded = z.object({
  data: z.object({
    ...{ newTitles: z.int(), newEpisodes: z.int(), newCredits: z.int(), brokenRows: z.int() },
  }),
});

/** What triggers keep of titles, worked out anew: an importer that does their work itself must come to the same. */
export async function derivedFaults(db: Db): Promise<readonly z.infer<typeof Fault>[]> {
  return db.any(rows('test.derived_faults', Fault)`
    WITH fault AS (
      SELECT 'card' AS fault FROM media m
      WHERE (m.imdb_id, m.canonical_id) IS DISTINCT FROM (
          (SELECT e.external_id FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'imdb'),
          coalesce((SELECT e.external_id FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'imdb'), 'trib:' || m.public_id))
        OR m.genres <> ARRAY(SELECT g.name FROM media_genre mg JOIN genre g ON g.id = mg.genre_id WHERE mg.media_id = m.id
          ORDER BY mg.weight DESC, g.name)
      UNION ALL
      SELECT 'search' FROM media m LEFT JOIN media_search s ON s.media_id = m.id
      CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT search_name(g.title)) AS names FROM (
          SELECT m.title UNION ALL SELECT m.original_title WHERE m.original_title IS NOT NULL
          UNION ALL SELECT a.title FROM media_alias a WHERE a.media_id = m.id
          UNION ALL SELECT t.title FROM media_translation t WHERE t.media_id = m.id) g
        WHERE search_name(g.title) <> '') n
      WHERE (s.kind, s.rank, s.year, s.is_shown, s.is_open)
          IS DISTINCT FROM (m.kind, m.rank, m.year, m.is_published AND m.is_public AND NOT m.is_adult, m.open_streams > 0)
        OR (s.document @@ '#adult'::tsquery) <> m.is_adult
        OR NOT (s.names @> n.names AND n.names @> s.names)
        OR NOT tsvector_to_array(s.document) @> ARRAY(SELECT left(w, 60) FROM unnest(s.names) k CROSS JOIN LATERAL unnest(search_words(k, false)) w)
      UNION ALL
      SELECT 'word' FROM media_search s CROSS JOIN LATERAL unnest(tsvector_to_array(s.document)) AS w
      WHERE length(w) > 3 AND NOT starts_with(w, '=') AND NOT EXISTS (SELECT FROM title_word t WHERE t.word = w)
      UNION ALL
      SELECT 'shelf' FROM (
        SELECT mg.media_id, mg.genre_id, m.kind, m.rank, m.last_stream_added_at, m.open_streams > 0 AS is_open
        FROM media_genre mg JOIN media m ON m.id = mg.media_id AND m.is_published AND m.is_public AND NOT m.is_adult) k
      FULL JOIN genre_shelf s ON s.media_id = k.media_id AND s.genre_id = k.genre_id
      WHERE (s.kind, s.rank, s.last_stream_added_at, s.is_open) IS DISTINCT FROM (k.kind, k.rank, k.last_stream_added_at, k.is_open)
    )
    SELECT fault, count(*)::integer AS count FROM fault GROUP BY fault
  `);
}

const Changes = z.object({ table: z.string(), rows: z.int(), versions: z.string() });

/** Which transaction wrote each row of a title's tables, in short. */
export async function changesOf(db: Db): Promise<readonly z.infer<typeof Changes>[]> {
  return db.any(rows('test.changes', Changes)`
    SELECT v.name AS "table", count(*)::integer AS rows, coalesce(sum(hashtextextended(v.version, 0))::text, '') AS versions FROM (
      SELECT 'media' AS name, xmin || ' ' || id AS version FROM media
      UNION ALL SELECT 'search', xmin || ' ' || media_id FROM media_search
      UNION ALL SELECT 'ids', xmin || ' ' || external_id FROM media_external_id
      UNION ALL SELECT 'alias', xmin || ' ' || media_id || title FROM media_alias
      UNION ALL SELECT 'translation', xmin || ' ' || media_id || language FROM media_translation
      UNION ALL SELECT 'genre', xmin || ' ' || media_id || ' ' || genre_id FROM media_genre
      UNION ALL SELECT 'shelf', xmin || ' ' || media_id || ' ' || genre_id FROM genre_shelf
      UNION ALL SELECT 'rating', xmin || ' ' || media_id FROM media_rating
      UNION ALL SELECT 'person', xmin || ' ' || id FROM person
      UNION ALL SELECT 'credit', xmin || ' ' || id FROM media_credit
      UNION ALL SELECT 'season', xmin || ' ' || id FROM season
      UNION ALL SELECT 'episode', xmin || ' ' || id FROM episode
    ) v GROUP BY v.name ORDER BY v.name
  `);
}

export const HEAD = {
  basics:
    'tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres',
  ratings: 'tconst\taverageRating\tnumVotes',
  akas: 'titleId\tordering\ttitle\tregion\tlanguage\ttypes\tattributes\tisOriginalTitle',
  episode: 'tconst\tparentTconst\tseasonNumber\tepisodeNumber',
  principals: 'tconst\tordering\tnconst\tcategory\tjob\tcharacters',
  names: 'nconst\tprimaryName\tbirthYear\tdeathYear\tprimaryProfession\tknownForTitles',
} as const;
export const MATRIX = 'tt0133093  movie  The Matrix  The Matrix  0  1999  ~  136  Action,Sci-Fi';
export const BAD = 'tt0903747  tvSeries  Breaking Bad  Breaking Bad  0  2008  2013  49  Crime,Drama,Thriller';

const Title = z.object({
  ...{ title: z.string(), kind: z.string(), subkind: z.string().nullable(), year: z.int().nullable() },
  ...{ originalTitle: z.string().nullable(), status: z.string().nullable(), nudity: z.string() },
  ...{
    isPublic: z.boolean(),
    isAdult: z.boolean(),
    genres: z.array(z.string()),
    canonicalId: z.string(),
    rating: z.number().nullable(),
  },
  ...{ ratingCount: z.int().nullable(), runtimeMinutes: z.int().nullable(), popularity: z.number() },
  ...{ aliases: z.array(z.string()), translations: z.array(z.string()), credits: z.array(z.string()) },
  ...{ episodes: z.array(z.string()) },
});
const silent = { begin: () => {}, add: () => {}, at: () => {}, end: () => {} };
/** `~` stands for IMDb's `\\N`, two blanks for a tab. */
export const tabbed = (line: string) => line.replaceAll('  ', '\t').replaceAll('~', '\\N');

/** An importer on a database that is emptied before each test, and a folder for its files. Registers the hooks. */
export function imdbRoom() {
  let database: TestDatabase;
  let folder: string;
  let net: Net;

  beforeAll(async () => {
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'tributary-imdb-'));
    net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  }, 60_000);
  beforeEach(async () => {
    await database.db.query(
      command('test.empty')`TRUNCATE media, person, genre, sync_state, title_word RESTART IDENTITY CASCADE`,
    );
  });
  afterAll(async () => {
    await net.close();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  let written = 0;

  /** A file of these rows, gzipped; `~` stands for IMDb's `\N`, blanks of two for tabs. */
  async function fileOf(name: keyof typeof HEAD, ...lines: (string | Buffer)[]): Promise<string> {
    written += 1;
    const path = join(folder, `${name}-${written}.tsv.gz`);
    const text = lines.map((line) => (typeof line === 'string' ? Buffer.from(tabbed(line)) : line));
    const parts = [Buffer.from(HEAD[name]), ...text].flatMap((part) => [part, Buffer.from('\n')]);
    await writeFile(path, gzipSync(Buffer.concat(parts)));
    return path;
  }

  const run = (files: ImdbOptions['files'], more: Partial<ImdbOptions> = {}) =>
    importImdb(
      { db: database.db, url: database.url, net },
      {
        ...{ files, types: new Set<string>(TITLE_TYPES), minVotes: 0, adult: false },
        ...{ signal: AbortSignal.timeout(120_000), progress: silent },
        ...more,
      },
    );

  async function titles() {
    return database.db.any(rows('test.imdb_titles', Title)`
    SELECT m.title, m.kind, m.subkind, m.year, m.original_title AS "originalTitle", m.status, m.nudity, m.is_public AS "isPublic", m.is_adult AS "isAdult",
      m.genres, m.canonical_id AS "canonicalId", m.rating, m.rating_count AS "ratingCount", m.runtime_minutes AS "runtimeMinutes", m.popularity,
      ARRAY(SELECT a.title FROM media_alias a WHERE a.media_id = m.id ORDER BY 1) AS aliases,
      ARRAY(SELECT t.language || ' ' || t.title FROM media_translation t WHERE t.media_id = m.id ORDER BY 1) AS translations,
      ARRAY(SELECT p.name || ': ' || coalesce(c.character, c.job) FROM media_credit c JOIN person p ON p.id = c.person_id
        WHERE c.media_id = m.id ORDER BY c.position) AS credits,
      ARRAY(SELECT s.number || 'x' || e.number || ' ' || e.title FROM episode e JOIN season s ON s.id = e.season_id
        WHERE e.media_id = m.id ORDER BY s.number, e.number) AS episodes
    FROM media m ORDER BY m.canonical_id
  `);
  }

  async function failure(work: Promise<unknown>): Promise<AppError> {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AppError)) throw new Error('nothing was refused', { cause: error });
    return error;
  }

  const count = (what: 'media' | 'episode' | 'credit') =>
    database.db.oneFirst(
      what === 'media'
        ? rows('test.count_media', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM media`
        : what === 'episode'
          ? rows('test.count_episodes', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM episode`
          : rows(
              'test.count_credits',
              z.object({ n: z.int() }),
            )`SELECT count(*)::integer AS n FROM media_credit`,
    );

  /** What the last import that came to its end wrote down; null while one is under way. */
  async function recorded() {
    const row = await database.db.maybeOne(rows('test.recorded', Recorded)`
      SELECT s.data FROM sync_state s WHERE s.key = 'import.imdb' AND s.data ? 'newTitles'
    `);
    return row?.data ?? null;
  }

  /** The same database with time for statements over all of it. */
  async function patient() {
    const db = await openDb({
      url: database.url,
      poolMax: 1,
      log: createLog('silent'),
      statementTimeoutMs: 1_800_000,
    });
    return { db, [Symbol.asyncDispose]: () => db.end() };
  }

  return {
    patient,
    recorded,
    db: () => database.db,
    url: () => database.url,
    count,
    folder: () => folder,
    fileOf,
    run,
    titles,
    failure,
  };
}

import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Tables of the schema `staging` (migration 0025) with the columns an importer copies into them. */
const STAGED = {
  title: 'id, imdb_id, kind, subkind, title, original_title, year, status, runtime_minutes, is_adult, genres',
  rating: 'id, rating, votes',
  aka: 'title_id, position, title, language, preference',
  episode_name: 'id, title, runtime_minutes',
  series_episode: 'id, series_id, season, number',
  credit: 'title_id, position, person_id, credit_type, department, job, character',
  known_name: 'id, imdb_id, name',
} as const;
export type StagedTable = keyof typeof STAGED;

/** COPY of rows in its text format. */
export function copyStaged(table: StagedTable): string {
  return `COPY staging.${table} (${STAGED[table]}) FROM STDIN`;
}

/** COPY of numbers, one a line: of titles, of people in credits, of what was rated by at least so many. */
export const STAGED_NUMBERS = {
  titles: 'COPY (SELECT id FROM staging.title) TO STDOUT',
  episodeNames: 'COPY (SELECT id FROM staging.episode_name) TO STDOUT',
  episodes: 'COPY (SELECT id FROM staging.series_episode) TO STDOUT',
  creditPeople: 'COPY (SELECT DISTINCT person_id FROM staging.credit) TO STDOUT',
  people: 'COPY (SELECT id FROM staging.known_name) TO STDOUT',
  rated: 'COPY (SELECT id FROM staging.rating) TO STDOUT',
} as const;

export function ratedBy(votes: number): string {
  return `COPY (SELECT id FROM staging.rating WHERE votes >= ${Math.trunc(votes)}) TO STDOUT`;
}

/** Takes all rows away, and the name of the import they were of. */
export async function emptyStaging(db: Db): Promise<void> {
  await db.query(command('media.empty_staging')`
    TRUNCATE staging.run, staging.title, staging.rating, staging.aka, staging.episode_name, staging.series_episode,
      staging.credit, staging.known_name
  `);
}

/** Says which import the rows to come are of. */
export async function nameStaging(db: Db, run: string): Promise<void> {
  await db.query(command('media.name_staging')`INSERT INTO staging.run (id) VALUES (${run})`);
}

/** Whose rows these are; null = nobody's, as after a crash of the server. */
export async function stagingRun(db: Db): Promise<string | null> {
  const row = await db.maybeOne(rows('media.staging_run', z.object({ id: z.string() }))`
    SELECT r.id FROM staging.run r
  `);
  return row?.id ?? null;
}

/** Figures for the planner; autovacuum never comes in time. */
export async function analyzeStaging(db: Db): Promise<void> {
  await db.query(command('media.analyze_staging')`
    ANALYZE staging.title, staging.rating, staging.aka, staging.episode_name, staging.series_episode, staging.credit, staging.known_name
  `);
}

const Bound = z.object({ upto: z.int().nullable(), count: z.int() });

/** The last of the next `size` numbers, and how many there are. */
export function nextBatch(
  db: Db,
  what: 'title' | 'known_name',
  after: number,
  size: number,
): Promise<z.infer<typeof Bound>> {
  return db.one(rows('media.next_staged', Bound)`
    SELECT max(b.id) AS upto, count(*)::integer AS count
    FROM (SELECT t.id FROM ${sql.identifier(['staging', what])} t WHERE t.id > ${after} ORDER BY t.id LIMIT ${size}) b
  `);
}

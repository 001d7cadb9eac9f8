import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { Touched } from './labels.ts';

export type PersonRow = { name: string; imdb: string | null; tmdb: number | null };

const Known = z.object({ index: z.int(), byId: z.int().nullable(), byName: z.int().nullable() });

/**
 * Who of these people is known: by IMDb or TMDB id, and by name. A name alone means the oldest person of that name;
 * somebody with an id of their own can only be a namesake nobody has given an id yet.
 */
export function peopleKnown(db: Db, people: readonly PersonRow[]): Promise<readonly z.infer<typeof Known>[]> {
  const values = people.map(({ name, imdb, tmdb }, index) => [index, name, imdb, tmdb]);
  return db.any(rows('media.people_known', Known)`
    SELECT g.index,
      coalesce(
        (SELECT p.id FROM person p WHERE p.imdb_id = g.imdb),
        (SELECT p.id FROM person p WHERE p.tmdb_id = g.tmdb)) AS "byId",
      (SELECT min(p.id) FROM person p
         WHERE fold(p.name) = fold(g.name)
           AND ((g.imdb IS NULL AND g.tmdb IS NULL) OR (p.imdb_id IS NULL AND p.tmdb_id IS NULL))) AS "byName"
    FROM ${sql.unnest(values, ['int4', 'text', 'text', 'int4'])} AS g(index, name, imdb, tmdb)
    ORDER BY g.index
  `);
}

const Inserted = z.object({ personId: z.int(), publicId: z.string() });

/** New people under uuids the caller made. */
export function insertPeople(
  db: Db,
  people: readonly (PersonRow & { publicId: string })[],
): Promise<readonly z.infer<typeof Inserted>[]> {
  const values = people.map(({ publicId, name, imdb, tmdb }) => [publicId, name, imdb, tmdb]);
  return db.any(rows('media.insert_people', Inserted)`
    INSERT INTO person (public_id, name, imdb_id, tmdb_id)
    SELECT g.public_id, g.name, g.imdb, g.tmdb
    FROM ${sql.unnest(values, ['uuid', 'text', 'text', 'int4'])} AS g(public_id, name, imdb, tmdb)
    RETURNING id AS "personId", public_id AS "publicId"
  `);
}

/** Writes down ids we did not have yet; an id of somebody else stays theirs. */
export async function fillPersonIds(
  db: Db,
  people: readonly { personId: number; imdb: string | null; tmdb: number | null }[],
): Promise<void> {
  const values = people.map(({ personId, imdb, tmdb }) => [personId, imdb, tmdb]);
  await db.query(command('media.fill_person_ids')`
    UPDATE person p SET
      imdb_id = coalesce(p.imdb_id, CASE WHEN NOT EXISTS (SELECT 1 FROM person o WHERE o.imdb_id = g.imdb) THEN g.imdb END),
      tmdb_id = coalesce(p.tmdb_id, CASE WHEN NOT EXISTS (SELECT 1 FROM person o WHERE o.tmdb_id = g.tmdb) THEN g.tmdb END)
    FROM ${sql.unnest(values, ['int8', 'text', 'int4'])} AS g(person_id, imdb, tmdb)
    WHERE p.id = g.person_id
      AND ((p.imdb_id IS NULL AND g.imdb IS NOT NULL) OR (p.tmdb_id IS NULL AND g.tmdb IS NOT NULL))
  `);
}

/** One credit: cast has a character, crew a job; the same person may have several (C23). */
export type CreditRow = {
  mediaId: number;
  personId: number;
  type: 'cast' | 'crew';
  department: string | null;
  job: string | null;
  character: string | null;
  position: number;
};

const COLUMNS = ['int8', 'int8', 'text', 'text', 'text', 'text', 'int4'] as const;
const creditValues = (credits: readonly CreditRow[]) =>
  credits.map((c) => [c.mediaId, c.personId, c.type, c.department, c.job, c.character, c.position]);

/** Takes every other credit of this type away from these titles. NOT IN is hashed; NOT EXISTS over 1,800 credits a batch was 50× slower. */
export function keepCredits(
  db: Db,
  owners: readonly { mediaId: number; type: 'cast' | 'crew' }[],
  kept: readonly CreditRow[],
): Promise<readonly Touched[]> {
  const pairs = owners.map(({ mediaId, type }) => [mediaId, type]);
  return db.any(rows('media.keep_credits', Touched)`
    DELETE FROM media_credit mc
    USING ${sql.unnest(pairs, ['int8', 'text'])} AS o(media_id, credit_type)
    WHERE mc.media_id = o.media_id AND mc.credit_type = o.credit_type
      AND (mc.media_id, mc.person_id, mc.credit_type, coalesce(mc.department, ''), coalesce(mc.job, ''), coalesce(mc.character, '')) NOT IN (
        SELECT g.media_id, g.person_id, g.credit_type, coalesce(g.department, ''), coalesce(g.job, ''), coalesce(g.character, '')
        FROM ${sql.unnest(creditValues(kept), [...COLUMNS])} AS g(media_id, person_id, credit_type, department, job, character, position))
    RETURNING mc.media_id AS "mediaId"
  `);
}

/** Adds credits, or moves them to another place in the list. */
export function addCredits(db: Db, credits: readonly CreditRow[]): Promise<readonly Touched[]> {
  return db.any(rows('media.add_credits', Touched)`
    INSERT INTO media_credit AS c (media_id, person_id, credit_type, department, job, character, position)
    SELECT g.media_id, g.person_id, g.credit_type, g.department, g.job, g.character, g.position
    FROM ${sql.unnest(creditValues(credits), [...COLUMNS])} AS g(media_id, person_id, credit_type, department, job, character, position)
    ON CONFLICT (media_id, person_id, credit_type, department, job, character) DO UPDATE SET position = EXCLUDED.position
      WHERE c.position <> EXCLUDED.position
    RETURNING c.media_id AS "mediaId"
  `);
}

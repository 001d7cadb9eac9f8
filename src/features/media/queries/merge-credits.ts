import { z } from 'zod';
import { type Db, rows } from '../../../platform/db.ts';
import type { StagedRange } from './merge-titles.ts';

const Merged = z.object({ added: z.int(), changed: z.int() });

/** People by their IMDb id; a namesake without one stays somebody else. A name is filled in, never changed. */
export function addStagedPeople(db: Db, { after, upto }: StagedRange): Promise<z.infer<typeof Merged>> {
  return db.one(rows('media.add_staged_people', Merged)`
    WITH added AS (
      INSERT INTO person (name, imdb_id)
      SELECT s.name, s.imdb_id FROM staging.known_name s
      WHERE s.id > ${after} AND s.id <= ${upto} AND (SELECT p.id FROM person p WHERE p.imdb_id = s.imdb_id) IS NULL
      ORDER BY s.id
      ON CONFLICT DO NOTHING
      RETURNING id
    )
    SELECT count(*)::integer AS added, 0 AS changed FROM added
  `);
}

/**
 * Credits of titles that are IMDb's, and of those that have none of that type: a list somebody else made stays as it is. A credit
 * whose person has no name here is left out.
 */
export function addStagedCredits(db: Db, { after, upto }: StagedRange): Promise<z.infer<typeof Merged>> {
  return db.one(rows('media.add_staged_credits', Merged)`
    WITH wanted AS MATERIALIZED (
      SELECT DISTINCT ON (x.media_id, p.person_id, c.credit_type, c.department, c.job, c.character)
        x.media_id, p.person_id, c.credit_type, c.department, c.job, c.character, c.position
      FROM staging.title s
      CROSS JOIN LATERAL (
        SELECT e.media_id FROM media_external_id e WHERE e.provider = 'imdb' AND e.ns = 'any' AND e.external_id = s.imdb_id OFFSET 0) x
      CROSS JOIN LATERAL (SELECT o.id, o.provider_id FROM media o WHERE o.id = x.media_id AND o.kind = s.kind OFFSET 0) m
      CROSS JOIN LATERAL (SELECT k.* FROM staging.credit k WHERE k.title_id = s.id OFFSET 0) c
      CROSS JOIN LATERAL (
        SELECT h.id AS person_id FROM person h
        WHERE h.imdb_id = 'nm' || lpad(c.person_id::text, greatest(7, length(c.person_id::text)), '0') OFFSET 0) p
      WHERE s.id > ${after} AND s.id <= ${upto}
        AND (m.provider_id = (SELECT i.id FROM metadata_provider i WHERE i.name = 'imdb')
          OR NOT EXISTS (SELECT FROM media_credit h WHERE h.media_id = m.id AND h.credit_type = c.credit_type))
      ORDER BY x.media_id, p.person_id, c.credit_type, c.department, c.job, c.character, c.position
    ), added AS (
      INSERT INTO media_credit (media_id, person_id, credit_type, department, job, character, position)
      SELECT w.media_id, w.person_id, w.credit_type, w.department, w.job, w.character, w.position FROM wanted w
      ORDER BY w.media_id, w.position
      -- By name: without one each row would be looked for in every unique index before it is written.
      ON CONFLICT (media_id, person_id, credit_type, department, job, character) DO NOTHING
      RETURNING id
    )
    SELECT count(*)::integer AS added, 0 AS changed FROM added
  `);
}

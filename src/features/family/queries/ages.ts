import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** The countries by whose ratings `media.age_min` stands, in order. */
export async function storedCountries(db: Db): Promise<readonly string[]> {
  const found = await db.any(rows('family.rating_countries', z.object({ country: z.string() }))`
    SELECT c.country FROM rating_country c ORDER BY c.place, c.country
  `);
  return found.map(({ country }) => country);
}

/** Of no country any more: by age nothing is seen until they are read anew. */
export async function forgetCountries(db: Db): Promise<void> {
  await db.query(command('family.drop_rating_countries')`DELETE FROM rating_country`);
}

export async function putCountries(db: Db, countries: readonly string[]): Promise<void> {
  await db.query(command('family.put_rating_countries')`
    INSERT INTO rating_country (country, place)
    SELECT c.country, c.place - 1 FROM unnest(${sql.array(countries, 'text')}) WITH ORDINALITY AS c(country, place)
  `);
}

/** Ages of the rated titles behind `after`, by their numbers, at most `most`; the last number, or null: these were all. */
export async function refreshAges(db: Db, after: number, most: number): Promise<number | null> {
  const { last } = await db.one(rows('family.refresh_ages', z.object({ last: z.int().nullable() }))`
    WITH due AS MATERIALIZED (
      SELECT DISTINCT c.media_id FROM media_certification c WHERE c.media_id > ${after} ORDER BY c.media_id LIMIT ${most})
    SELECT max(d.media_id) AS last
    FROM due d, (SELECT refresh_media_age(ARRAY(SELECT media_id FROM due))) r
  `);
  return last;
}

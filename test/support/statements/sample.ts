import type { Client } from 'pg';
import { z } from 'zod';
import type { Db } from '../../../src/platform/db.ts';

/** Ids of the filled database (`many-titles-rows.ts`) that the calls ask for. */
const Sample = z.object({
  mediaPublicId: z.string(),
  streamPublicId: z.string(),
  /** First episode of series 50. */
  episodeId: z.coerce.number(),
  catalogId: z.coerce.number(),
});
export type Sample = z.infer<typeof Sample>;

/** Calls exported functions of `queries.ts` files as the program does; all that is written is undone afterwards. */
export type Calls = Readonly<Record<string, (db: Db, sample: Sample) => Promise<unknown>>>;

/** A film that has 40 streams, and a series with seasons. */
export const FILM = 1;
export const SERIES = 50;

export async function readSample(client: Client): Promise<Sample> {
  const { rows } = await client.query(`
    SELECT m.public_id AS "mediaPublicId", s.public_id AS "streamPublicId", e.id AS "episodeId", c.id AS "catalogId"
    FROM media m, stream s, catalog c, episode e JOIN season se ON se.id = e.season_id
    WHERE m.id = ${FILM} AND s.id = 7 AND c.slug = 'open-films' AND e.media_id = ${SERIES} AND se.number = 1 AND e.number = 1`);
  return Sample.parse(rows[0]);
}

/** Titles of one batch of an import. */
const BATCH = 200;

/** `of(0)`, `of(1)`, … as an import makes them. */
export function batch<T>(of: (index: number) => T, count = BATCH): T[] {
  return Array.from({ length: count }, (_, index) => of(index));
}

/** Ids of a batch of stored titles or streams, spread over the table. */
export const stored = batch((index) => 1 + index * 487);
/** One row for each of them. */
export const each = <T>(of: (id: number) => T): T[] => stored.map(of);

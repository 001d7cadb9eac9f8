import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

const Marked = z.object({ marked: z.int() });

/** While a title is asked about its `next_at` lies less than this ahead, and stays. */
const UNCLAIMED = sql.fragment`CASE WHEN e.next_at > now() + interval '5 minutes' THEN now() ELSE e.next_at END`;

export type Changed = {
  /** Who said so: its kept answers are old now. */
  provider: string;
  kind: 'movie' | 'series';
  /** Of what the ids are. */
  idProvider: string;
  ids: readonly string[];
};

/** Makes the titles of these ids due, as far as they are here. Answers how many. */
export async function markChanged(db: Db, { provider, kind, idProvider, ids }: Changed): Promise<number> {
  const { marked } = await db.one(rows('metadata.mark_changed', Marked)`
    WITH known AS (
      SELECT DISTINCT x.media_id FROM media_external_id x JOIN media m ON m.id = x.media_id AND m.kind = ${kind}
      WHERE x.provider = ${idProvider} AND x.ns IN ('any', ${kind === 'movie' ? 'movie' : 'tv'}) AND x.external_id = ANY(${sql.array(ids, 'text')})
    ), old AS (
      UPDATE provider_metadata a SET expires_at = now()
      FROM metadata_provider p WHERE p.name = ${provider} AND a.provider_id = p.id AND a.media_id IN (SELECT media_id FROM known)
        AND a.expires_at > now()
    ), due AS (
      INSERT INTO title_enrichment AS e (media_id, next_at, is_stale) SELECT k.media_id, now(), true FROM known k ORDER BY k.media_id
      ON CONFLICT (media_id) DO UPDATE SET is_stale = true, next_at = ${UNCLAIMED}
      RETURNING e.media_id
    )
    SELECT count(*) AS marked FROM due
  `);
  return marked;
}

/** Makes the most watched films and series due, so many of each; answers kept for less than 20 hours are still good. */
export async function markPopular(db: Db, most: number): Promise<number> {
  const { marked } = await db.one(rows('metadata.mark_popular', Marked)`
    WITH popular AS (
      SELECT t.id FROM (VALUES ('movie'), ('series')) AS k(kind)
      CROSS JOIN LATERAL (
        SELECT m.id FROM media m WHERE m.kind = k.kind AND m.is_published AND m.is_public AND NOT m.is_adult AND m.owner_id IS NULL
        ORDER BY m.rank DESC, m.id LIMIT ${most}
      ) t
    ), old AS (
      UPDATE provider_metadata a SET expires_at = now()
      WHERE a.media_id = ANY(ARRAY(SELECT id FROM popular)) AND a.expires_at > now() AND a.fetched_at < now() - interval '20 hours'
    ), due AS (
      INSERT INTO title_enrichment AS e (media_id, next_at, is_stale) SELECT p.id, now(), true FROM popular p ORDER BY p.id
      ON CONFLICT (media_id) DO UPDATE SET is_stale = true, next_at = ${UNCLAIMED}
      RETURNING e.media_id
    )
    SELECT count(*) AS marked FROM due
  `);
  return marked;
}

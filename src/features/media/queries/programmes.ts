import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { Programme } from '../schemas.ts';

/** As a guide has it; what it does not say is null. */
export type GuideProgramme = {
  mediaId: number;
  startAt: Date;
  stopAt: Date;
  title: string;
  subtitle: string | null;
  description: string | null;
  categories: readonly string[];
  iconUrl: string | null;
  rating: string | null;
  episode: string | null;
};

/** Of a channel page: a day's worth. */
const MOST_SHOWN = 50;
/** Guides are kept so long after their programmes. */
const KEPT = sql.fragment`interval '1 day'`;
const FIELDS = sql.fragment`media_id, start_at, stop_at, title, subtitle, description, categories, icon_url, rating, episode`;

/** What a channel shows from now on, the one that runs first. */
export function programmesOf(db: Db, mediaId: number): Promise<readonly z.infer<typeof Programme>[]> {
  return db.any(rows('media.programmes', Programme)`
    SELECT to_char(p.start_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "startAt",
      to_char(p.stop_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "stopAt",
      p.title, p.subtitle, p.description, p.categories, p.icon_url AS "iconUrl", p.rating, p.episode
    FROM tv_programme p WHERE p.media_id = ${mediaId} AND p.start_at > now() - interval '2 days' AND p.stop_at > now()
    ORDER BY p.start_at LIMIT ${MOST_SHOWN}
  `);
}

const Channel = z.object({ mediaId: z.int(), title: z.string(), guideId: z.string().nullable() });
export type Channel = z.infer<typeof Channel>;

/** Live channels, with the id by which guides know them. */
export function channels(db: Db, after: number, limit: number): Promise<readonly Channel[]> {
  return db.any(rows('media.channels', Channel)`
    SELECT m.id AS "mediaId", m.title,
      (SELECT e.external_id FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'xmltv' AND e.ns = 'any') AS "guideId"
    FROM media m WHERE m.kind = 'tv' AND m.id > ${after} ORDER BY m.id LIMIT ${limit}
  `);
}

export async function emptyProgrammes(db: Db): Promise<void> {
  await db.query(command('media.empty_programmes')`TRUNCATE staging.programme`);
}

/** Of two of one channel that begin at once the first counts. */
export async function stageProgrammes(db: Db, given: readonly GuideProgramme[]): Promise<void> {
  const values = given.map(({ startAt, stopAt, mediaId, iconUrl, ...rest }) => ({
    ...{
      media_id: mediaId,
      start_at: startAt.toISOString(),
      stop_at: stopAt.toISOString(),
      icon_url: iconUrl,
    },
    ...{ ...rest, categories: [...rest.categories] },
  }));
  await db.query(command('media.stage_programmes')`
    INSERT INTO staging.programme (${FIELDS})
    SELECT ${FIELDS} FROM jsonb_populate_recordset(NULL::staging.programme, ${sql.jsonb(values)})
    ON CONFLICT DO NOTHING
  `);
}

const Bound = z.object({ upto: z.int().nullable() });

/** The last of the next channels of the guide. */
export async function nextChannels(db: Db, after: number, size: number): Promise<number | null> {
  const { upto } = await db.one(rows('media.next_channels', Bound)`
    SELECT max(c.media_id) AS upto FROM (
      SELECT DISTINCT p.media_id FROM staging.programme p WHERE p.media_id > ${after} ORDER BY p.media_id LIMIT ${size}) c
  `);
  return upto;
}

const Merged = z.object({ removed: z.int(), added: z.int(), changed: z.int() });

/** Makes these channels show what the guide says, from its first programme of each to its last. */
export async function mergeProgrammes(
  db: Db,
  { after, upto }: { after: number; upto: number },
): Promise<z.infer<typeof Merged>> {
  const { removed } = await db.one(rows('media.drop_programmes', Merged.pick({ removed: true }))`
    WITH span AS MATERIALIZED (
      SELECT s.media_id, min(s.start_at) AS first_at, max(s.start_at) AS last_at FROM staging.programme s
      WHERE s.media_id > ${after} AND s.media_id <= ${upto} GROUP BY s.media_id
    ), gone AS (
      DELETE FROM tv_programme p USING span
      WHERE p.media_id = span.media_id AND p.start_at BETWEEN span.first_at AND span.last_at
        AND (SELECT s.title FROM staging.programme s WHERE s.media_id = p.media_id AND s.start_at = p.start_at) IS NULL
      RETURNING p.media_id
    )
    SELECT count(*)::integer AS removed FROM gone
  `);
  const { added, changed } = await db.one(rows('media.put_programmes', Merged.omit({ removed: true }))`
    WITH put AS (
      INSERT INTO tv_programme AS p (${FIELDS})
      SELECT ${FIELDS} FROM staging.programme s WHERE s.media_id > ${after} AND s.media_id <= ${upto}
        AND EXISTS (SELECT FROM media m WHERE m.id = s.media_id)
      ON CONFLICT (media_id, start_at) DO UPDATE SET stop_at = EXCLUDED.stop_at, title = EXCLUDED.title, subtitle = EXCLUDED.subtitle,
        description = EXCLUDED.description, categories = EXCLUDED.categories, icon_url = EXCLUDED.icon_url, rating = EXCLUDED.rating,
        episode = EXCLUDED.episode
      WHERE (p.stop_at, p.title, p.subtitle, p.description, p.categories, p.icon_url, p.rating, p.episode)
        IS DISTINCT FROM (EXCLUDED.stop_at, EXCLUDED.title, EXCLUDED.subtitle, EXCLUDED.description, EXCLUDED.categories,
          EXCLUDED.icon_url, EXCLUDED.rating, EXCLUDED.episode)
      RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new)::integer AS added, count(*) FILTER (WHERE NOT is_new)::integer AS changed FROM put
  `);
  return { removed, added, changed };
}

/** Programmes that ended more than a day ago; how many of at most `most`. */
export async function forgetProgrammes(db: Db, most: number): Promise<number> {
  const result = await db.query(command('media.forget_programmes')`
    DELETE FROM tv_programme WHERE (media_id, start_at) IN (
      SELECT p.media_id, p.start_at FROM tv_programme p WHERE p.stop_at < now() - ${KEPT} ORDER BY p.stop_at LIMIT ${most})
  `);
  return result.rowCount;
}

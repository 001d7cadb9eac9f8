import { z } from 'zod';
import { FINDER_KINDS } from '../../../finders/registry.ts';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';

export const FINDER_STATES = ['pending', 'approved', 'rejected'] as const;
export type FinderState = (typeof FINDER_STATES)[number];

const Time = z.iso.datetime().nullable();

export const FinderAnswer = z.object({
  finderId: z.uuid(),
  /** Null: the system. */
  ownerId: z.uuid().nullable(),
  kind: z.enum(FINDER_KINDS),
  name: z.string(),
  host: z.string(),
  hasKey: z.boolean(),
  categories: z.array(z.int()),
  state: z.enum(FINDER_STATES),
  /** Of a feed: what is taken, and the catalogue it is put into. */
  patterns: z.array(z.object({ pattern: z.string(), catalog: z.string().nullable() })),
  /** How often it was asked, streams it brought, and how often it failed. */
  asked: z.int(),
  found: z.int(),
  failures: z.int(),
  /** Why it failed the last time, if it did. */
  lastError: z.string().nullable(),
  /** The last failure there was, also where it has answered since. */
  lastFailure: z.object({ error: z.string(), at: z.iso.datetime() }).nullable(),
  lastAskedAt: Time,
  /** It is not asked before. */
  restUntil: Time,
  /** Of a feed. */
  nextPollAt: Time,
});
export type FinderAnswer = z.infer<typeof FinderAnswer>;

/** Every finder, or the one of a uuid, the oldest first. All of them on purpose: there are some dozens, and all are shown. */
export function finderAnswers(
  db: Db,
  publicId: string | null,
  limit: number,
): Promise<readonly FinderAnswer[]> {
  return db.any(rows('finders.all', FinderAnswer)`
    SELECT f.public_id AS "finderId", (SELECT u.public_id FROM app_user u WHERE u.id = f.owner_id) AS "ownerId", f.kind, f.name, f.host, f.has_key AS "hasKey", f.categories, f.state,
      coalesce((SELECT jsonb_agg(jsonb_build_object('pattern', p.pattern, 'catalog', c.slug) ORDER BY p.position)
        FROM finder_pattern p LEFT JOIN catalog c ON c.id = p.catalog_id WHERE p.finder_id = f.id), '[]') AS patterns,
      f.asked, f.found, f.failures, f.last_error AS "lastError",
      (SELECT jsonb_build_object('error', d.last_error, 'at', ${isoTime('d', 'last_failed_at')}) FROM finder_day d
        WHERE d.finder_id = f.id AND d.last_error IS NOT NULL ORDER BY d.day DESC LIMIT 1) AS "lastFailure",
      ${isoTime('f', 'last_asked_at')} AS "lastAskedAt",
      ${isoTime('f', 'rest_until')} AS "restUntil", ${isoTime('f', 'next_poll_at')} AS "nextPollAt"
    FROM finder f
    WHERE ${publicId}::uuid IS NULL OR f.public_id = ${publicId}::uuid
    ORDER BY f.id LIMIT ${limit}
  `);
}

const OwnFinder = FinderAnswer.pick({
  ...{ finderId: true, kind: true, name: true, host: true, hasKey: true, categories: true, state: true },
});

/** A user's own finders, the oldest first; without addresses and keys. */
export function findersOf(
  db: Db,
  userId: number,
  limit: number,
): Promise<readonly z.infer<typeof OwnFinder>[]> {
  return db.any(rows('finders.of_user', OwnFinder)`
    SELECT f.public_id AS "finderId", f.kind, f.name, f.host, f.has_key AS "hasKey", f.categories, f.state
    FROM finder f WHERE f.owner_id = ${userId} ORDER BY f.id LIMIT ${limit}
  `);
}

export type FinderRow = {
  kind: string;
  name: string;
  host: string;
  placeHash: Buffer;
  placeSealed: Buffer;
  hasKey: boolean;
  categories: readonly number[];
  state: FinderState;
  isFeed: boolean;
};
const Inserted = z.object({ id: z.int(), publicId: z.uuid() });

/** Breaks the unique key `finder_owner_id_place_hash_key` where the system has this one already. */
export function insertFinder(db: Db, row: FinderRow): Promise<z.infer<typeof Inserted>> {
  return db.one(rows('finders.insert', Inserted)`
    INSERT INTO finder (kind, name, host, place_hash, place_sealed, has_key, categories, state, next_poll_at)
    VALUES (${row.kind}, ${row.name}, ${row.host}, ${sql.binary(row.placeHash)}, ${sql.binary(row.placeSealed)}, ${row.hasKey},
      ${sql.array(row.categories, 'int4')}, ${row.state}, CASE WHEN ${row.isFeed} THEN now() END)
    RETURNING id, public_id AS "publicId"
  `);
}

/** Writes what its owner says of it, and begins anew: what failed at another address says nothing of this one. */
export async function updateFinder(db: Db, id: number, row: FinderRow): Promise<void> {
  await db.query(command('finders.update')`
    UPDATE finder SET name = ${row.name}, host = ${row.host}, place_hash = ${sql.binary(row.placeHash)},
      place_sealed = ${sql.binary(row.placeSealed)}, has_key = ${row.hasKey}, categories = ${sql.array(row.categories, 'int4')},
      state = ${row.state}, rest_until = NULL, failures_in_row = 0, last_error = NULL, etag = NULL, last_modified = NULL,
      next_poll_at = CASE WHEN next_poll_at IS NOT NULL THEN now() END
    WHERE id = ${id}
  `);
}

/** True: it was there. */
export async function deleteFinder(db: Db, publicId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    command('finders.delete')`DELETE FROM finder WHERE public_id = ${publicId}::uuid`,
  );
  return rowCount > 0;
}

const StoredFinder = z.object({
  id: z.int(),
  kind: z.enum(FINDER_KINDS),
  name: z.string(),
  host: z.string(),
  placeSealed: z.instanceof(Buffer),
  categories: z.array(z.int()),
  state: z.enum(FINDER_STATES),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
});
export type StoredFinder = z.infer<typeof StoredFinder>;
const stored = sql.fragment`f.id, f.kind, f.name, f.host, f.place_sealed AS "placeSealed", f.categories, f.state, f.etag,
  f.last_modified AS "lastModified"`;

/** One to change; its row is locked until the transaction ends. */
export function finderToChange(db: Db, publicId: string): Promise<StoredFinder | null> {
  return db.maybeOne(rows('finders.to_change', StoredFinder)`
    SELECT ${stored} FROM finder f WHERE f.public_id = ${publicId}::uuid FOR UPDATE
  `);
}

/** Approved ones that can be asked for a title and do not rest, those that find most first. */
export function findersToAsk(db: Db, limit: number): Promise<readonly StoredFinder[]> {
  return db.any(rows('finders.to_ask', StoredFinder)`
    SELECT ${stored} FROM finder f
    WHERE f.state = 'approved' AND f.next_poll_at IS NULL AND (f.rest_until IS NULL OR f.rest_until <= now())
    ORDER BY f.found DESC, f.id LIMIT ${limit}
  `);
}

/** Feeds whose time has come, each for the one caller: it is not due again before the lease ends. */
export function claimFeeds(db: Db, limit: number, leaseS: number): Promise<readonly StoredFinder[]> {
  return db.any(rows('finders.claim_feeds', StoredFinder)`
    UPDATE finder f SET next_poll_at = now() + make_interval(secs => ${leaseS})
    WHERE f.id IN (
      SELECT d.id FROM finder d
      WHERE d.next_poll_at <= now() AND d.state = 'approved' AND (d.rest_until IS NULL OR d.rest_until <= now())
      ORDER BY d.next_poll_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    RETURNING ${stored}
  `);
}

const WantedRow = z.object({
  kind: z.enum(['movie', 'series', 'tv', 'event']),
  year: z.int().nullable(),
  imdb: z.string().nullable(),
  tmdb: z.string().nullable(),
  tvdb: z.string().nullable(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
});
export type WantedRow = z.infer<typeof WantedRow>;

/** What a title is asked for by: its outside ids, and the numbers of the episode. */
export function wantedRow(db: Db, mediaId: number, episodeId: number | null): Promise<WantedRow | null> {
  return db.maybeOne(rows('finders.wanted', WantedRow)`
    SELECT m.kind, m.year, max(e.external_id) FILTER (WHERE e.provider = 'imdb') AS imdb,
      max(e.external_id) FILTER (WHERE e.provider = 'tmdb') AS tmdb, max(e.external_id) FILTER (WHERE e.provider = 'tvdb') AS tvdb,
      (SELECT s.number FROM episode p JOIN season s ON s.id = p.season_id WHERE p.id = ${episodeId}::int8) AS season,
      (SELECT p.number FROM episode p WHERE p.id = ${episodeId}::int8) AS episode
    FROM media m
    LEFT JOIN media_external_id e ON e.media_id = m.id AND e.provider IN ('imdb', 'tmdb', 'tvdb')
    WHERE m.id = ${mediaId}
    GROUP BY m.id
  `);
}

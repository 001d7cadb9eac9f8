import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';
import { Sealed, sealedIn } from '../../../streams/queries.ts';
import { SOURCE_FINDERS } from '../place.ts';

export const OFFERS = ['proxied', 'direct', 'both'] as const;
export const Config = z.object({
  connections: z.int().min(1).max(32).optional(),
});

const Time = z.iso.datetime().nullable();

export const SourceAnswer = z.object({
  sourceId: z.uuid(),
  name: z.string(),
  /** Ends in `/`. */
  baseUrl: z.string(),
  finder: z.enum(SOURCE_FINDERS),
  config: Config,
  username: z.string().nullable(),
  hasPassword: z.boolean(),
  /** Lower first. */
  priority: z.int(),
  isActive: z.boolean(),
  /** It may be reached although it is in a private network. */
  allowsPrivate: z.boolean(),
  offers: z.enum(OFFERS),
  /** 0 to 100. */
  healthScore: z.number(),
  /** Scans that failed since the last one that did not, and why. */
  failures: z.int(),
  lastError: z.string().nullable(),
  /** 0: only when somebody says so. */
  scanEveryMinutes: z.int(),
  nextScanAt: Time,
  lastScanAt: Time,
  /** Videos of it that wait to be matched, and those nobody knows. */
  waiting: z.int(),
  unmatched: z.int(),
  createdAt: z.iso.datetime(),
});
export type SourceAnswer = z.infer<typeof SourceAnswer>;

/** Every source, or the one of a uuid; those that are used first, by priority. All on purpose: there are some dozens. */
export function sourceAnswers(
  db: Db,
  publicId: string | null,
  { limit, mostCounted }: { limit: number; mostCounted: number },
): Promise<readonly SourceAnswer[]> {
  return db.any(rows('sources.all', SourceAnswer)`
    SELECT c.public_id AS "sourceId", c.name, c.base_url AS "baseUrl", c.finder, c.config, c.username,
      c.password_sealed IS NOT NULL AS "hasPassword", c.priority, c.is_active AS "isActive", c.allows_private AS "allowsPrivate",
      c.offers, c.health_score::float8 AS "healthScore", c.last_error AS "lastError", c.scan_minutes AS "scanEveryMinutes",
      coalesce((SELECT h.scan_failures FROM source_health h WHERE h.source_id = c.id), 0) AS failures,
      ${isoTime('c', 'next_scan_at')} AS "nextScanAt", ${isoTime('c', 'last_scan_at')} AS "lastScanAt",
      (SELECT count(*) FROM (SELECT 1 FROM scan_item i WHERE i.source_id = c.id AND i.state IN ('held', 'pending', 'processing', 'failed')
        LIMIT ${mostCounted}) w)::integer AS waiting,
      (SELECT count(*) FROM (SELECT 1 FROM scan_item i WHERE i.source_id = c.id AND i.state = 'unmatched' LIMIT ${mostCounted}) u)::integer
        AS unmatched,
      ${isoTime('c', 'created_at')} AS "createdAt"
    FROM source c
    WHERE c.deleted_at IS NULL AND (${publicId}::uuid IS NULL OR c.public_id = ${publicId}::uuid)
    ORDER BY c.is_active DESC, c.priority, c.id LIMIT ${limit}
  `);
}

export type SourceRow = Pick<
  SourceAnswer,
  'name' | 'baseUrl' | 'finder' | 'config' | 'username' | 'priority' | 'isActive' | 'allowsPrivate' | 'offers'
> & { passwordSealed: Buffer | null; scanMinutes: number };
const Inserted = z.object({ publicId: z.uuid() });

const sealed = (value: Buffer | null) => (value === null ? null : sql.binary(value));

/** Breaks `source_name_key` where there is one of this name. */
export async function insertSource(db: Db, row: SourceRow): Promise<string> {
  const { publicId } = await db.one(rows('sources.insert', Inserted)`
    INSERT INTO source (name, base_url, finder, config, username, password_sealed, priority, is_active, allows_private, offers, scan_minutes)
    VALUES (${row.name}, ${row.baseUrl}, ${row.finder}, ${sql.jsonb(row.config)}, ${row.username}, ${sealed(row.passwordSealed)}::bytea,
      ${row.priority}, ${row.isActive}, ${row.allowsPrivate}, ${row.offers}, ${row.scanMinutes})
    RETURNING public_id AS "publicId"
  `);
  return publicId;
}

/** Writes what its owner says of it. One that becomes active, or is somewhere else, is scanned soon. */
export async function updateSource(
  db: Db,
  id: number,
  row: SourceRow,
  isScannedSoon: boolean,
): Promise<void> {
  await db.query(command('sources.update')`
    UPDATE source SET name = ${row.name}, base_url = ${row.baseUrl}, finder = ${row.finder}, config = ${sql.jsonb(row.config)},
      username = ${row.username}, password_sealed = ${sealed(row.passwordSealed)}::bytea, priority = ${row.priority},
      is_active = ${row.isActive}, allows_private = ${row.allowsPrivate}, offers = ${row.offers}, scan_minutes = ${row.scanMinutes},
      last_error = CASE WHEN ${isScannedSoon} THEN NULL ELSE last_error END,
      next_scan_at = CASE WHEN NOT ${row.isActive} OR ${row.scanMinutes} = 0 THEN NULL WHEN ${isScannedSoon} THEN now()
        ELSE least(next_scan_at, now() + make_interval(mins => ${row.scanMinutes})) END
    WHERE id = ${id}
  `);
}

/**
 * Verdicts hold the health of a source, and then its row, which mirrors it. Who changes a source changes its health with it, and so holds
 * both in this order too: the other way round the two would wait for each other for ever.
 */
export async function holdHealth(tx: Db, publicId: string): Promise<void> {
  await tx.query(command('sources.hold_health')`
    SELECT 1 FROM source_health h WHERE h.source_id = (SELECT c.id FROM source c WHERE c.public_id = ${publicId}::uuid) FOR UPDATE
  `);
}

const Bare = z.object({
  id: z.int(),
  publicId: z.uuid(),
  name: z.string(),
  baseUrl: z.string(),
  finder: z.enum(SOURCE_FINDERS),
  config: Config,
  username: z.string().nullable(),
  passwordSealed: z.instanceof(Buffer).nullable(),
  priority: z.int(),
  isActive: z.boolean(),
  allowsPrivate: z.boolean(),
  offers: z.enum(OFFERS),
  scanMinutes: z.int(),
});
export type StoredSource = z.infer<typeof Bare>;
const stored = sql.fragment`c.id, c.public_id AS "publicId", c.name, c.base_url AS "baseUrl", c.finder, c.config, c.username,
  c.password_sealed AS "passwordSealed", c.priority, c.is_active AS "isActive", c.allows_private AS "allowsPrivate", c.offers,
  c.scan_minutes AS "scanMinutes"`;

export function storedSource(db: Db, publicId: string): Promise<StoredSource | null> {
  return db.maybeOne(
    rows('sources.stored', Bare)`
      SELECT ${stored} FROM source c WHERE c.public_id = ${publicId}::uuid AND c.deleted_at IS NULL`,
  );
}

export function sourceById(db: Db, id: number): Promise<StoredSource | null> {
  return db.maybeOne(rows('sources.by_id', Bare)`SELECT ${stored} FROM source c WHERE c.id = ${id}`);
}

/** One to change; its health and its row are held until the transaction ends. */
export async function sourceToChange(tx: Db, publicId: string): Promise<StoredSource | null> {
  await holdHealth(tx, publicId);
  return await tx.maybeOne(rows('sources.to_change', Bare)`
    SELECT ${stored} FROM source c WHERE c.public_id = ${publicId}::uuid AND c.deleted_at IS NULL FOR UPDATE
  `);
}

const Watchable = z.object({ id: z.int(), baseUrl: z.string() });

/** Folders of this machine that are active. */
export function watchableSources(db: Db, limit: number): Promise<readonly z.infer<typeof Watchable>[]> {
  return db.any(rows('sources.watchable', Watchable)`
    SELECT c.id, c.base_url AS "baseUrl" FROM source c WHERE c.is_active AND c.finder = 'local-folder' ORDER BY c.id LIMIT ${limit}
  `);
}

const Around = z.object({ name: z.string().nullable(), isLeaving: z.boolean(), count: z.int() });

/**
 * How many sources there are, and the name of one whose files are among those of `baseUrl`, or the other way round, beside that of `exceptId`.
 * `isLeaving`: one is that is deleted, but not wholly gone yet.
 */
export function sourceAround(
  db: Db,
  baseUrl: string,
  exceptId: number | null,
): Promise<z.infer<typeof Around>> {
  return db.one(rows('sources.around', Around)`
    SELECT min(c.name) FILTER (WHERE c.is_around AND c.deleted_at IS NULL) AS name,
      coalesce(bool_or(c.is_around AND c.deleted_at IS NOT NULL), false) AS "isLeaving",
      (count(*) FILTER (WHERE c.deleted_at IS NULL))::integer AS count
    FROM (
      SELECT s.name, s.deleted_at, (starts_with(s.base_url, ${baseUrl}) OR starts_with(${baseUrl}, s.base_url))
        AND s.id IS DISTINCT FROM ${exceptId}::int8 AS is_around
      FROM source s
    ) c
  `);
}

/** The sealed passwords, for the change of the secret key; ids are those of sources. */
export const sealedPasswords = sealedIn(
  { table: 'source', column: 'password_sealed' },
  { stale: rows('sources.stale', Sealed), replace: command('sources.replace') },
  // Before the row itself, as `holdHealth`: a password that is another changes the health of its source.
  (id) =>
    sql.fragment`(SELECT count(*) FROM (SELECT 1 FROM source_health h WHERE h.source_id = ${id} FOR UPDATE) held) = 1`,
);

import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Columns of `stream` under their own names; one left out is not spoken of. */
export type StreamColumns = {
  name?: string;
  size_bytes?: number;
  resolution?: string;
  quality?: string;
  codec?: string;
  audio?: readonly string[];
  channels?: readonly string[];
  hdr_formats?: readonly string[];
  visual_tags?: readonly string[];
  release_group?: string;
  edition?: string;
  part_number?: number;
  parsed_by?: string;
  parser_version?: string;
  licence_code?: string | null;
  attribution?: string | null;
  licence_proof_url?: string | null;
  state?: string;
  is_active?: boolean;
  is_blocked?: boolean;
  is_public?: boolean;
};

/**
 * One writer of streams at a time, over all instances, until the transaction ends: between looking for the same bytes
 * and inserting them nobody else can. Taken after the lock of titles where both are.
 */
export async function lockStreams(db: Db): Promise<void> {
  await db.one(rows('streams.lock', z.object({ locked: z.boolean() }))`
    SELECT pg_advisory_xact_lock(hashtext('streams.save')) IS NOT NULL AS locked
  `);
}

const Inserted = z.object({ streamId: z.int(), publicId: z.string() });

/** New streams under uuids the caller made; what was said wins over what was found. */
export function insertStreams(
  db: Db,
  streams: readonly {
    publicId: string;
    kind: string;
    name: string;
    origin: string | null;
    found: StreamColumns;
    given: StreamColumns;
    told: readonly string[];
  }[],
): Promise<readonly z.infer<typeof Inserted>[]> {
  const json = streams.map(({ publicId, kind, name, origin, found, given, told }) => ({
    ...found,
    ...given,
    public_id: publicId,
    kind,
    name,
    origin,
    told,
  }));
  return db.any(rows('streams.insert', Inserted)`
    INSERT INTO stream (public_id, kind, name, origin, size_bytes, resolution, quality, codec, audio, channels, hdr_formats, visual_tags,
      release_group, edition, part_number, parsed_by, parser_version, told, licence_code, attribution, licence_proof_url)
    SELECT s.public_id, s.kind, s.name, s.origin, s.size_bytes, s.resolution, s.quality, s.codec, coalesce(s.audio, '{}'),
      coalesce(s.channels, '{}'), coalesce(s.hdr_formats, '{}'), coalesce(s.visual_tags, '{}'), s.release_group, s.edition, s.part_number,
      s.parsed_by, s.parser_version, s.told, s.licence_code, s.attribution, s.licence_proof_url
    FROM jsonb_populate_recordset(NULL::stream, ${sql.jsonb(json)}) AS s
    RETURNING id AS "streamId", public_id AS "publicId"
  `);
}

const Changed = z.object({ streamId: z.int() });

/**
 * Sets what was said and fills what was found where nothing is stored. Answers the streams that were different before.
 * A blocked stream stays blocked.
 */
export function updateStreams(
  db: Db,
  streams: readonly {
    streamId: number;
    given: StreamColumns;
    found: StreamColumns;
    /** Facts that no name may change any more. */
    told?: readonly string[];
  }[],
): Promise<readonly z.infer<typeof Changed>[]> {
  const json = streams.map(({ streamId, given, found, told = [] }) => ({
    ...{ id: streamId, told },
    given: { ...given },
    found: { ...found },
  }));
  return db.any(rows('streams.update', Changed)`
    UPDATE stream s SET
      name = g.name, is_active = g.is_active, is_blocked = g.is_blocked, is_public = g.is_public, state = g.state,
      licence_code = g.licence_code, attribution = g.attribution, licence_proof_url = g.licence_proof_url,
      size_bytes = coalesce(g.size_bytes, f.size_bytes), resolution = coalesce(g.resolution, f.resolution),
      quality = coalesce(g.quality, f.quality), codec = coalesce(g.codec, f.codec),
      audio = coalesce(nullif(g.audio, '{}'), f.audio, '{}'), channels = coalesce(nullif(g.channels, '{}'), f.channels, '{}'),
      hdr_formats = coalesce(nullif(g.hdr_formats, '{}'), f.hdr_formats, '{}'),
      release_group = coalesce(g.release_group, f.release_group), edition = coalesce(g.edition, f.edition),
      part_number = coalesce(g.part_number, f.part_number), visual_tags = coalesce(nullif(g.visual_tags, '{}'), f.visual_tags, '{}'),
      told = t.told
    FROM jsonb_to_recordset(${sql.jsonb(json)}) AS n(id bigint, given jsonb, found jsonb, told text[])
    JOIN stream o ON o.id = n.id
    CROSS JOIN LATERAL jsonb_populate_record(o, n.given) AS g
    CROSS JOIN LATERAL jsonb_populate_record(NULL::stream, n.found) AS f
    CROSS JOIN LATERAL (SELECT o.told || ARRAY(SELECT unnest(n.told) EXCEPT SELECT unnest(o.told) ORDER BY 1) AS told WHERE o.told IS NOT NULL
      UNION ALL SELECT NULL WHERE o.told IS NULL) AS t
    WHERE s.id = o.id
      AND (o.name, o.is_active, o.is_blocked, o.is_public, o.state, o.licence_code, o.attribution, o.licence_proof_url,
           o.size_bytes, o.resolution, o.quality, o.codec, o.audio, o.channels, o.hdr_formats, o.release_group, o.edition, o.part_number,
           o.visual_tags, o.told)
        IS DISTINCT FROM
          (g.name, g.is_active, g.is_blocked, g.is_public, g.state, g.licence_code, g.attribution, g.licence_proof_url,
           coalesce(g.size_bytes, f.size_bytes), coalesce(g.resolution, f.resolution), coalesce(g.quality, f.quality),
           coalesce(g.codec, f.codec), coalesce(nullif(g.audio, '{}'), f.audio, '{}'),
           coalesce(nullif(g.channels, '{}'), f.channels, '{}'), coalesce(nullif(g.hdr_formats, '{}'), f.hdr_formats, '{}'),
           coalesce(g.release_group, f.release_group), coalesce(g.edition, f.edition), coalesce(g.part_number, f.part_number),
           coalesce(nullif(g.visual_tags, '{}'), f.visual_tags, '{}'), t.told)
    RETURNING s.id AS "streamId"
  `);
}

/** Seen again just now; what had run out is offered again. */
export async function touchStreams(db: Db, streamIds: readonly number[]): Promise<void> {
  await db.query(command('streams.touch')`
    UPDATE stream SET last_seen_at = now(), is_active = true, state = 'active'
    WHERE id = ANY(${sql.array(streamIds, 'int8')})
  `);
}

/** Hides the streams that came from there and were not seen since; answers how many. They come back when they are seen again. */
export async function hideUnseen(db: Db, origin: string, since: Date): Promise<number> {
  const hidden = await db.query(command('streams.hide_unseen')`
    UPDATE stream SET is_active = false
    WHERE origin = ${origin} AND is_active AND last_seen_at < ${since.toISOString()}::timestamptz
  `);
  return hidden.rowCount;
}

const Named = z.object({ streamId: z.int(), publicId: z.string() });

/** Our uuids of some streams. */
export function publicIdsOf(db: Db, streamIds: readonly number[]): Promise<readonly z.infer<typeof Named>[]> {
  return db.any(rows('streams.public_ids', Named)`
    SELECT s.id AS "streamId", s.public_id AS "publicId" FROM stream s WHERE s.id = ANY(${sql.array(streamIds, 'int8')})
  `);
}

/** The row number of our uuid, or null. */
export async function streamIdOf(db: Db, publicId: string): Promise<number | null> {
  const row = await db.maybeOne(rows('streams.id_of', z.object({ streamId: z.int() }))`
    SELECT s.id AS "streamId" FROM stream s WHERE s.public_id = ${publicId}::uuid
  `);
  return row?.streamId ?? null;
}

/** Deletes a stream with its links and files. */
export async function deleteStream(db: Db, streamId: number): Promise<boolean> {
  const result = await db.query(command('streams.delete')`DELETE FROM stream WHERE id = ${streamId}`);
  return result.rowCount > 0;
}

const LicenceCode = z.object({ code: z.string() });

/** Every licence there is. A scan of the whole table on purpose: 17 rows. */
export async function licenceCodes(db: Db): Promise<ReadonlySet<string>> {
  const found = await db.any(
    rows('streams.licence_codes', LicenceCode)`SELECT code FROM licence ORDER BY code`,
  );
  return new Set(found.map((licence) => licence.code));
}

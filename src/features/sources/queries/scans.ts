import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const Running = z.object({
  scanId: z.int(),
  batchId: z.uuid(),
  /** It goes on where it was broken off. */
  isResumed: z.boolean(),
});
export type Running = z.infer<typeof Running>;

/** A scan that nobody heard of for so long is another's to take up. */
const LEASE_S = 90;
/** What an older scan has seen is no news any more. */
const RESUMABLE_HOURS = 24;

/**
 * Takes a source for a scan, over all instances; null: somebody scans it. One that was broken off goes on. The caller holds the row of the
 * source. Frontier and sightings of a new one are empty.
 */
export async function beginScan(db: Db, sourceId: number, holder: string): Promise<Running | null> {
  const resumed = await db.maybeOne(rows('sources.resume_scan', Running)`
    UPDATE scan_log l SET status = 'started', ended_at = NULL, failure = NULL, holder = ${holder}::uuid,
      held_until = now() + make_interval(secs => ${LEASE_S}), noted_at = now()
    WHERE l.id = (SELECT m.id FROM scan_log m WHERE m.source_id = ${sourceId} AND m.phase = 'collector' AND m.origin = 'scan'
        ORDER BY m.id DESC LIMIT 1)
      AND (l.status = 'started' AND l.held_until < now()
        OR l.status = 'failed' AND l.started_at > now() - make_interval(hours => ${RESUMABLE_HOURS})
          AND EXISTS (SELECT 1 FROM scan_folder f WHERE f.source_id = ${sourceId} AND f.state = 'waiting'))
    RETURNING l.id AS "scanId", l.batch_id AS "batchId", true AS "isResumed"
  `);
  if (resumed !== null) return resumed;
  const begun = await db.maybeOne(rows('sources.begin_scan', Running)`
    INSERT INTO scan_log (source_id, batch_id, phase, holder, held_until)
    VALUES (${sourceId}, gen_random_uuid(), 'collector', ${holder}::uuid, now() + make_interval(secs => ${LEASE_S}))
    ON CONFLICT (source_id) WHERE phase = 'collector' AND status = 'started' DO NOTHING
    RETURNING id AS "scanId", batch_id AS "batchId", false AS "isResumed"
  `);
  if (begun === null) return null;
  await forgetWalk(db, sourceId);
  await putFolders(db, sourceId, ['']);
  return begun;
}

/** Locks the row of an active source until the transaction ends; null: it is not there, or rests. */
export async function lockSource(db: Db, sourceId: number): Promise<boolean> {
  const found = await db.maybeOne(rows('sources.lock', z.object({ id: z.int() }))`
    SELECT c.id FROM source c WHERE c.id = ${sourceId} AND c.is_active FOR UPDATE
  `);
  return found !== null;
}

/** Folders that wait to be walked, where they are not known yet. */
export async function putFolders(db: Db, sourceId: number, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await db.query(command('sources.put_folders')`
    INSERT INTO scan_folder (source_id, path)
    SELECT ${sourceId}, g.path FROM unnest(${sql.array(paths, 'text')}) AS g(path)
    ON CONFLICT (source_id, path) DO NOTHING
  `);
}

/** Folders that were read to their end, or could not be. */
export async function endFolders(
  db: Db,
  sourceId: number,
  folders: readonly { path: string; state: 'read' | 'failed' }[],
): Promise<void> {
  if (folders.length === 0) return;
  await db.query(command('sources.end_folders')`
    UPDATE scan_folder f SET state = g.state
    FROM ${sql.unnest(
      folders.map(({ path, state }) => [path, state]),
      ['text', 'text'],
    )} AS g(path, state)
    WHERE f.source_id = ${sourceId} AND f.path = g.path
  `);
}

const Walked = z.object({ files: z.int(), folders: z.int() });
export type Walked = z.infer<typeof Walked>;

/** How much of a source a scan has seen: files of whatever kind, and folders, listed or not yet. */
export function walkedSoFar(db: Db, sourceId: number, scanId: number): Promise<Walked> {
  return db.one(rows('sources.walked', Walked)`
    SELECT l.files + l.subtitles + l.invalid AS files,
      (SELECT count(*) FROM scan_folder f WHERE f.source_id = ${sourceId})::integer AS folders
    FROM scan_log l WHERE l.id = ${scanId}
  `);
}

const FailedFolders = z.object({ count: z.int(), first: z.string().nullable() });

/** Folders that could not be listed, and one of them. */
export function failedFolders(db: Db, sourceId: number): Promise<z.infer<typeof FailedFolders>> {
  return db.one(rows('sources.failed_folders', FailedFolders)`
    SELECT count(*)::integer AS count, min(f.path) AS first FROM scan_folder f WHERE f.source_id = ${sourceId} AND f.state = 'failed'
  `);
}

const Path = z.object({ path: z.string() });

/** Where the walk goes on. */
export async function waitingFolders(db: Db, sourceId: number, limit: number): Promise<string[]> {
  const found = await db.any(rows('sources.waiting_folders', Path)`
    SELECT f.path FROM scan_folder f WHERE f.source_id = ${sourceId} AND f.state = 'waiting' LIMIT ${limit}
  `);
  return found.map(({ path }) => path);
}

export async function forgetWalk(db: Db, sourceId: number): Promise<void> {
  await db.query(command('sources.forget_folders')`DELETE FROM scan_folder WHERE source_id = ${sourceId}`);
  await db.query(command('sources.forget_seen')`DELETE FROM scan_seen WHERE source_id = ${sourceId}`);
}

/** The walk that runs, or was broken off, is over: who walks finds it lost, and nobody goes on with it. The caller holds the row of the source. */
export async function endWalk(db: Db, sourceId: number, failure: string): Promise<void> {
  await forgetWalk(db, sourceId);
  await db.query(command('sources.end_walk')`
    UPDATE scan_log SET status = 'failed', failure = ${failure}, ended_at = now(), noted_at = now(), current_folder = NULL, holder = NULL,
      held_until = NULL
    WHERE source_id = ${sourceId} AND phase = 'collector' AND status = 'started'
  `);
}

/** What a chunk adds. */
export type ScanCounts = {
  folders: number;
  files: number;
  inserted: number;
  skipped: number;
  invalid: number;
  extras: number;
  subtitles: number;
};

/** A batch that was sent in whole. */
export async function noteResults(
  db: Db,
  { sourceId, batchId }: { sourceId: number; batchId: string },
  counts: ScanCounts,
): Promise<void> {
  await db.query(command('sources.note_results')`
    INSERT INTO scan_log (source_id, batch_id, phase, status, origin, files, inserted, skipped, invalid, extras, subtitles, ended_at)
    VALUES (${sourceId}, ${batchId}::uuid, 'collector', 'completed', 'results', ${counts.files}, ${counts.inserted}, ${counts.skipped},
      ${counts.invalid}, ${counts.extras}, ${counts.subtitles}, now())
  `);
}

/** Counts, tells where the scan is, and keeps it. False: it is another's by now, or nobody's. */
export async function noteScan(
  db: Db,
  { scanId, holder }: { scanId: number; holder: string },
  counts: ScanCounts,
  folder: string | null,
): Promise<boolean> {
  const { rowCount } = await db.query(command('sources.note_scan')`
    UPDATE scan_log SET folders = folders + ${counts.folders}, files = files + ${counts.files}, inserted = inserted + ${counts.inserted},
      skipped = skipped + ${counts.skipped}, invalid = invalid + ${counts.invalid}, extras = extras + ${counts.extras},
      subtitles = subtitles + ${counts.subtitles}, current_folder = coalesce(${folder}::text, current_folder), noted_at = now(),
      held_until = now() + make_interval(secs => ${LEASE_S})
    WHERE id = ${scanId} AND holder = ${holder}::uuid AND status = 'started'
  `);
  return rowCount > 0;
}

/** Another instance may go on with it at once. */
export async function leaveScan(
  db: Db,
  { scanId, holder }: { scanId: number; holder: string },
): Promise<void> {
  await db.query(command('sources.leave_scan')`
    UPDATE scan_log SET held_until = now() WHERE id = ${scanId} AND holder = ${holder}::uuid AND status = 'started'
  `);
}

/** It came to its end; `failure`: why it failed, or what there is to say of one that did not. False: it was another's. */
export async function endScan(
  db: Db,
  { scanId, holder }: { scanId: number; holder: string },
  end: { status: 'completed' | 'failed'; failure: string | null; moved: number; gone: number },
): Promise<boolean> {
  const { rowCount } = await db.query(command('sources.end_scan')`
    UPDATE scan_log SET status = ${end.status}, failure = ${end.failure}::text,
      moved = ${end.moved}, gone = ${end.gone}, ended_at = now(), noted_at = now(), current_folder = NULL, holder = NULL, held_until = NULL
    WHERE id = ${scanId} AND holder = ${holder}::uuid AND status = 'started'
  `);
  return rowCount > 0;
}

/** When the source is scanned again: after a failure sooner, a minute at first and twice as long each time. Failures are counted by its health. */
export async function noteScanned(db: Db, sourceId: number, failure: string | null): Promise<void> {
  await db.query(command('sources.note_scanned')`
    UPDATE source c SET last_error = ${failure}::text,
      last_scan_at = CASE WHEN ${failure}::text IS NULL THEN now() ELSE last_scan_at END,
      next_scan_at = CASE WHEN NOT is_active OR scan_minutes = 0 THEN NULL
        WHEN ${failure}::text IS NULL THEN now() + make_interval(mins => scan_minutes)
        ELSE now() + make_interval(mins => least(scan_minutes, (2 ^ least(
          coalesce((SELECT h.scan_failures FROM source_health h WHERE h.source_id = c.id), 0), 12))::integer)) END
    WHERE c.id = ${sourceId}
  `);
}

const Due = z.object({ id: z.int() });

/**
 * Sources whose time has come, each for the one caller: it is asked again in some minutes, should the job it makes of it be lost. And those
 * whose scan nobody goes on with. One that nobody reaches, or that rests by its health, waits until a probe reaches it, unless its owner
 * asked for the scan, which holds for one.
 */
export async function dueSources(db: Db, limit: number): Promise<number[]> {
  const due = await db.any(rows('sources.due', Due)`
    UPDATE source c SET next_scan_at = now() + interval '5 minutes', is_scan_asked = false
    WHERE c.id IN (
      SELECT d.id FROM source d
      WHERE d.is_active AND (d.is_reachable OR d.is_scan_asked) AND (d.next_scan_at <= now() OR EXISTS (
        SELECT 1 FROM scan_log l WHERE l.source_id = d.id AND l.phase = 'collector' AND l.status = 'started' AND l.held_until < now()))
      ORDER BY d.next_scan_at NULLS LAST LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    RETURNING c.id
  `);
  return due.map(({ id }) => id);
}

/** Its owner wants it scanned at once, whatever its health; answers its number. Null: there is no such source that is active. */
export async function makeSourceDue(db: Db, publicId: string): Promise<number | null> {
  const found = await db.maybeOne(rows('sources.make_due', Due)`
    UPDATE source SET next_scan_at = now(), is_scan_asked = true WHERE public_id = ${publicId}::uuid AND is_active RETURNING id
  `);
  return found?.id ?? null;
}

/**
 * Its files have changed (`isSeen`), or nothing would tell of it: then one that is scanned only when somebody says so stays as it is.
 * `least` passes over NULL.
 */
export async function makeDueSoon(db: Db, sourceId: number, isSeen: boolean): Promise<void> {
  await db.query(command('sources.make_due_soon')`
    UPDATE source SET next_scan_at = least(next_scan_at, now()) WHERE id = ${sourceId} AND is_active AND (${isSeen} OR scan_minutes > 0)
  `);
}

/** Older than 90 days; some thousand at a time. True: there may be more. */
export async function forgetOldScans(db: Db, days: number): Promise<boolean> {
  const { rowCount } = await db.query(command('sources.forget_scans')`
    DELETE FROM scan_log WHERE id IN (
      SELECT l.id FROM scan_log l WHERE l.started_at < now() - make_interval(days => ${days}) ORDER BY l.started_at LIMIT 1000)
  `);
  return rowCount === 1000;
}

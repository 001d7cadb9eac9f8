import { z } from 'zod';
import { type Db, isoTime, rows, sql } from '../../../platform/db.ts';

const utc = (column: string) => isoTime('l', column);

const Count = z.int();

/** One phase of one batch: the walk over a source (`collector`), or the matching of what it found (`enricher`). */
export const ScanAnswer = z.object({
  batchId: z.uuid(),
  phase: z.enum(['collector', 'enricher']),
  status: z.enum(['started', 'completed', 'failed']),
  /** `results`: sent in by somebody. */
  origin: z.enum(['scan', 'results']),
  /** Read to their end. */
  folders: Count,
  /** Videos seen; of the matching: taken. */
  files: Count,
  /** Videos that were new. */
  inserted: Count,
  /** Videos that were known. */
  skipped: Count,
  /** Files that are no video and no subtitle, and names that are refused. */
  invalid: Count,
  extras: Count,
  subtitles: Count,
  moved: Count,
  gone: Count,
  matched: Count,
  /** They wait for a person. */
  flagged: Count,
  unmatched: Count,
  failed: Count,
  /** Where it is, as people read it. */
  currentFolder: z.string().nullable(),
  failure: z.string().nullable(),
  startedAt: z.iso.datetime(),
  notedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type ScanAnswer = z.infer<typeof ScanAnswer>;

const COLUMNS = sql.fragment`l.batch_id AS "batchId", l.phase, l.status, l.origin, l.folders, l.files, l.inserted, l.skipped, l.invalid, l.extras,
  l.subtitles, l.moved, l.gone, l.matched, l.flagged, l.unmatched, l.failed, l.current_folder AS "currentFolder", l.failure,
  ${utc('started_at')} AS "startedAt", ${utc('noted_at')} AS "notedAt", ${utc('ended_at')} AS "endedAt"`;

/** The last scans of a source and the matching after them, newest first. */
export function scansOf(db: Db, sourceId: number, limit: number): Promise<readonly ScanAnswer[]> {
  return db.any(rows('sources.scans', ScanAnswer)`
    SELECT ${COLUMNS} FROM scan_log l WHERE l.source_id = ${sourceId} ORDER BY l.id DESC LIMIT ${limit}
  `);
}

/** A walk over a source. */
export const SourceScan = ScanAnswer.extend({
  sourceId: z.uuid(),
  /** Folders that are known and not read yet; `mostCounted`: that many, or more. */
  foldersWaiting: Count,
});
export type SourceScan = z.infer<typeof SourceScan>;

const scans = (mostCounted: number) => sql.fragment`
  SELECT ${COLUMNS}, c.public_id AS "sourceId",
    (SELECT count(*) FROM (SELECT 1 FROM scan_folder f WHERE f.source_id = l.source_id AND f.state = 'waiting' LIMIT ${mostCounted}) w)::integer
      AS "foldersWaiting"
  FROM scan_log l JOIN source c ON c.id = l.source_id`;

/** The scans that run, oldest first. */
export function runningScans(
  db: Db,
  { limit, mostCounted }: { limit: number; mostCounted: number },
): Promise<readonly SourceScan[]> {
  return db.any(rows('sources.running_scans', SourceScan)`
    ${scans(mostCounted)} WHERE l.phase = 'collector' AND l.status = 'started' AND l.origin = 'scan' ORDER BY l.id LIMIT ${limit}
  `);
}

/** The scan of a source that runs, or was the last one. */
export function lastScan(db: Db, sourceId: number, mostCounted: number): Promise<SourceScan | null> {
  return db.maybeOne(rows('sources.last_scan', SourceScan)`
    ${scans(mostCounted)} WHERE l.source_id = ${sourceId} AND l.phase = 'collector' AND l.origin = 'scan' ORDER BY l.id DESC LIMIT 1
  `);
}

export const Matching = z.object({
  /** Videos that wait to be matched; `mostCounted`: that many, or more. */
  waiting: Count,
  /** What came of the videos of the last 24 hours' scans, all together: who asks twice sees how fast it goes. */
  matched: Count,
  flagged: Count,
  unmatched: Count,
  failed: Count,
});
export type Matching = z.infer<typeof Matching>;

/** How far the matching of staged videos is; of one source, or (null) of all. */
export function matchingOf(db: Db, sourceId: number | null, mostCounted: number): Promise<Matching> {
  return db.one(rows('sources.matching', Matching)`
    SELECT (SELECT count(*) FROM (
        SELECT 1 FROM scan_item i WHERE i.state IN ('pending', 'processing') AND (${sourceId}::int8 IS NULL OR i.source_id = ${sourceId}::int8)
        LIMIT ${mostCounted}) w)::integer AS waiting,
      coalesce(sum(l.matched), 0)::integer AS matched, coalesce(sum(l.flagged), 0)::integer AS flagged,
      coalesce(sum(l.unmatched), 0)::integer AS unmatched, coalesce(sum(l.failed), 0)::integer AS failed
    FROM scan_log l
    WHERE l.phase = 'enricher' AND (l.status = 'started' OR l.started_at > now() - interval '24 hours')
      AND (${sourceId}::int8 IS NULL OR l.source_id = ${sourceId}::int8)
  `);
}

import { randomUUID } from 'node:crypto';
import { type Lister, ListingFailed, type WalkedPart } from '../../finders/lister.ts';
import { walkFolders } from '../../finders/walk-folders.ts';
import { AppError } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { finishPart, finishScan } from './finish-scan.ts';
import { listerOf } from './open-lister.ts';
import { placeOf } from './place.ts';
import { hasFiles } from './queries/files.ts';
import {
  beginScan,
  leaveScan,
  lockSource,
  noteScan,
  type ScanCounts,
  type Walked,
  waitingFolders,
  walkedSoFar,
} from './queries/scans.ts';
import { sourceById } from './queries/sources.ts';
import { endWith, LostScan, type Scan, type ScanDeps, type ScanResult } from './scan.ts';
import { stageParts } from './stage-parts.ts';

/** A chunk is written when it has so many files, or is so old. */
const CHUNK_FILES = 500;
const CHUNK_MS = 2000;
/** Shorter than the lease by far. */
const RENEW_MS = 20_000;
/** Of the frontier, in one walk. */
const MAX_STARTS = 50_000;
/** More than any disk of a household; what a server says without end must come to one here. */
const MOST_WALKED: Walked = { files: 2_000_000, folders: 500_000 };

/**
 * Scans a source: walks its folders and stages what is new. One instance at a time; one that was broken off goes on where it was. A server that
 * fails takes nothing away: what is known of it stays, and the walk is taken up later.
 */
export async function runScan(deps: ScanDeps, sourceId: number, signal: AbortSignal): Promise<ScanResult> {
  const scan = await claim(deps.db, sourceId);
  if (scan === null) return 'not-mine';
  const lost = new AbortController();
  const timer = setInterval(() => void renew(deps, scan, lost), RENEW_MS).unref();
  try {
    return await walkAndFinish(deps, scan, AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (error instanceof TooMuch) return await finishPart(deps, scan, error.message);
    if (lost.signal.aborted || error instanceof LostScan) return 'not-mine';
    if (signal.aborted) {
      await leaveScan(deps.db, scan);
      throw error;
    }
    return await failed(deps, scan, error);
  } finally {
    clearInterval(timer);
  }
}

async function claim(db: Pool, sourceId: number): Promise<Scan | null> {
  const holder = randomUUID();
  const running = await db.transaction(async (tx) =>
    (await lockSource(tx, sourceId)) ? await beginScan(tx, sourceId, holder) : null,
  );
  const source = running === null ? null : await sourceById(db, sourceId);
  if (running === null || source === null) return null;
  const walked = await walkedSoFar(db, sourceId, running.scanId);
  // Of the first scan nothing can have moved, and it need not wait for its end.
  return { ...running, source, holder, isHeld: await hasFiles(db, source), walked, lastReason: null };
}

const NOTHING: ScanCounts = {
  folders: 0,
  files: 0,
  inserted: 0,
  skipped: 0,
  invalid: 0,
  extras: 0,
  subtitles: 0,
};

async function renew({ db, log }: ScanDeps, scan: Scan, lost: AbortController): Promise<void> {
  try {
    if (!(await noteScan(db, scan, NOTHING, null))) lost.abort(new LostScan());
  } catch (error) {
    log.debug({ err: error }, 'a scan could not say that it goes on');
  }
}

async function walkAndFinish(deps: ScanDeps, scan: Scan, signal: AbortSignal): Promise<ScanResult> {
  const lister = listerOf(deps, scan.source, placeOf(deps.crypto, scan.source));
  try {
    for (;;) {
      const starts = await waitingFolders(deps.db, scan.source.id, MAX_STARTS);
      if (starts.length === 0) break;
      await walkFrom(deps, scan, { lister, starts, signal });
    }
  } finally {
    await lister.close();
  }
  return await finishScan(deps, scan);
}

/** The source has more than one scan may see. */
class TooMuch extends Error {}

/** Throws TooMuch. */
function noteWalked(scan: Scan, part: WalkedPart, most: Walked): void {
  scan.walked.files += part.files.length + part.refused;
  scan.walked.folders += part.folders.length;
  if (part.state === 'failed') scan.lastReason = part.reason;
  const word = (['files', 'folders'] as const).find((what) => scan.walked[what] > most[what]);
  if (word !== undefined)
    throw new TooMuch(
      `It has more than ${most[word]} ${word}, and no more are read of one source: the rest was left out, and nothing was taken for gone. Add its folders as sources of their own.`,
    );
}

async function walkFrom(
  { db, restsMs, mostWalked = MOST_WALKED }: ScanDeps,
  scan: Scan,
  { lister, starts, signal }: { lister: Lister; starts: readonly string[]; signal: AbortSignal },
): Promise<void> {
  let [parts, files, since]: [WalkedPart[], number, number] = [[], 0, performance.now()];
  const write = async () => {
    if (parts.length > 0) await stageParts(db, scan, parts);
    [parts, files, since] = [[], 0, performance.now()];
  };
  const walk = walkFolders(lister, { starts, signal, ...(restsMs === undefined ? {} : { restsMs }) });
  try {
    for await (const part of walk) {
      refuseBase(part);
      parts.push(part);
      files += part.files.length;
      noteWalked(scan, part, mostWalked);
      if (files >= CHUNK_FILES || performance.now() - since > CHUNK_MS) await write();
    }
  } catch (error) {
    // What came before it is not lost.
    if (error instanceof ListingFailed || error instanceof TooMuch) await write();
    throw error;
  }
  await write();
}

/** Without its base nothing can be said of a source. */
function refuseBase({ path, state, reason }: WalkedPart): void {
  if (path === '' && state === 'failed')
    throw new ListingFailed('server', reason ?? 'The address of the source cannot be listed.');
}

async function failed({ db, log }: ScanDeps, scan: Scan, error: unknown): Promise<ScanResult> {
  if (!(error instanceof AppError)) log.error({ err: error, source: scan.source.name }, 'a scan failed');
  const reason =
    error instanceof AppError
      ? error.message
      : 'The scan failed by a fault of this server, which its log names.';
  await endWith(db, scan, reason);
  return 'failed';
}

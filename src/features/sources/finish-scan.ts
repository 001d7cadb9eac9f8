import { BadInput } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { addressOf, detailInput, readablePath } from '../../streams/source-files.ts';
import { dropSubtitles, markStreams } from '../stream-index/index.ts';
import { kindOf } from './place.ts';
import { endScan, failedFolders, forgetWalk, noteScanned } from './queries/scans.ts';
import {
  dropGoneSubtitles,
  dropItems,
  foundStreams,
  goneStreams,
  movedFiles,
  releaseItems,
  settleItems,
  sightsOf,
} from './queries/staging.ts';
import { endWith, LostScan, MAX_FAILURE_CHARS, type Scan, type ScanDeps, type ScanResult } from './scan.ts';

/**
 * What a whole walk tells: files that moved keep their streams, those that are gone are hidden as `broken` and kept, those that came back are
 * shown again. A source that was full and is empty now is one that could not be read.
 */
export async function finishScan(deps: ScanDeps, scan: Scan): Promise<ScanResult> {
  const { db } = deps;
  const { source } = scan;
  const sights = await sightsOf(db, source);
  if (sights.hasFiles && !sights.hasSeen) {
    await endWith(db, scan, EMPTY);
    return 'failed';
  }
  await db.transaction(async (tx) => {
    const moved = await moveStreams(tx, deps.kinds.get(kindOf(source.finder)), scan);
    const gone = await goneStreams(tx, source);
    await markStreams(tx, idsOf(gone), 'broken');
    await markStreams(tx, idsOf(await foundStreams(tx, source)), 'active');
    const lost = await dropGoneSubtitles(tx, source.id);
    await dropSubtitles(
      tx,
      lost.flatMap(({ streamId, path }) =>
        streamId === null ? [] : [{ streamId, path: addressOf(source, path) }],
      ),
    );
    await settleItems(tx, source.id);
    const note = await noteOf(tx, scan);
    await forgetWalk(tx, source.id);
    if (!(await endScan(tx, scan, { status: 'completed', failure: note, moved, gone: gone.length })))
      throw new LostScan();
    await noteScanned(tx, source.id, null);
  });
  return 'completed';
}

/** One that saw more than it may: what it staged stays and is matched, and nothing is taken for gone. */
export async function finishPart(
  { db }: Pick<ScanDeps, 'db'>,
  scan: Scan,
  reason: string,
): Promise<ScanResult> {
  const { source } = scan;
  await db.transaction(async (tx) => {
    await markStreams(tx, idsOf(await foundStreams(tx, source)), 'active');
    await releaseItems(tx, source.id);
    await forgetWalk(tx, source.id);
    if (!(await endScan(tx, scan, { status: 'completed', failure: reason, moved: 0, gone: 0 })))
      throw new LostScan();
    await noteScanned(tx, source.id, null);
  });
  return 'completed';
}

/** Folders that could not be listed, in words for the log; null: there are none. */
async function noteOf(tx: Db, { source, lastReason }: Scan): Promise<string | null> {
  const { count, first } = await failedFolders(tx, source.id);
  if (count === 0 || first === null) return null;
  const what = count === 1 ? 'One folder' : `${count} folders`;
  const where = `“${readablePath(first).slice(0, 150)}”`;
  const note = `${what} could not be read; what is known of them stays. ${count === 1 ? 'It is' : 'One is'} ${where}. ${lastReason ?? ''}`;
  return note.trim().slice(0, MAX_FAILURE_CHARS);
}

const MOVED_AT_ONCE = 1000;
const EMPTY =
  'The source is empty now, and was not before: perhaps its disk is not mounted. Nothing was changed. If it is meant to be empty, take it away.';

/** A thousand at a time; answers how many moved. */
async function moveStreams(tx: Db | Pool, kind: StreamKind | undefined, { source }: Scan): Promise<number> {
  if (kind?.move === undefined) return 0;
  const moved = await movedFiles(tx, source);
  let count = 0;
  for (let at = 0; at < moved.length; at += MOVED_AT_ONCE) {
    const some = moved.slice(at, at + MOVED_AT_ONCE);
    const done = new Set(
      await kind.move(
        tx,
        some.flatMap(({ streamId, path }) => {
          const detail = detailOf(kind, source, path);
          return detail === null ? [] : [{ streamId, filePath: path, detail }];
        }),
      ),
    );
    await markStreams(tx, [...done], 'active');
    await dropItems(
      tx,
      some.flatMap(({ streamId, itemId }) => (done.has(streamId) ? [itemId] : [])),
    );
    count += done.size;
  }
  return count;
}

/** Null: a name its kind does not take, as one with a backslash in a folder here. */
function detailOf(kind: StreamKind, source: Scan['source'], path: string): unknown {
  try {
    return kind.parse(detailInput(source, path));
  } catch (error) {
    if (error instanceof BadInput) return null;
    throw error;
  }
}

function idsOf(streams: readonly { streamId: number }[]): number[] {
  return streams.map(({ streamId }) => streamId);
}

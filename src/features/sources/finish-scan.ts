import type { Db, Pool } from '../../platform/db.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { addressOf, detailInput } from '../../streams/source-files.ts';
import { dropSubtitles, markStreams } from '../stream-index/index.ts';
import { kindOf } from './place.ts';
import { endScan, forgetWalk, noteScanned } from './queries/scans.ts';
import {
  dropGoneSubtitles,
  dropItems,
  foundStreams,
  goneStreams,
  movedFiles,
  settleItems,
  sightsOf,
} from './queries/staging.ts';
import { endWith, LostScan, type Scan, type ScanDeps, type ScanResult } from './scan.ts';

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
    await forgetWalk(tx, source.id);
    if (!(await endScan(tx, scan, { failure: null, moved, gone: gone.length }))) throw new LostScan();
    await noteScanned(tx, source.id, null);
  });
  return 'completed';
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
        some.map(({ streamId, path }) => ({
          ...{ streamId, filePath: path },
          detail: kind.parse(detailInput(source, path)),
        })),
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

function idsOf(streams: readonly { streamId: number }[]): number[] {
  return streams.map(({ streamId }) => streamId);
}

import type { WalkedPart } from '../../finders/lister.ts';
import type { Pool } from '../../platform/db.ts';
import { readablePath } from '../../streams/source-files.ts';
import { endFolders, noteScan, putFolders } from './queries/scans.ts';
import { noteSeenPaths, stageSubtitles, stageVideos } from './queries/staging.ts';
import { LostScan, type Scan } from './scan.ts';
import { MAX_PATH_CHARS, sortFiles } from './sort-files.ts';

/** Writes what a walk found, in one transaction: whoever goes on with the walk has all of it or nothing. Throws LostScan. */
export async function stageParts(db: Pool, scan: Scan, parts: readonly WalkedPart[]): Promise<void> {
  const { source } = scan;
  const { videos, subtitles, others } = sortFiles(parts.flatMap(({ files }) => files));
  const folders = parts.flatMap((part) => part.folders).filter((path) => path.length <= MAX_PATH_CHARS);
  const ended = parts.flatMap(({ path, state }) => (state === 'more' ? [] : [{ path, state }]));
  await db.transaction(async (tx) => {
    const staged = await stageVideos(tx, scan, videos);
    const newSubtitles = await stageSubtitles(tx, scan, subtitles);
    const seen = [...videos, ...subtitles].map(({ path }) => path);
    await noteSeenPaths(tx, source.id, seen);
    await putFolders(tx, source.id, folders);
    await endFolders(tx, source.id, ended);
    const counts = {
      ...staged,
      files: videos.length,
      folders: ended.length,
      skipped: videos.length - staged.inserted - staged.extras,
      invalid: others + parts.reduce((sum, { refused }) => sum + refused, 0),
      subtitles: newSubtitles,
    };
    const folder = readablePath(parts.at(-1)?.path ?? '').slice(0, MAX_PATH_CHARS);
    if (!(await noteScan(tx, scan, counts, folder))) throw new LostScan();
  });
}

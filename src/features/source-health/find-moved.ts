import type { ListedEntry, Lister } from '../../finders/lister.ts';

/** Folders listed to find one file; whole servers are for scans. */
const MAX_FOLDERS = 2000;

type Folders = Pick<Lister, 'list'>;
type Wanted = { name: string; sizeBytes: number | null };

/**
 * Looks for a file under its name and size elsewhere on its source, in the folders nearest to where it lay first. Its new path from the
 * base; null: it is not there, as far as was looked. A folder that cannot be listed is passed over.
 */
export async function findMoved(
  lister: Folders,
  { path, sizeBytes }: { path: string; sizeBytes: number | null },
  signal: AbortSignal,
): Promise<string | null> {
  const segments = path.split('/');
  const wanted = { name: segments.pop() ?? '', sizeBytes };
  // Its folder, the one above, … the base; then what is below them.
  const waiting = new Set(
    Array.from({ length: segments.length + 1 }, (_, up) => segments.slice(0, segments.length - up).join('/')),
  );
  for (const folder of waiting) {
    const found = await lookIn(lister, folder, wanted, waiting, signal);
    if (found !== null) return found;
  }
  return null;
}

async function lookIn(
  lister: Folders,
  folder: string,
  wanted: Wanted,
  waiting: Set<string>,
  signal: AbortSignal,
): Promise<string | null> {
  const pathOf = ({ segment }: ListedEntry) => (folder === '' ? segment : `${folder}/${segment}`);
  try {
    for await (const batch of lister.list(folder, signal)) {
      const found = batch.find((entry) => isIt(entry, wanted));
      if (found !== undefined) return pathOf(found);
      const below = batch
        .filter(({ kind }) => kind === 'folder')
        .slice(0, Math.max(0, MAX_FOLDERS - waiting.size));
      for (const entry of below) waiting.add(pathOf(entry));
    }
  } catch {
    signal.throwIfAborted();
  }
  return null;
}

/** Where a listing or we do not know the size, the name has to do. */
function isIt(entry: ListedEntry, { name, sizeBytes }: Wanted): boolean {
  const isSize = sizeBytes === null || entry.sizeBytes === null || entry.sizeBytes === sizeBytes;
  return entry.kind === 'file' && entry.segment === name && isSize;
}

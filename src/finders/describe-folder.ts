import type { ListedEntry } from './lister.ts';

/** Enough to see that it works. */
const MAX_COUNTED = 10_000;

/** What a folder holds, in words for its owner: `12 files and 3 folders.` Throws what the listing throws. */
export async function describeFolder(batches: AsyncIterable<readonly ListedEntry[]>): Promise<string> {
  const count = { file: 0, folder: 0 };
  for await (const batch of batches) {
    for (const { kind } of batch) count[kind] += 1;
    if (count.file + count.folder >= MAX_COUNTED) return `More than ${MAX_COUNTED - 1} files and folders.`;
  }
  return `${counted(count.file, 'file')} and ${counted(count.folder, 'folder')}.`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

import type { Dir } from 'node:fs';
import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { isInside, joined } from '../../kit/byte-paths.ts';
import { wholeSize } from '../../kit/whole-size.ts';
import { abortable } from '../../platform/abortable.ts';
import { namedBy } from '../listed-name.ts';
import { type ListedEntry, ListingFailed } from '../lister.ts';
import { realInside, realRoot } from './inside.ts';

/** Looked at together: the thread pool has four threads, so more would only wait there. */
const BATCH = 64;
/** One folder is not there or not for us; anything else (EIO, ESTALE) is the disk's failure. */
const OF_FOLDER: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
]);

/** The entry is gone meanwhile; behind a link also: it leads nowhere, or where we may not look. All else is no answer. */
const GONE: ReadonlySet<string> = new Set(['ENOENT']);
const LEADS_NOWHERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG']);

export type FolderRead = {
  root: string;
  /** From the root, segments as in ListedEntry. */
  path: string;
  isBase: boolean;
  signal: AbortSignal;
  onRefused: () => void;
};

/**
 * What is in a folder; names are bytes. A link to a file inside of the root is that file; one to a folder inside is passed over, since
 * that folder is listed where it is: so there are no circles, and nothing comes twice. Throws ListingFailed.
 */
export async function* readFolder(read: FolderRead): AsyncGenerator<readonly ListedEntry[], void> {
  const { root: given, path, isBase, signal, onRefused } = read;
  try {
    const root = await abortable(realRoot(given), signal);
    const folder = await abortable(realInside(root, path), signal);
    if (folder === null)
      throw new ListingFailed('folder', 'It leads out of its folder.', { isLasting: true });
    for await (const names of namesIn(await opened(folder, signal), signal)) {
      const entries = await abortable(Promise.all(names.map((name) => entryOf(root, folder, name))), signal);
      for (const entry of entries) if (entry === 'refused') onRefused();
      yield entries.filter((entry) => entry !== 'refused' && entry !== null);
    }
  } catch (error) {
    throw translated(error, isBase, signal);
  }
}

async function opened(folder: Buffer, signal: AbortSignal): Promise<Dir> {
  // Latin-1 gives each byte of a name as it is; the types know no Buffers here.
  const opening = opendir(folder, { encoding: 'latin1', bufferSize: BATCH });
  try {
    return await abortable(opening, signal);
  } catch (error) {
    opening.then((dir) => dir.close()).catch(() => {});
    throw error;
  }
}

async function* namesIn(dir: Dir, signal: AbortSignal): AsyncGenerator<Buffer[], void> {
  try {
    for (let isWhole = false; !isWhole; ) {
      const names = await abortable(nextNames(dir), signal);
      isWhole = names.length < BATCH;
      yield names;
    }
  } finally {
    // Not waited for: the disk may be gone.
    dir.close().catch(() => {});
  }
}

async function nextNames(dir: Dir): Promise<Buffer[]> {
  const names: Buffer[] = [];
  while (names.length < BATCH) {
    const entry = await dir.read();
    if (entry === null) break;
    names.push(Buffer.from(entry.name, 'latin1'));
  }
  return names;
}

/** Null: neither file nor folder, gone meanwhile, a link that leads out or to a folder. */
async function entryOf(root: Buffer, folder: Buffer, name: Buffer): Promise<ListedEntry | 'refused' | null> {
  const named = namedBy(name);
  if (named === null) return 'refused';
  const path = joined(folder, name);
  const found = await lstat(path, { bigint: true }).catch(nullIf(GONE));
  const isLink = found?.isSymbolicLink() === true;
  const info = isLink ? await behindLink(root, path) : found;
  const kind = info?.isFile() ? 'file' : info?.isDirectory() && !isLink ? 'folder' : null;
  if (info == null || kind === null) return null;
  const modifiedAt = info.mtime;
  if (kind === 'file') return { ...named, kind, sizeBytes: wholeSize(`${info.size}`), modifiedAt };
  // Some file systems have no numbers of files.
  const identity = info.ino === 0n ? {} : { identity: `${info.dev}:${info.ino}` };
  return { ...named, kind, sizeBytes: null, modifiedAt, ...identity };
}

async function behindLink(root: Buffer, path: Buffer) {
  const real = await realpath(path, { encoding: 'buffer' }).catch(nullIf(LEADS_NOWHERE));
  if (real === null || !isInside(root, real)) return null;
  return await stat(real, { bigint: true }).catch(nullIf(LEADS_NOWHERE));
}

/** A disk that does not answer for an entry must not count as one that has it no more. */
function nullIf(codes: ReadonlySet<string>): (error: unknown) => null {
  return (error) => {
    if (error instanceof Error && 'code' in error && codes.has(String(error.code))) return null;
    throw error;
  };
}

function translated(error: unknown, isBase: boolean, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  if (error instanceof ListingFailed || !(error instanceof Error) || !('code' in error)) return error;
  const isFolder = OF_FOLDER.has(String(error.code)) && !isBase;
  const words = isBase
    ? 'The folder of this source is not there or cannot be read'
    : 'The folder is not there or cannot be read';
  return new ListingFailed(isFolder ? 'folder' : 'server', `${words} (${String(error.code)}).`, {
    cause: error,
  });
}

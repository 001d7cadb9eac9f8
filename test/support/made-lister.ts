import { namedBy } from '../../src/finders/listed-name.ts';
import { type ListedEntry, type Lister, ListingFailed } from '../../src/finders/lister.ts';

/** A file, or what a folder holds; a function says it when it is asked, as folders that are links to others do. */
export type MadeFolder = { [name: string]: MadeFolder | number | (() => MadeFolder) };

export type MadeLister = Lister & {
  /** Paths that were asked for, in order. */
  asked: string[];
  /** The most listings that were open at once. */
  most(): number;
};

type Making = {
  connections?: number;
  /** What goes wrong with a folder; null: nothing. */
  fault?: (path: string, attempt: number) => Error | null;
  batch?: number;
};

/** Lists folders that exist in memory only. */
export function madeLister(
  root: MadeFolder,
  { connections = 4, fault, batch = 100 }: Making = {},
): MadeLister {
  const asked: string[] = [];
  let open = 0;
  let most = 0;

  async function* list(path: string, signal: AbortSignal): AsyncGenerator<readonly ListedEntry[]> {
    const attempt = asked.filter((earlier) => earlier === path).length;
    asked.push(path);
    open += 1;
    most = Math.max(most, open);
    try {
      await new Promise((resolve) => setTimeout(resolve, 1));
      signal.throwIfAborted();
      const failure = fault?.(path, attempt);
      if (failure) throw failure;
      const entries = Object.entries(folderAt(root, path));
      for (let at = 0; at < entries.length; at += batch)
        yield entries.slice(at, at + batch).flatMap(([name, what]) => entryOf(name, what));
    } finally {
      open -= 1;
    }
  }

  return { connections, list, asked, most: () => most, test: async () => 'Made.', close: async () => {} };
}

function entryOf(name: string, what: MadeFolder | number | (() => MadeFolder)): ListedEntry[] {
  const named = namedBy(Buffer.from(name));
  if (named === null) return [];
  const isFile = typeof what === 'number';
  return [{ ...named, kind: isFile ? 'file' : 'folder', sizeBytes: isFile ? what : null, modifiedAt: null }];
}

function folderAt(root: MadeFolder, path: string): MadeFolder {
  let at = root;
  for (const name of path === '' ? [] : path.split('/').map(decodeURIComponent)) {
    const next = at[name];
    if (next === undefined || typeof next === 'number') throw new ListingFailed('folder', 'It is not there.');
    at = typeof next === 'function' ? next() : next;
  }
  return at;
}

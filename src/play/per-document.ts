import type { Doc, Documents } from './documents.ts';

/** Links of a live presentation that many watch; each has its own text. */
const MAX_PER_DOCUMENT = 16;

/**
 * Remembers what was made of a document for a link as long as the document is kept, and as a part of it in memory: 5,000
 * sealed links take some 50 ms, a manifest 0.4 s a MiB.
 */
export function createPerDocument<T>(
  { grow }: Pick<Documents, 'grow'>,
  bytesOf: (made: T) => number | Promise<number>,
): (doc: Doc, key: string, make: () => T) => T {
  const made = new WeakMap<Doc, Map<string, T>>();
  return (doc, key, make) => {
    const known = made.get(doc) ?? new Map<string, T>();
    made.set(doc, known);
    const before = known.get(key);
    if (before !== undefined) return before;
    const fresh = make();
    if (known.size >= MAX_PER_DOCUMENT) return fresh;
    known.set(key, fresh);
    const bytes = bytesOf(fresh);
    if (typeof bytes === 'number') grow(doc, bytes);
    else
      bytes.then(
        (later) => grow(doc, later),
        () => {},
      );
    return fresh;
  };
}

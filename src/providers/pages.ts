import type { OutsideId } from './provider.ts';

/** What the pages hold, one after the other, until one comes that is not full; never more pages than the limit. */
export async function* pagesOf<T>(
  { size, max }: { size: number; max: number },
  ask: (page: number) => Promise<readonly T[]>,
): AsyncGenerator<T> {
  for (let page = 0; page < max; page += 1) {
    const items = await ask(page);
    yield* items;
    if (items.length < size) return;
  }
}

/** Of changes told newest first those until then, each title once: what changes meanwhile moves the rest to the next page. */
export async function* untilOlder<T>(
  changes: AsyncIterable<T>,
  since: Date,
  read: (change: T) => { id: OutsideId | null; atMs: number },
): AsyncGenerator<OutsideId> {
  const told = new Set<string>();
  for await (const change of changes) {
    const { id, atMs } = read(change);
    if (atMs < since.getTime()) return;
    if (id === null || told.has(id.value)) continue;
    told.add(id.value);
    yield id;
  }
}

/** By their numbers: where two are called the same, the later is right. */
export async function byNumber<T extends { number: number }>(items: AsyncIterable<T>): Promise<T[]> {
  const found = new Map<number, T>();
  for await (const item of items) found.set(item.number, item);
  return [...found.values()].sort((a, b) => a.number - b.number);
}

/** All of them. */
export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

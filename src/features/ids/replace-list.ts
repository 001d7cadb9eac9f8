import { BadInput } from '../../kit/errors.ts';
import { jsonItems } from '../../kit/json-items.ts';
import type { Pool } from '../../platform/db.ts';
import { fribbMapping, isManami, manamiMapping } from './list-shapes.ts';
import { deleteOtherMappings, lockMappings, type Mapping, putMappings } from './queries.ts';
import { readAnimeXml } from './read-anime-xml.ts';

/** The largest of the lists has 40,000 of at most 60 KB. */
const MAX_ENTRIES = 200_000;
const MAX_ENTRY_BYTES = 1024 * 1024;
const ROWS_PER_STATEMENT = 1000;
/** The list has 6 MB; a tag or a text of it stands in memory while it is read. */
const MAX_XML_BYTES = 64 * 1024 * 1024;

export type ListResult = {
  list: Mapping['list'];
  entries: number;
  new: number;
  changed: number;
  gone: number;
  /** Entries with a broken shape, or with nothing to learn from. */
  skipped: number;
};

/**
 * Makes what is kept of a public anime list what its text says: Fribb's anime-lists (JSON), Anime-Lists' anime-list (XML) or manami's
 * offline database (JSON, JSON Lines), told apart by what they hold. Read whole before anything is written, then written in one
 * transaction: what ends in the middle leaves the last good one. Throws BadInput `ids.unknown_list`, `ids.broken_list`, `json.broken`.
 */
export async function replaceList(
  db: Pool,
  chunks: AsyncIterable<Uint8Array>,
  { signal, onEntry }: { signal: AbortSignal; onEntry?: () => void },
): Promise<ListResult> {
  const entries = new Map<string, Mapping>();
  let skipped = 0;
  for await (const mapping of mappingsOf(chunks)) {
    signal.throwIfAborted();
    onEntry?.();
    if (mapping === null || entries.has(mapping.entry)) skipped += 1;
    else entries.set(mapping.entry, mapping);
    if (entries.size > MAX_ENTRIES) throw new BadInput('ids.broken_list', 'The list has too many entries.');
  }
  const [first] = entries.values();
  // An empty list would take all away that an earlier one brought.
  if (first === undefined) throw unknownList();
  const { list } = first;
  const written = await write(db, list, [...entries.values()], signal);
  return { list, entries: entries.size, ...written, skipped };
}

async function write(db: Pool, list: Mapping['list'], mappings: readonly Mapping[], signal: AbortSignal) {
  return db.transaction(async (tx) => {
    await lockMappings(tx);
    const counts = { new: 0, changed: 0 };
    for (let from = 0; from < mappings.length; from += ROWS_PER_STATEMENT) {
      signal.throwIfAborted();
      for (const { isNew } of await putMappings(tx, mappings.slice(from, from + ROWS_PER_STATEMENT)))
        counts[isNew ? 'new' : 'changed'] += 1;
    }
    const entries = mappings.map(({ entry }) => entry);
    return { ...counts, gone: await deleteOtherMappings(tx, list, entries) };
  });
}

/** The first byte tells XML from JSON, the first entry whose JSON it is. */
async function* mappingsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Mapping | null> {
  const { first, all } = await peeked(chunks);
  if (first === '<') yield* readAnimeXml(bounded(all));
  else if (first === '[' || first === '{') yield* fromJson(all);
  else throw unknownList();
}

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    done += chunk.length;
    if (done > MAX_XML_BYTES) throw new BadInput('ids.broken_list', 'The list is larger than 64 MiB.');
    yield chunk;
  }
}

async function* fromJson(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Mapping | null> {
  let read: ((item: unknown) => Mapping | null) | null = null;
  for await (const item of jsonItems(chunks, MAX_ENTRY_BYTES)) {
    if (read === null && isManami(item)) read = manamiMapping;
    else if (read === null && fribbMapping(item) !== null) read = fribbMapping;
    yield read === null ? null : read(item);
  }
}

async function peeked(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  const { value } = await iterator.next();
  const head: Uint8Array = value ?? new Uint8Array(0);
  const first = new TextDecoder().decode(head.subarray(0, 1024)).trimStart()[0] ?? '';
  return { first, all: rest() };

  async function* rest(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
}

function unknownList(): BadInput {
  return new BadInput(
    'ids.unknown_list',
    'This is none of the lists of anime ids that can be read: Fribb anime-lists (JSON), Anime-Lists anime-list (XML), manami anime-offline-database (JSON).',
  );
}

import { z } from 'zod';
import { BadInput } from '../../kit/errors.ts';
import { instantOf } from '../../kit/instant.ts';
import { jsonItems } from '../../kit/json-items.ts';
import { namedBy } from '../listed-name.ts';
import { type ListedEntry, ListingFailed } from '../lister.ts';
import type { LinkTarget } from '../url-folder.ts';

const BATCH = 1000;
const MAX_ITEM_BYTES = 16_384;
const Untold = z.unknown().optional();

/**
 * nginx: `{name, type, mtime, size}` (autoindex_format json). Caddy: `{name, url, is_dir, mod_time, size}`. Time and size are read by hand: what
 * zod leaves behind of a `catch` and a `transform` was a third of what a scan pushed into the old generation.
 */
const Item = z.union([
  z.object({ name: z.string(), type: z.string(), mtime: Untold, size: Untold }),
  z.object({ url: z.string(), is_dir: z.boolean(), mod_time: Untold, size: Untold }),
]);
type Item = z.infer<typeof Item>;

/** The entries of a listing in JSON, while it comes. Throws ListingFailed for JSON that is none or ends in the middle. */
export async function* jsonListing(
  chunks: AsyncIterable<Uint8Array>,
  judge: (href: string) => LinkTarget,
  onRefused: () => void,
): AsyncGenerator<readonly ListedEntry[], void> {
  let batch: ListedEntry[] = [];
  for await (const item of itemsOf(chunks)) {
    const entry = entryOf(item, judge);
    if (entry === 'refused') onRefused();
    else if (entry !== null) batch.push(entry);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function* itemsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Item, void> {
  try {
    // Names are whatever bytes the file system has.
    for await (const given of jsonItems(chunks, MAX_ITEM_BYTES, 'latin1')) {
      const item = Item.safeParse(given);
      if (!item.success)
        throw new ListingFailed('folder', 'It answered with JSON that is no listing.', { isLasting: true });
      yield item.data;
    }
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    throw new ListingFailed('server', 'Its listing broke off.', { cause: error });
  }
}

function entryOf(item: Item, judge: (href: string) => LinkTarget): ListedEntry | 'refused' | null {
  const target = 'url' in item ? judge(item.url) : targetOf(item.name, item.type);
  if (target === 'refused' || target === 'elsewhere') return 'refused';
  if (target === 'parent' || target === null) return null;
  const { kind, segment, name } = target;
  const time = 'url' in item ? item.mod_time : item.mtime;
  return {
    ...{ kind, segment, name },
    sizeBytes: kind === 'file' ? sizeOf(item.size) : null,
    modifiedAt: typeof time === 'string' ? instantOf(time) : null,
  };
}

/** Null: not told, or no size. */
function sizeOf(told: unknown): number | null {
  return typeof told === 'number' && Number.isSafeInteger(told) && told >= 0 ? told : null;
}

/** Null: a device, a socket. */
function targetOf(name: string, type: string): Exclude<LinkTarget, 'parent' | 'elsewhere'> | null {
  if (type !== 'file' && type !== 'directory') return null;
  // Escapes beyond a byte say that it is text.
  const isBytes = !/[^\0-\xff]/.test(name);
  const named = namedBy(Buffer.from(name, isBytes ? 'latin1' : 'utf8'));
  return named === null ? 'refused' : { ...named, kind: type === 'file' ? 'file' : 'folder' };
}

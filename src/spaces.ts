import { z } from 'zod';
import { FoundTitle } from './addon/find-title.ts';
import { Stock } from './catalogs/catalog.ts';
import { CuratedList } from './catalogs/registry.ts';
import { HistoryEntry, MarkPage } from './features/activity/index.ts';
import { MediaDetail } from './features/media/index.ts';
import { OverviewCounts } from './features/stats/index.ts';
import { Offer } from './features/stream-index/index.ts';
import type { Ground } from './ground.ts';
import { JsonText } from './kit/json-text.ts';
import { createKeptMemory } from './platform/kept-memory.ts';

const MINUTE_MS = 60_000;

export type Spaces = ReturnType<typeof openSpaces>;

/**
 * What is cached of the catalogue, with the lives of the seeds (catalogue and meta 30 min, streams 15 min raw and
 * filtered after reading, manifest parts 5 min). All of it is forgotten when the database says that titles or streams changed.
 */
export function openSpaces({ cache }: { cache: Pick<Ground['cache'], 'space'> }) {
  const memory = createKeptMemory();
  return {
    pages: cache.space('catalog', {
      pack: ({ bytes, etag }) => {
        const { sizeBytes, read, free } = memory.keep(bytes);
        return { sizeBytes, value: () => new JsonText(read(), etag), free };
      },
      lend: { copy: (page) => page.shared(), empty: (page) => void page.take() },
      ttlMs: 30 * MINUTE_MS,
      maxEntries: 2000,
      schema: JsonText.schema,
      group: 'media',
    }),
    details: cache.space('meta', {
      ttlMs: 30 * MINUTE_MS,
      maxEntries: 2000,
      schema: MediaDetail.nullable(),
      group: 'media',
    }),
    offers: cache.space('streams', {
      ttlMs: 15 * MINUTE_MS,
      maxEntries: 5000,
      schema: z.array(Offer),
      group: 'media',
    }),
    /** Two statements of each stream answer. Short: not every id of a title is announced. */
    titles: cache.space('titles', {
      ttlMs: 10_000,
      maxEntries: 5000,
      schema: FoundTitle.nullable(),
      group: 'media',
    }),
    lists: cache.space('lists', {
      ttlMs: 5 * MINUTE_MS,
      maxEntries: 500,
      schema: z.array(CuratedList),
      group: 'media',
    }),
    stock: cache.space('stock', {
      ttlMs: 5 * MINUTE_MS,
      maxEntries: 10,
      schema: Stock,
      group: 'media',
    }),
    genres: cache.space('genres', {
      ttlMs: 5 * MINUTE_MS,
      maxEntries: 10,
      schema: z.array(z.string()),
      group: 'media',
    }),
    /** Asked for each range of a stored film; 1 ms of Node's time and the database's without it. */
    playable: cache.space('playable', {
      ttlMs: 10_000,
      maxEntries: 5000,
      schema: z.boolean(),
      group: 'media',
    }),
    /** Of the group too: a title that is hidden is gone from these at once. */
    library: cache.space('library', {
      ttlMs: 5 * MINUTE_MS,
      maxEntries: 1000,
      schema: MarkPage,
      group: 'media',
    }),
    recentlyWatched: cache.space('recently_watched', {
      ttlMs: 5 * MINUTE_MS,
      maxEntries: 1000,
      schema: z.array(HistoryEntry),
      group: 'media',
    }),
    counts: cache.space('counts', {
      ttlMs: MINUTE_MS,
      maxEntries: 10,
      schema: OverviewCounts,
      group: 'media',
    }),
  };
}

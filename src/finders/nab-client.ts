import type { Net } from '../platform/net.ts';
import type { FeedDocument } from './feed-xml.ts';
import { fetchFeed } from './fetch-feed.ts';
import type { FinderPlace, Found, FoundRelease } from './finder.ts';
import { FinderFailed } from './finder-failed.ts';
import { capsOf, type NabCaps } from './nab-caps.ts';
import { releaseOf } from './release-of-item.ts';

/** Torznab and Newznab are one protocol with two vocabularies: what an item's link leads to. */
export type NabVocabulary = 'torznab' | 'newznab';

/** `t=…` with its parameters. */
export type NabQuestion = {
  t: 'search' | 'tvsearch' | 'movie';
  params: Readonly<Record<string, string>>;
};

export type NabClient = {
  caps(signal: AbortSignal): Promise<NabCaps>;
  /** All there is, page by page, up to 300. Throws as `fetchFeed` where the first page fails; a later one that does is left out. */
  search(question: NabQuestion, caps: Pick<NabCaps, 'limit'>, signal: AbortSignal): Promise<Found>;
};

/** Prowlarr asks its trackers while we wait. */
const TIMEOUT_MS = 20_000;
const PAGE_ITEMS = 100;
const MAX_PAGES = 3;
/** A member whose requests of the day are used up, where the indexer says so beside its answer. */
const SPENT_REST_MS = 3_600_000;
/** Newznab's tree of what no family wants: it was not asked for. */
const isAdult = (category: number) => category >= 6000 && category < 7000;

/** Asks one indexer by the guarded dialer (Jackett, Prowlarr, NZBHydra and plain ones). */
export function createNabClient(
  net: Pick<Net, 'request'>,
  place: FinderPlace,
  vocabulary: NabVocabulary,
): NabClient {
  const ask = async (params: Readonly<Record<string, string>>, signal: AbortSignal) => {
    const { document } = await fetchFeed(net, addressOf(place, params), { timeoutMs: TIMEOUT_MS, signal });
    if (document === null)
      throw new FinderFailed('broken', 'It answered that nothing is new, which nobody asked.');
    return document;
  };

  async function caps(signal: AbortSignal): Promise<NabCaps> {
    const document = await ask({ t: 'caps' }, signal);
    if (document.root !== 'caps')
      throw new FinderFailed('broken', 'It is no indexer: it tells no capabilities.');
    return capsOf(document.elements);
  }

  /** Page by page while there is more; one after the first that cannot be had is the end. */
  async function* pages(params: Readonly<Record<string, string>>, size: number, signal: AbortSignal) {
    let read = 0;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const asked = page === 0 ? params : { ...params, offset: `${read}` };
      const document = await ask(asked, signal).catch((error: unknown) => {
        if (page === 0 || signal.aborted) throw error;
        return null;
      });
      if (document === null) return;
      yield document;
      read += document.items.length;
      if (isSpent(document) || !hasMore(document, read, size)) return;
    }
  }

  async function search(
    { t, params }: NabQuestion,
    { limit }: Pick<NabCaps, 'limit'>,
    signal: AbortSignal,
  ): Promise<Found> {
    const releases = new Map<string, FoundRelease>();
    const size = Math.min(PAGE_ITEMS, limit);
    let restMs: number | null = null;
    for await (const document of pages({ t, ...params, extended: '1', limit: `${size}` }, size, signal)) {
      const before = releases.size;
      for (const release of releasesIn(document, vocabulary)) releases.set(release.guid, release);
      if (isSpent(document)) restMs = SPENT_REST_MS;
      // One that knows no offset gives its first page for ever.
      if (releases.size === before) break;
    }
    return { releases: [...releases.values()], restMs };
  }

  return { caps, search };
}

function releasesIn({ items }: FeedDocument, vocabulary: NabVocabulary): FoundRelease[] {
  return items
    .filter(({ categories }) => categories.length === 0 || !categories.some(isAdult))
    .flatMap((item) => releaseOf(item, vocabulary) ?? []);
}

function isSpent({ api }: FeedDocument): boolean {
  return api !== null && api.current >= api.max;
}

function hasMore({ items, total }: FeedDocument, read: number, size: number): boolean {
  return items.length >= size && (total === null || read < total);
}

/** `…/api?t=…&apikey=…`: the base address of an indexer, with `/api` where it does not end so already. */
function addressOf({ url, apiKey }: FinderPlace, params: Readonly<Record<string, string>>): URL {
  const address = new URL(url);
  const path = address.pathname.replace(/\/+$/, '');
  address.pathname = /\/api$/i.test(path) ? path : `${path}/api`;
  for (const [name, value] of Object.entries(params)) address.searchParams.set(name, value);
  if (apiKey !== null) address.searchParams.set('apikey', apiKey);
  return address;
}

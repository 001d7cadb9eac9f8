import { AppError } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { MetadataProvider, ProviderList, SearchHit } from '../../providers/provider.ts';
import { ownersOfIds, TitleInput, upsertTitles } from '../media/index.ts';
import { addSystemCatalog } from './queries.ts';
import { setCatalogItems } from './set-catalog-items.ts';

export type RefreshDeps = { db: Pool; providers: readonly MetadataProvider[]; log: Log };
export type Refreshed = {
  /** Lists that are as their provider has them now. */
  lists: number;
  titles: number;
  newTitles: number;
  /** Lists that stay as they were: their provider is down or sends nonsense, or their name is taken. */
  failures: number;
};

/** What a provider sends in one list; a hundred times that is nonsense. */
const MAX_TITLES = 1000;

/**
 * Makes the system lists of the providers what these have now, each whole or not at all. Titles nobody knows here are added with what the
 * list tells of them, and wait for details as any other; what is known of a title is left as it is.
 */
export async function refreshLists(deps: RefreshDeps, signal: AbortSignal): Promise<Refreshed> {
  const result: Refreshed = { lists: 0, titles: 0, newTitles: 0, failures: 0 };
  for (const provider of deps.providers) {
    const bySlug = Map.groupBy(provider.lists ?? [], ({ slug }) => slug);
    for (const [slug, parts] of bySlug) {
      signal.throwIfAborted();
      const hits = await ask(deps, provider.name, parts, signal);
      const list = { slug: `${provider.name}-${slug}`, name: parts[0]?.name ?? slug };
      const stored = hits === null ? null : await store(deps, list, hits, signal);
      if (stored === null) {
        result.failures += 1;
        continue;
      }
      result.lists += 1;
      result.titles += stored.titles;
      result.newTitles += stored.newTitles;
    }
  }
  return result;
}

/** Makes these titles the list; null: that could not be, and is no reason to leave the other lists as they were. */
async function store(
  { db, log }: RefreshDeps,
  list: { slug: string; name: string },
  hits: readonly SearchHit[],
  signal: AbortSignal,
): Promise<{ titles: number; newTitles: number } | null> {
  try {
    if (!(await addSystemCatalog(db, list))) {
      log.warn(
        { list: list.name },
        'a list of a provider is not taken in: another system list has its name; rename that one',
      );
      return null;
    }
    const { mediaIds, newTitles } = await titlesFor(db, hits);
    await setCatalogItems(db, list.slug, mediaIds);
    return { titles: mediaIds.length, newTitles };
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ err: error, list: list.name }, 'a list of a provider could not be stored; it stays as it was');
    return null;
  }
}

/** The titles of all kinds of a list; null: one of them could not be had, or holds nothing. */
async function ask(
  { log }: RefreshDeps,
  provider: string,
  parts: readonly ProviderList[],
  signal: AbortSignal,
): Promise<SearchHit[] | null> {
  const hits: SearchHit[] = [];
  try {
    for (const part of parts) {
      const titles = await part.titles(signal);
      // An empty list is an answer in another shape: nothing was ever popular with nobody.
      if (titles.length === 0) return null;
      hits.push(...titles);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    log.debug({ err: error, provider }, 'a list could not be refreshed; it stays as it was');
    return null;
  }
  return hits.slice(0, MAX_TITLES);
}

/** Ours by any of their ids; the others are added. In the order of the list. */
async function titlesFor(
  db: Pool,
  hits: readonly SearchHit[],
): Promise<{ mediaIds: number[]; newTitles: number }> {
  const known = new Map<number, number>();
  const unknown: { index: number; title: TitleInput }[] = [];
  for (const [index, hit] of hits.entries()) {
    const [owner] = await ownersOfIds(db, hit.kind, hit.ids);
    const parsed = owner === undefined ? TitleInput.safeParse(titleOf(hit)) : null;
    if (owner !== undefined) known.set(index, owner.mediaId);
    else if (parsed?.success) unknown.push({ index, title: parsed.data });
  }
  const outcomes = await upsertTitles(
    db,
    unknown.map(({ title }) => title),
  );
  for (const [place, outcome] of outcomes.entries()) {
    const index = unknown[place]?.index;
    // What contradicts what is stored is left out of the list; its own enrichment puts it to a person.
    if (index !== undefined && outcome.outcome !== 'conflict') known.set(index, outcome.mediaId);
  }
  const newTitles = outcomes.filter(({ outcome }) => outcome === 'new').length;
  return { mediaIds: hits.flatMap((_, index) => known.get(index) ?? []), newTitles };
}

function titleOf({ kind, ids, title, originalTitle, aliases, year, adult }: SearchHit) {
  return {
    ...{ kind, ids, title },
    ...(originalTitle === undefined ? {} : { originalTitle }),
    ...(aliases === undefined ? {} : { aliases }),
    ...(year === undefined ? {} : { year }),
    ...(adult === true ? { isAdult: true } : {}),
  };
}

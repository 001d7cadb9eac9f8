import type { Db } from '../../platform/db.ts';
import {
  type AnimeEntry,
  animeEntries,
  hasId,
  isSeriesItself,
  isSpecial,
  keyOf,
  outsideIds,
} from './anime-entries.ts';
import { mappedMedia } from './queries/mapped-ids.ts';
import { type ExternalId, type HeldId, idsOf, lockTitles, mediaWithIds } from './queries/match.ts';
import { insertIds, titlesOf } from './queries/titles.ts';

export type Completed = {
  /** Ids that were added. */
  added: number;
  /** Titles whose ids contradict the lists, or each other: nothing was changed; for a person to look at. */
  contradictions: readonly Contradicted[];
};
/** `ids`: what the lists say, by provider. */
type Contradicted = { mediaId: number; reason: string; ids: Readonly<Record<string, string>> };

const TITLES_PER_BATCH = 200;

/** Completes the ids of every title the lists know; after an import of them. One transaction for 200 titles. */
export async function completeAllIds(
  db: Db,
  { signal, onTitles }: { signal: AbortSignal; onTitles?: (count: number) => void },
): Promise<Completed & { titles: number }> {
  const titles = (await mappedMedia(db)).map(({ mediaId }) => mediaId);
  const contradictions: Contradicted[] = [];
  let added = 0;
  for (let from = 0; from < titles.length; from += TITLES_PER_BATCH) {
    signal.throwIfAborted();
    const batch = titles.slice(from, from + TITLES_PER_BATCH);
    const done = await db.transaction(async (tx) => {
      await lockTitles(tx);
      return completeIds(tx, batch);
    });
    added += done.added;
    contradictions.push(...done.contradictions);
    onTitles?.(batch.length);
  }
  return { titles: titles.length, added, contradictions };
}

type Claim = { mediaId: number; ids: readonly ExternalId[] };

/** Gives titles the other ids that the public lists of anime know of them; never against an id one has, never from another title (C1). */
export async function completeIds(db: Db, mediaIds: readonly number[]): Promise<Completed> {
  const held = Map.groupBy(await idsOf(db, mediaIds), (id) => id.mediaId);
  const keys = [...held.values()].flat().flatMap((id) => keyOf(id) ?? []);
  const entries = await animeEntries(db, keys);
  if (entries.length === 0) return { added: 0, contradictions: [] };
  const kinds = new Map((await titlesOf(db, mediaIds)).map(({ mediaId, kind }) => [mediaId, kind]));
  const contradictions: Contradicted[] = [];
  const claims: Claim[] = [];
  for (const [mediaId, ids] of held) {
    const given = idsFor(ids, kinds.get(mediaId) === 'movie', entries);
    const other = contradiction(ids, given);
    if (other !== null) contradictions.push({ mediaId, reason: other, ids: byProvider(given) });
    else
      claims.push({
        mediaId,
        ids: given.filter((id) => !ids.some((one) => one.provider === id.provider && one.ns === id.ns)),
      });
  }
  const { free, taken } = await freeClaims(db, claims);
  const added = free.flatMap(({ mediaId, ids }) => ids.map((id) => ({ ...id, mediaId })));
  if (added.length > 0) await insertIds(db, added);
  return { added: added.length, contradictions: [...contradictions, ...taken] };
}

/** What the lists say this title's ids are; nothing where more than one anime could be meant. */
function idsFor(held: readonly HeldId[], isFilm: boolean, entries: readonly AnimeEntry[]): ExternalId[] {
  const keys = held.flatMap((id) => keyOf(id) ?? []);
  const ofKind = entries.filter(({ type }) => (isFilm ? type !== 'tv' && type !== 'ona' : type !== 'movie'));
  const animeKeys = keys.filter(({ id }) => id === 'mal' || id === 'anilist' || id === 'kitsu');
  const own = ofKind.filter((entry) => animeKeys.some((key) => hasId(entry, key)));
  const named =
    own.length > 0 ? own : seriesOf(ofKind, keys, isFilm).filter((entry) => isSeriesItself(entry, entries));
  const [entry, other] = named;
  if (entry === undefined || other !== undefined || !entry.isWhole) return [];
  // A cour of a longer series is not that series.
  const isSeries = isSeriesItself(entry, entries) && (isFilm || !isSpecial(entry));
  return [...outsideIds(entry, 'anime'), ...(isSeries ? outsideIds(entry, 'series') : [])].filter(
    ({ ns }) => ns === 'any' || (ns === 'movie') === isFilm,
  );
}

function seriesOf(
  entries: readonly AnimeEntry[],
  keys: readonly Parameters<typeof hasId>[1][],
  isFilm: boolean,
) {
  return entries.filter((entry) => (isFilm || !isSpecial(entry)) && keys.some((key) => hasId(entry, key)));
}

function contradiction(held: readonly HeldId[], given: readonly ExternalId[]): string | null {
  for (const id of given) {
    const other = held.find(({ provider, ns }) => provider === id.provider && ns === id.ns);
    if (other !== undefined && other.externalId !== id.externalId)
      return `It has ${id.provider} ${other.externalId} here, the lists say ${id.externalId}.`;
  }
  return null;
}

function byProvider(ids: readonly ExternalId[]): Record<string, string> {
  return Object.fromEntries(ids.map(({ provider, externalId }) => [provider, externalId]));
}

/** Claims of which no id is another title's, stored or in the same batch. */
async function freeClaims(db: Db, claims: readonly Claim[]) {
  const wanted = claims.filter(({ ids }) => ids.length > 0);
  const asked = wanted.flatMap(({ ids }, index) => ids.map((id) => ({ ...id, index })));
  const owners = asked.length === 0 ? [] : await mediaWithIds(db, asked);
  const isOwned = new Set(owners.map(({ index }) => index));
  const seen = new Set<string>();
  const free: Claim[] = [];
  const taken: Contradicted[] = [];
  for (const [index, claim] of wanted.entries()) {
    const names = claim.ids.map(({ provider, ns, externalId }) => `${provider} ${ns} ${externalId}`);
    if (isOwned.has(index) || names.some((name) => seen.has(name))) {
      taken.push({
        mediaId: claim.mediaId,
        reason: 'An id the lists give it belongs to another title here.',
        ids: byProvider(claim.ids),
      });
      continue;
    }
    for (const name of names) seen.add(name);
    free.push(claim);
  }
  return { free, taken };
}

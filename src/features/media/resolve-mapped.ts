import type { MediaKind } from '../../catalogs/catalog.ts';
import { type Numbering, numberInEntry, type Place, placeInSeries } from '../../kit/anime-numbering.ts';
import type { MediaId } from '../../kit/media-id.ts';
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
import { episodeNumbersOf, episodesOf } from './episodes.ts';
import { namespacesOf } from './external-ids.ts';
import type { IdKey } from './queries/mapped-ids.ts';
import { type ExternalId, idsOf, mediaWithIds } from './queries/match.ts';

type Resolved = { mediaId: number; episodeId: number | null };
/** The entry that is meant, and the number of its episode there. */
type Spot = { entry: AnimeEntry; number: number | null };
type Title = { mediaId: number; kind: string };

const ANIME: ReadonlySet<string> = new Set(['kitsu', 'mal', 'anilist']);

/**
 * The title and episode behind an id by the public lists of anime ids: for an id no title holds, and for episodes of a cour, which the
 * series numbers by its own seasons. `direct` is the title that holds the id itself, if any. Null: the lists do not know
 * either, or do not say it for sure: the wrong episode is worse than none.
 */
export async function resolveMapped(
  db: Db,
  id: MediaId,
  { kind, direct }: { kind: MediaKind | undefined; direct: Title | null },
): Promise<Resolved | null> {
  const keys = keysOfId(id);
  const entries = await animeEntries(db, keys);
  const asked = entries.filter((entry) => keys.some((key) => hasId(entry, key)));
  if (asked.length === 0) return direct === null ? null : inCour(db, direct.mediaId, id.episode);
  const spot = spotOf(id, asked, entries);
  const title = direct ?? (await titleOf(db, { spot, asked, kind }));
  if (title === null) return null;
  if (id.episode === undefined) return { mediaId: title.mediaId, episodeId: null };
  // Our own ids of videos number an anime's episodes by the series' seasons already.
  if (spot === null || (ANIME.has(id.provider) && id.season !== undefined))
    return asNumbered(db, title.mediaId, { season: id.season ?? 1, episode: id.episode });
  return inTitle(db, title.mediaId, spot, entries);
}

function keysOfId({ provider, namespace, season, value }: MediaId): IdKey[] {
  const namespaces = namespacesOf(provider, namespace ?? (season === undefined ? undefined : 'tv'));
  return namespaces.flatMap((ns) => keyOf({ provider, ns, externalId: value }) ?? []);
}

/** Null: the series as a whole is meant, or more than one entry could be. */
function spotOf(id: MediaId, asked: readonly AnimeEntry[], entries: readonly AnimeEntry[]): Spot | null {
  if (ANIME.has(id.provider))
    return asked[0] === undefined ? null : { entry: asked[0], number: id.episode ?? null };
  const { season, episode } = id;
  if (season !== undefined && episode !== undefined)
    return spotIn(id.provider === 'tmdb' ? 'tmdb' : 'tvdb', { season, episode }, asked);
  const [entry, other] = asked.filter((one) => isSeriesItself(one, entries));
  return entry === undefined || other !== undefined ? null : { entry, number: null };
}

/** Lists say where a cour begins, not where it ends: of several the one that began last. */
function spotIn(scheme: 'tvdb' | 'tmdb', place: Numbered, asked: readonly AnimeEntry[]): Spot | null {
  const spots = asked
    .flatMap((entry) => {
      const numbering = entry[scheme];
      const number = numbering === null ? null : numberInEntry(numbering, place);
      return number === null ? [] : [{ entry, number }];
    })
    .sort((a, b) => a.number - b.number);
  const [spot, second] = spots;
  return spot === undefined || spot.number === second?.number ? null : spot;
}

type Search = { spot: Spot | null; asked: readonly AnimeEntry[]; kind: MediaKind | undefined };

/** The title that has the anime's own id, else the one of its series or film; null when two could be meant. */
async function titleOf(db: Db, { spot, asked, kind }: Search): Promise<Title | null> {
  const own = spot === null ? [] : outsideIds(spot.entry, 'anime');
  const series = agreed(asked.flatMap((entry) => outsideIds(entry, 'series')));
  const titles = await titlesWith(db, own, kind);
  const found = titles.length > 0 ? titles : await titlesWith(db, series, kind);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The ids of which a provider gives one only. */
function agreed(ids: readonly ExternalId[]): ExternalId[] {
  const byName = Map.groupBy(ids, ({ provider, ns }) => `${provider} ${ns}`);
  return [...byName.values()].flatMap((group) => {
    const [first] = group;
    return first !== undefined && group.every(({ externalId }) => externalId === first.externalId)
      ? [first]
      : [];
  });
}

async function titlesWith(db: Db, ids: readonly ExternalId[], kind: MediaKind | undefined): Promise<Title[]> {
  if (ids.length === 0) return [];
  const found = await mediaWithIds(
    db,
    ids.map((id) => ({ ...id, index: 0 })),
  );
  return found.filter((title) => kind === undefined || title.kind === kind);
}

/** The episode of the title, which is the whole series or only this entry. */
async function inTitle(
  db: Db,
  mediaId: number,
  { entry, number }: Spot,
  entries: readonly AnimeEntry[],
): Promise<Resolved | null> {
  if (number === null) return { mediaId, episodeId: null };
  const held = await idsOf(db, [mediaId]);
  const keys = held.flatMap((id) => keyOf(id) ?? []);
  const isSeries = keys.some((key) => ['imdb', 'tvdb', 'tmdb_tv'].includes(key.id) && hasId(entry, key));
  // A title under an anime's own id alone is that anime: its episodes are one season here.
  if (!isSeries) return inCour(db, mediaId, number);
  if (!entry.isWhole) return null;
  const told = numberingsFor(entry, keys);
  // The first says that the series does not have this one: another's numbers would be of another episode.
  if (told[0] !== undefined && placeInSeries(told[0], number) === null) return null;
  if (told.length > 0)
    return atFirstPlace(
      db,
      mediaId,
      told.flatMap((one) => placeInSeries(one, number) ?? []),
    );
  return isSeriesItself(entry, entries) && !isSpecial(entry) ? inCour(db, mediaId, number) : null;
}

/** The numbering of the provider the title is known to comes first. */
function numberingsFor({ tvdb, tmdb }: AnimeEntry, keys: readonly IdKey[]): Numbering[] {
  const isTmdb = keys.some(({ id }) => id === 'tmdb_tv') && !keys.some(({ id }) => id === 'tvdb');
  return (isTmdb ? [tmdb, tvdb] : [tvdb, tmdb]).filter((numbering) => numbering !== null);
}

async function atFirstPlace(db: Db, mediaId: number, places: readonly Place[]): Promise<Resolved | null> {
  for (const place of places) {
    const found = await atPlace(db, mediaId, place);
    if (found !== null) return found;
  }
  return null;
}

async function atPlace(db: Db, mediaId: number, place: Place): Promise<Resolved | null> {
  if ('season' in place) return asNumbered(db, mediaId, place);
  const numbered = countedThrough(await episodeNumbersOf(db, [mediaId]), place.absolute);
  return numbered === null ? null : asNumbered(db, mediaId, numbered);
}

type Numbered = { season: number; episode: number };

/** The n-th episode of all seasons; null where a gap makes the count a guess. */
function countedThrough(known: readonly Numbered[], n: number): Numbered | null {
  const regular = known.filter(({ season }) => season > 0);
  const isRunning = new Set(regular.map(({ episode }) => episode)).size === regular.length;
  if (isRunning) return regular.find(({ episode }) => episode === n) ?? null;
  const before = regular.slice(0, n);
  const hasGap = before.some(({ season, episode }, at) => {
    const last = before[at - 1];
    const isNext = season === (last?.season ?? 1) && episode === (last?.episode ?? 0) + 1;
    const isFirst = last !== undefined && season === last.season + 1 && episode === 1;
    return !isNext && !isFirst;
  });
  return hasGap ? null : (before[n - 1] ?? null);
}

/** A title that is one cour has one season. */
function inCour(db: Db, mediaId: number, number: number | undefined): Promise<Resolved | null> {
  if (number === undefined) return Promise.resolve({ mediaId, episodeId: null });
  return asNumbered(db, mediaId, { season: 1, episode: number });
}

async function asNumbered(db: Db, mediaId: number, place: Numbered): Promise<Resolved | null> {
  const [found] = await episodesOf(db, [{ mediaId, season: place.season, episode: place.episode }]);
  return found === undefined ? null : { mediaId, episodeId: found.episodeId };
}

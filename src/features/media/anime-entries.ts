import type { Numbering } from '../../kit/anime-numbering.ts';
import type { Db } from '../../platform/db.ts';
import { type IdKey, MAPPED_IDS, type MappedId, type MappingRow, mappingRows } from './queries/mapped-ids.ts';
import type { ExternalId } from './queries/match.ts';

/** One anime (a cour, an OVA, a film) as all lists together know it. */
export type AnimeEntry = {
  /** Ids all lists agree on; one with two values is no id. */
  ids: Partial<Record<MappedId, string>>;
  /** Every id any list gives it. */
  keys: ReadonlySet<string>;
  type: string | null;
  /** False: some site splits it in two, so that nobody knows whose episodes these numbers are. */
  isWhole: boolean;
  tvdb: Numbering | null;
  tmdb: Numbering | null;
};

const ANIME_IDS: readonly MappedId[] = ['mal', 'anilist', 'kitsu', 'anidb'];
const SERIES_IDS: readonly MappedId[] = ['imdb', 'tmdb_tv', 'tvdb'];

/** How ids of titles are called in the mapping: nobody else's are there. */
const COLUMNS: Readonly<Record<string, MappedId>> = {
  ...{ 'mal any': 'mal', 'anilist any': 'anilist', 'kitsu any': 'kitsu', 'imdb any': 'imdb' },
  ...{ 'tmdb movie': 'tmdb_movie', 'tmdb tv': 'tmdb_tv', 'tvdb tv': 'tvdb', 'trakt tv': 'trakt' },
};

/** What the mapping calls an outside id; null: it does not know such. */
export function keyOf({ provider, ns, externalId }: ExternalId): IdKey | null {
  const id = COLUMNS[`${provider} ${ns}`];
  // The columns are integers; what is longer is in no list.
  return id === undefined || externalId.length > 9 + (id === 'imdb' ? 5 : 0)
    ? null
    : { id, value: externalId };
}

/** The entry's ids as titles hold them: those of the anime itself, or those of the series or film it is. */
export function outsideIds({ ids }: AnimeEntry, which: 'anime' | 'series'): ExternalId[] {
  return Object.entries(COLUMNS).flatMap(([name, id]) => {
    const externalId = ids[id];
    const [provider = '', ns] = name.split(' ');
    if (externalId === undefined || ANIME_IDS.includes(id) !== (which === 'anime')) return [];
    return [{ provider, ns: ns === 'movie' || ns === 'tv' ? ns : 'any', externalId }];
  });
}

/** The entries with one of these ids, and all others of their series. At most two statements. */
export async function animeEntries(db: Db, ids: readonly IdKey[]): Promise<readonly AnimeEntry[]> {
  if (ids.length === 0) return [];
  const near = await mappingRows(db, ids);
  if (near.length === 0) return [];
  const all = await mappingRows(db, near.flatMap(keysOfRow));
  const entries = groups(all).map(merged);
  return entries.map((entry) => withSureOffsets(entry, entries));
}

export function hasId({ keys }: AnimeEntry, { id, value }: IdKey): boolean {
  return keys.has(`${id} ${value}`);
}

/** Is it the series itself, and not a part of it: the only one that is no special, from the first episode on? */
export function isSeriesItself(entry: AnimeEntry, entries: readonly AnimeEntry[]): boolean {
  if (entry.type === 'movie') return !entries.some((other) => other !== entry && sharesFilm(entry, other));
  const numbering = entry.tvdb ?? entry.tmdb;
  const isFirst = numbering === null || ((numbering.season ?? 1) === 1 && numbering.offset === 0);
  return (
    isFirst && !entries.some((other) => other !== entry && !isSpecial(other) && sharesSeries(entry, other))
  );
}

/** It stands beside the seasons. */
export function isSpecial({ type, tvdb }: AnimeEntry): boolean {
  if (tvdb?.season != null) return tvdb.season === 0;
  return type === 'ova' || type === 'special' || type === 'movie';
}

function sharesSeries(a: AnimeEntry, b: AnimeEntry): boolean {
  return SERIES_IDS.some((id) => a.ids[id] !== undefined && hasId(b, { id, value: a.ids[id] ?? '' }));
}

function sharesFilm(a: AnimeEntry, b: AnimeEntry): boolean {
  return (['imdb', 'tmdb_movie'] as const).some(
    (id) => a.ids[id] !== undefined && hasId(b, { id, value: a.ids[id] ?? '' }),
  );
}

function keysOfRow(row: MappingRow): IdKey[] {
  return MAPPED_IDS.flatMap((id) => {
    const value = row[id];
    return value === null ? [] : [{ id, value }];
  });
}

/** Rows of several lists are one anime when they share one of its own ids. */
function groups(rows: readonly MappingRow[]): MappingRow[][] {
  const byKey = new Map<string, MappingRow[]>();
  for (const row of rows) {
    const keys = keysOfRow(row)
      .filter(({ id }) => ANIME_IDS.includes(id))
      .map(({ id, value }) => `${id} ${value}`);
    const known = new Set(keys.flatMap((key) => byKey.get(key) ?? []));
    const group = [...known, row];
    for (const member of group) {
      for (const { id, value } of keysOfRow(member))
        if (ANIME_IDS.includes(id)) byKey.set(`${id} ${value}`, group);
    }
  }
  return [...new Set(byKey.values())];
}

function merged(rows: readonly MappingRow[]): AnimeEntry {
  const valuesOf = (id: MappedId) => new Set(rows.flatMap((row) => row[id] ?? []));
  const ids = MAPPED_IDS.flatMap((id) => {
    const [value, second] = valuesOf(id);
    return value === undefined || second !== undefined ? [] : [[id, value] as const];
  });
  const keys = rows.flatMap(keysOfRow).map(({ id, value }) => `${id} ${value}`);
  return {
    ids: Object.fromEntries(ids),
    keys: new Set(keys),
    type: rows.find((row) => row.type !== null)?.type ?? null,
    isWhole: ANIME_IDS.every((id) => valuesOf(id).size <= 1),
    tvdb: numberingOf(rows, 'tvdb'),
    tmdb: numberingOf(rows, 'tmdb'),
  };
}

/** Offsets that no list says, until it is known whether they are zero. */
const UNSAID = Number.NaN;

/** The list that is kept by hand for exactly this comes first. */
function numberingOf(rows: readonly MappingRow[], scheme: 'tvdb' | 'tmdb'): Numbering | null {
  const isTold = (row: MappingRow) => {
    const hasRules = row.rules.some((rule) => rule.scheme === scheme);
    return row[`${scheme}Season`] !== null || row[`${scheme}Absolute`] || hasRules;
  };
  const told = rows.find((row) => row.list === 'anime-lists' && isTold(row)) ?? rows.find(isTold);
  if (told === undefined) return null;
  return {
    season: told[`${scheme}Season`],
    isAbsolute: told[`${scheme}Absolute`],
    offset: told[`${scheme}Offset`] ?? UNSAID,
    rules: told.rules.filter((rule) => rule.scheme === scheme),
  };
}

/** An offset nobody says is zero, unless another entry of that season has none either: then one of them is the second half. */
function withSureOffsets(entry: AnimeEntry, entries: readonly AnimeEntry[]): AnimeEntry {
  return { ...entry, tvdb: sure('tvdb', 'tvdb'), tmdb: sure('tmdb', 'tmdb_tv') };

  function sure(scheme: 'tvdb' | 'tmdb', id: 'tvdb' | 'tmdb_tv'): Numbering | null {
    const numbering = entry[scheme];
    if (numbering === null || !Number.isNaN(numbering.offset)) return numbering;
    const isAlone = entries.every((other) => {
      const theirs = other[scheme];
      if (other === entry || theirs === null || theirs.season !== numbering.season) return true;
      return other.ids[id] !== entry.ids[id] || theirs.offset > 0;
    });
    return isAlone ? { ...numbering, offset: 0 } : null;
  }
}

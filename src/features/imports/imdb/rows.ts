import { createNumberSet, MAX_NUMBER, type NumberSet } from '../../../kit/number-set.ts';
import type { StagedTable } from '../../media/index.ts';
import { akaLanguage } from './aka-language.ts';
import { genreNames } from './genres.ts';

/** Files of IMDb's data sets by the word they are asked for with, in the order they are read: each leaves out what the ones before did not want. */
export const IMDB_FILES = {
  ratings: { name: 'title.ratings', columns: 3, first: 'tconst' },
  basics: { name: 'title.basics', columns: 9, first: 'tconst' },
  akas: { name: 'title.akas', columns: 8, first: 'titleId' },
  episode: { name: 'title.episode', columns: 4, first: 'tconst' },
  principals: { name: 'title.principals', columns: 6, first: 'tconst' },
  names: { name: 'name.basics', columns: 6, first: 'nconst' },
} as const;
export type ImdbFile = keyof typeof IMDB_FILES;
export const IMDB_FILE_ORDER = ['ratings', 'basics', 'akas', 'episode', 'principals', 'names'] as const;

export const TITLE_TYPES = [
  ...['movie', 'tvMovie', 'short', 'tvShort', 'tvSeries', 'tvMiniSeries', 'tvSpecial', 'video'],
] as const;
export type TitleType = (typeof TITLE_TYPES)[number];

export type Wanted = {
  types: ReadonlySet<string>;
  /** Titles with fewer votes are left out; 0 = all. */
  minVotes: number;
  adult: boolean;
  /** Are episodes read? Only then their names are kept. */
  episodes: boolean;
};

/** Numbers met so far. */
export type Met = {
  rated: NumberSet;
  /** By at least `minVotes`. */
  popular: NumberSet;
  titles: NumberSet;
  episodeNames: NumberSet;
  episodes: NumberSet;
  creditPeople: NumberSet;
  people: NumberSet;
};

export function nobodyMet(): Met {
  return {
    rated: createNumberSet(),
    popular: createNumberSet(),
    titles: createNumberSet(),
    episodeNames: createNumberSet(),
    episodes: createNumberSet(),
    creditPeople: createNumberSet(),
    people: createNumberSet(),
  };
}

/** A row cannot be read: the reason is shown to a person. */
export class BrokenRow extends Error {}
/** A row for a table; null = a good row that is not wanted. */
export type Row = { table: StagedTable; text: string } | null;
export type ReadRow = (fields: readonly string[], wanted: Wanted, met: Met) => Row;

const NULL = '\\N';
const MAX_TITLE = 500;
/** People read no further, and neither do we. */
const MAX_POSITION = 1000;
const MAX_EPISODE = 100_000;

export const READ_ROW: Readonly<Record<ImdbFile, ReadRow>> = {
  ratings([id = '', rating = '', votes = ''], wanted, met) {
    const number = idOf(id, 'tt');
    if (!/^\d{1,2}(\.\d)?$/.test(rating) || Number(rating) > 10) throw new BrokenRow('a bad rating');
    const count = wholeNumber(votes, 2_000_000_000, 'votes');
    once(met.rated, number);
    if (count >= wanted.minVotes) met.popular.add(number);
    return { table: 'rating', text: `${number}\t${rating}\t${count}` };
  },
  basics(fields, wanted, met) {
    const [id = '', type = ''] = fields;
    const number = idOf(id, 'tt');
    if (type === 'tvEpisode') return wanted.episodes ? episodeName(fields, number, met) : null;
    if (!wanted.types.has(type)) return null;
    return titleRow(fields, number, wanted, met);
  },
  akas(
    [id = '', ordering = '', title = '', region = '', language = '', types = '', attributes = ''],
    _,
    met,
  ) {
    const number = idOf(id, 'tt');
    if (!met.titles.has(number)) return null;
    const position = wholeNumber(ordering, 1_000_000, 'ordering');
    if (position > MAX_POSITION) return null;
    const name = textOf(title, 'title');
    const shown = akaLanguage({ region, language, types, attributes });
    return {
      table: 'aka',
      text: `${number}\t${position}\t${name}\t${shown?.language ?? NULL}\t${shown?.preference ?? 9}`,
    };
  },
  episode([id = '', parent = '', season = '', episode = ''], _, met) {
    const number = idOf(id, 'tt');
    const series = idOf(parent, 'tt');
    if (!met.titles.has(series)) return null;
    // IMDb does not know where in the series it belongs; neither would a viewer.
    if (season === NULL || episode === NULL) return null;
    const place = `${wholeNumber(season, MAX_EPISODE, 'season')}\t${wholeNumber(episode, MAX_EPISODE, 'episode')}`;
    once(met.episodes, number);
    return { table: 'series_episode', text: `${number}\t${series}\t${place}` };
  },
  principals([id = '', ordering = '', person = '', category = '', job = '', characters = ''], _, met) {
    const number = idOf(id, 'tt');
    if (!met.titles.has(number)) return null;
    const role = ROLES[category];
    if (role === undefined) return null;
    const position = wholeNumber(ordering, 1_000_000, 'ordering');
    if (position > MAX_POSITION) return null;
    const who = idOf(person, 'nm');
    met.creditPeople.add(who);
    const does =
      role.type === 'cast'
        ? `cast\t${NULL}\t${NULL}\t${characterOf(characters)}`
        : `crew\t${role.department}\t${job === NULL ? role.job : textOf(job, 'job')}\t${NULL}`;
    return { table: 'credit', text: `${number}\t${position}\t${who}\t${does}` };
  },
  names([id = '', name = ''], _, met) {
    const number = idOf(id, 'nm');
    if (!met.creditPeople.has(number)) return null;
    const text = textOf(name, 'name', 300);
    once(met.people, number);
    return { table: 'known_name', text: `${number}\t${id}\t${text}` };
  },
};

type Role = { type: 'cast' } | { type: 'crew'; department: string; job: string };
/** What IMDb calls principals, in TMDB's departments, which other providers use. */
const ROLES: Readonly<Record<string, Role | undefined>> = {
  actor: { type: 'cast' },
  actress: { type: 'cast' },
  self: { type: 'cast' },
  director: { type: 'crew', department: 'Directing', job: 'Director' },
  writer: { type: 'crew', department: 'Writing', job: 'Writer' },
  producer: { type: 'crew', department: 'Production', job: 'Producer' },
  casting_director: { type: 'crew', department: 'Production', job: 'Casting' },
  composer: { type: 'crew', department: 'Sound', job: 'Original Music Composer' },
  cinematographer: { type: 'crew', department: 'Camera', job: 'Director of Photography' },
  editor: { type: 'crew', department: 'Editing', job: 'Editor' },
  production_designer: { type: 'crew', department: 'Art', job: 'Production Design' },
};

function titleRow(fields: readonly string[], number: number, wanted: Wanted, met: Met): Row {
  const [
    id = '',
    type = '',
    primary = '',
    original = '',
    adult = '',
    start = '',
    end = '',
    runtime = '',
    genres = '',
  ] = fields;
  if (adult !== '0' && adult !== '1') throw new BrokenRow('a bad isAdult');
  const title = textOf(primary, 'title');
  const originalTitle = original === NULL || original === primary ? NULL : textOf(original, 'original title');
  const year = yearOf(start);
  const isSeries = type === 'tvSeries' || type === 'tvMiniSeries';
  const status = yearOf(end) !== NULL && isSeries ? 'Ended' : NULL;
  const minutes = minutesOf(runtime);
  const names = genreNames(genres);
  if (adult === '1' && !wanted.adult) return null;
  if (!isPopular(number, wanted, met)) return null;
  once(met.titles, number);
  const text = [
    ...[number, id, isSeries ? 'series' : 'movie', subkindOf(type, names), title, originalTitle, year],
    ...[status, minutes, adult === '1' ? 't' : 'f', `{${names.map((n) => `"${n}"`).join(',')}}`],
  ].join('\t');
  return { table: 'title', text };
}

function isPopular(number: number, wanted: Wanted, met: Met): boolean {
  return wanted.minVotes === 0 || met.popular.has(number);
}

function episodeName(fields: readonly string[], number: number, met: Met): Row {
  const [, , primary = '', , , , , runtime = ''] = fields;
  const title = textOf(primary, 'title');
  const minutes = minutesOf(runtime);
  once(met.episodeNames, number);
  return { table: 'episode_name', text: `${number}\t${title}\t${minutes}` };
}

function subkindOf(type: string, genres: readonly string[]): string {
  if (type === 'short' || type === 'tvShort') return 'short';
  if (type === 'tvMiniSeries') return 'miniseries';
  return genres.includes('Documentary') ? 'documentary' : NULL;
}

function idOf(id: string, prefix: 'tt' | 'nm'): number {
  if (!/^[tn][tm]\d{5,9}$/.test(id) || !id.startsWith(prefix)) throw new BrokenRow('a bad id');
  const number = Number(id.slice(2));
  if (number > MAX_NUMBER) throw new BrokenRow('a bad id');
  return number;
}

function once(set: NumberSet, number: number): void {
  if (!set.add(number)) throw new BrokenRow('an id for the second time');
}

function wholeNumber(text: string, most: number, what: string): number {
  const number = Number(text);
  if (!/^\d{1,10}$/.test(text) || number > most) throw new BrokenRow(`a bad ${what}`);
  return number;
}

function yearOf(text: string): string {
  if (text === NULL) return NULL;
  const year = wholeNumber(text, 2200, 'year');
  if (year < 1870) throw new BrokenRow('a bad year');
  return text;
}

function minutesOf(text: string): string {
  if (text === NULL) return NULL;
  const minutes = wholeNumber(text, 1_000_000, 'runtime');
  return minutes === 0 ? NULL : String(minutes);
}

/** As COPY wants it. A backslash means itself at IMDb. */
function textOf(text: string, what: string, most = MAX_TITLE): string {
  if (text === '' || text === NULL) throw new BrokenRow(`no ${what}`);
  if (text.length > most) throw new BrokenRow(`an over-long ${what}`);
  return text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
}

/** `["Neo","Thomas Anderson"]` → `Neo / Thomas Anderson`. What is no such list is no reason to lose the credit. */
function characterOf(text: string): string {
  if (text === NULL) return NULL;
  const names = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, name = '']) =>
    name.replace(/\\(.)/g, '$1'),
  );
  const joined = names.join(' / ').slice(0, MAX_TITLE).trim();
  return joined === '' ? NULL : joined.toWellFormed().replaceAll('\\', '\\\\');
}

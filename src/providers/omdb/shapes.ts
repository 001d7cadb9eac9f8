import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import {
  countryCodes,
  distinct,
  idsOf,
  imageOf,
  languageCodes,
  listOf,
  maybe,
  prose,
  ratingOf,
  wholeListOf,
  wholeMinutes,
  yearOf,
} from '../fields.ts';
import type { ProvidedTitle, SearchHit } from '../provider.ts';

/** It says `N/A` for what it does not know. */
const given = () =>
  maybe(z.string()).transform((text) => (text === 'N/A' ? undefined : text?.trim() || undefined));

const ImdbTitle = z.string().regex(/^tt\d{5,12}$/);

const Hit = z.object({
  Title: z.string().min(1),
  Year: given(),
  imdbID: ImdbTitle,
  Type: z.string(),
  Poster: given(),
});
const Title = Hit.extend({
  Rated: given(),
  Released: given(),
  Runtime: given(),
  Genre: given(),
  Director: given(),
  Writer: given(),
  Actors: given(),
  Plot: prose(),
  Language: given(),
  Country: given(),
  Production: given(),
  Ratings: listOf(z.object({ Source: z.string(), Value: z.string() })),
  imdbRating: given(),
  imdbVotes: given(),
});
type Title = z.infer<typeof Title>;

/** A failure comes with status 200, in words. */
const Failed = z.object({ Response: z.literal('False'), Error: z.string() });

/** `s=`. */
export const Found = z.discriminatedUnion('Response', [
  z.object({ Response: z.literal('True'), Search: wholeListOf(Hit) }),
  Failed,
]);
/** `i=`. */
export const WholeTitle = z.discriminatedUnion('Response', [
  Title.extend({ Response: z.literal('True') }),
  Failed,
]);

/** What it says of a title that it does not have, or of a question with too little in it. */
const NOT_FOUND = /not found|too many results|incorrect imdb id|error getting data|must provide/i;
const USED_UP = /limit reached/i;

export function isNotFound({ Error: said }: z.infer<typeof Failed>): boolean {
  return NOT_FOUND.test(said);
}

export function isUsedUp(body: unknown): boolean {
  const failed = Failed.safeParse(body);
  return failed.success && USED_UP.test(failed.data.Error);
}

const RATED = new Set(['Not Rated', 'Unrated', 'UNRATED', 'NOT RATED', 'N/A']);
/** Where its ratings come from: by whom, and out of how much. */
const SOURCES: Readonly<Record<string, { provider: string; max: number; type: 'user' | 'critic' }>> = {
  'Rotten Tomatoes': { provider: 'rottentomatoes', max: 100, type: 'critic' },
  Metacritic: { provider: 'metacritic', max: 100, type: 'critic' },
};
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Null: an episode or a game. */
function kindOf({ Type }: { Type: string }): 'movie' | 'series' | null {
  return Type === 'movie' || Type === 'series' ? Type : null;
}

export function hitOf(hit: z.infer<typeof Hit>): SearchHit[] {
  const kind = kindOf(hit);
  if (kind === null) return [];
  const { imdbID: imdb, Title, Year } = hit;
  return [knownFields({ kind, ids: { imdb }, title: cut(Title), year: yearOf(Year), poster: posterOf(hit) })];
}

function posterOf({ Poster }: z.infer<typeof Hit>): string | undefined {
  return Poster !== undefined && URL.canParse(Poster) ? Poster : undefined;
}

export function titleOf(it: Title): ProvidedTitle | null {
  const kind = kindOf(it);
  if (kind === null) return null;
  return knownFields({
    kind,
    title: cut(it.Title),
    ids: idsOf({ imdb: it.imdbID }),
    year: yearOf(it.Year),
    releaseDate: dayOf(it.Released),
    runtimeMinutes: minutesOf(it.Runtime),
    overview: it.Plot === 'N/A' ? undefined : it.Plot,
    ratings: [
      ...ratingOf('imdb', Number(it.imdbRating), { max: 10, votes: countOf(it.imdbVotes), type: 'user' }),
      ...(it.Ratings ?? []).flatMap(({ Source, Value }) => {
        const source = SOURCES[Source];
        return source === undefined ? [] : ratingOf(source.provider, Number.parseFloat(Value), source);
      }),
    ],
    languages: languageCodes(itemsOf(it.Language)),
    countries: countryCodes(itemsOf(it.Country)),
    genres: distinct(itemsOf(it.Genre), { max: 50 }),
    companies: distinct(itemsOf(it.Production)),
    cast: distinct(itemsOf(it.Actors)).map((name) => ({ name })),
    crew: [...crewOf(it.Director, 'Director', 'Directing'), ...crewOf(it.Writer, 'Writer', 'Writing')],
    // It tells the rating of the United States alone.
    certifications:
      it.Rated === undefined || RATED.has(it.Rated) ? [] : [{ country: 'US', code: it.Rated.slice(0, 30) }],
    images: imageOf('poster', posterOf(it)),
  });
}

const cut = (text: string) => text.trim().slice(0, 500);

function itemsOf(text = ''): string[] {
  return text.split(',').map((item) => item.trim().slice(0, 300));
}

/** `Jane Doe (screenplay by)` is Jane Doe. */
function crewOf(names: string | undefined, job: string, department: string) {
  const people = itemsOf(names).map((name) => name.replace(/\s*\(.*$/, ''));
  return distinct(people).map((name) => ({ name, job, department }));
}

/** `20 Jan 2008`. */
function dayOf(text = ''): string | undefined {
  const [, day = '', month = '', year = ''] = /^(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})$/.exec(text) ?? [];
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0) return undefined;
  const date = `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`;
  return z.iso.date().safeParse(date).data;
}

/** `148 min`, `1 h 30 min`. */
function minutesOf(text = ''): number | undefined {
  const [, hours = '0'] = /(\d{1,3}) h/.exec(text) ?? [];
  const [, minutes = '0'] = /(\d{1,4}) min/.exec(text) ?? [];
  return wholeMinutes(Number(hours) * 60 + Number(minutes));
}

/** `2,100,000`. */
function countOf(text = ''): number | undefined {
  return /^[\d,]{1,15}$/.test(text) ? Number(text.replaceAll(',', '')) : undefined;
}

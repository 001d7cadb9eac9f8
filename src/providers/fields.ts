import { z } from 'zod';
import { countryOf } from '../kit/country.ts';
import { knownFields } from '../kit/known-fields.ts';
import { languageOf } from '../kit/language.ts';
import type { ProvidedImage } from './provider.ts';

// What answers are parsed with, of all providers (docs/decisions/0029-provider-answers.md): a part of another type than documented is unknown,
// a bad entry of a list is left out; what a title cannot be without (its id, its name) is asked for strictly, so that another shape is noticed.

/** Bounds of what a title keeps (`docs/import-format.md`); more is cut off. */
const LONGEST_TITLE = 500;
const LONGEST_OVERVIEW = 20_000;
const MAX_CREDITS = 100;
const MAX_MINUTES = 6000;

/** Undefined where it is absent, null or not so. */
export function maybe<T extends z.ZodType>(schema: T) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
}

const text = () => maybe(z.string());
/** Text of a line; null characters are no text for Postgres. */
export const line = (max = LONGEST_TITLE) => text().transform((value) => cut(value ?? '', max));
/** Text of paragraphs, its HTML taken off. */
export const prose = () => text().transform((value) => cut(plainText(value ?? ''), LONGEST_OVERVIEW));
export const number = () => maybe(z.number());
/** Minutes; 0 stands for unknown everywhere. */
export const minutes = () => number().transform((value) => wholeMinutes(value ?? 0));
/** A date or a moment as text, of which the day is kept; `0000-00-00` and `2013` are none. */
export const day = () => text().transform((value) => isoDay(value ?? ''));
/** An address of the web. */
export const webUrl = () => text().transform((value) => (isWebUrl(value ?? '') ? value : undefined));
export const flag = () => maybe(z.boolean());
/** A positive number, in JSON a number or text; leaves 0 out. */
export const idNumber = () =>
  maybe(z.union([z.number(), z.string()])).transform((value) =>
    /^[1-9]\d{0,8}$/.test(String(value)) ? String(value) : undefined,
  );
export const imdbTitle = () => maybe(z.string().regex(/^tt\d{5,12}$/));

/** The id of a video of YouTube. */
export const youtubeId = () => maybe(z.string().regex(/^[\w-]{11}$/));

/** The entries that are so; others are left out, and what is no list is an empty one. */
export function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(z.unknown())
    .catch([])
    .transform((list) => soundOf(list, item));
}

/** A list that is the answer itself: what is no list, or has entries of which none is so, is another shape. */
export function wholeListOf<T extends z.ZodType>(item: T) {
  return z
    .array(z.unknown())
    .transform((list) => ({ given: list.length, sound: soundOf(list, item) }))
    .refine(({ given, sound }) => given === 0 || sound.length > 0, 'has no entry that is so')
    .transform(({ sound }) => sound);
}

function soundOf<T extends z.ZodType>(list: readonly unknown[], item: T): z.output<T>[] {
  return list.flatMap((entry) => {
    const parsed = item.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

/** Ids by provider, without the unknown ones. */
export function idsOf(ids: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ids).flatMap(([provider, value]) => (value === undefined ? [] : [[provider, value]])),
  );
}

/** Each once, in their order, unknown and own ones left out; at most so many. */
export function distinct(
  values: readonly (string | null | undefined)[],
  { max = MAX_CREDITS, without = [] }: { max?: number; without?: readonly (string | undefined)[] } = {},
): string[] {
  const found = new Set(values.filter((value) => typeof value === 'string' && value !== ''));
  for (const own of without) found.delete(own);
  return [...found].flatMap((value) => value ?? []).slice(0, max);
}

/** The first people of an answer; a title has hundreds of them, most of whom nobody looks for. */
export function first<T>(people: readonly T[], max = MAX_CREDITS): T[] {
  return people.slice(0, max);
}

export function imageOf(
  type: ProvidedImage['type'],
  url: string | undefined,
  language?: string,
): ProvidedImage[] {
  return url === undefined ? [] : [knownFields({ type, url, language })];
}

/** ISO codes of languages, by code or English name. */
export function languageCodes(spellings: readonly (string | null | undefined)[]): string[] {
  return distinct(spellings.map((spelling) => languageOf(spelling ?? '')?.code));
}

/** ISO codes of countries, by code or English name. */
export function countryCodes(spellings: readonly (string | null | undefined)[]): string[] {
  return distinct(spellings.map((spelling) => countryOf(spelling ?? '')));
}

/** Of a day or a text that begins with a year. */
export function yearOf(text: string | undefined): number | undefined {
  const year = Number(/^(\d{4})(?!\d)/.exec(text ?? '')?.[1]);
  return year >= 1870 && year <= 2200 ? year : undefined;
}

export function isoDay(text: string): string | undefined {
  const [found = ''] = /^\d{4}-\d{2}-\d{2}(?=$|[T ])/.exec(text.trim()) ?? [];
  return z.iso.date().safeParse(found).success && yearOf(found) !== undefined ? found : undefined;
}

/** None where it would be before the beginning. */
export function endAfter(begin: string | undefined, end: string | undefined): string | undefined {
  return begin !== undefined && end !== undefined && end < begin ? undefined : end;
}

export function wholeMinutes(value: number): number | undefined {
  const whole = Math.round(value);
  return whole >= 1 && whole <= MAX_MINUTES ? whole : undefined;
}

/** A rating within its provider's scale; 0 stands for "not rated" everywhere. */
export function ratingOf(
  provider: string,
  rating: number | undefined,
  { max, votes, type }: { max: number; votes?: number | undefined; type?: 'user' | 'critic' },
): { provider: string; rating: number; votes?: number; type?: 'user' | 'critic' }[] {
  if (rating === undefined || !(rating > 0 && rating <= max)) return [];
  const counted = Number.isSafeInteger(votes) && Number(votes) >= 0 ? votes : undefined;
  return [knownFields({ provider, rating, votes: counted, type })];
}

/** The id in an address of YouTube, or the id itself. */
export function youtubeOf(text: string | null | undefined): { youtube: string } | undefined {
  const [, id] =
    /^(?:https?:\/\/\S*?(?:v=|youtu\.be\/|embed\/))?([\w-]{11})(?:[?&#]|$)/.exec(text ?? '') ?? [];
  return id === undefined ? undefined : { youtube: id };
}

function isWebUrl(text: string): boolean {
  return text.length <= 2000 && /^https?:\/\//.test(text) && URL.canParse(text);
}

function cut(text: string, max: number): string | undefined {
  const clean = text.replaceAll('\0', '').trim();
  // Not through a surrogate pair: half a letter is no text for Postgres.
  return clean === ''
    ? undefined
    : clean
        .slice(0, max)
        .replace(/[\uD800-\uDBFF]$/, '')
        .trimEnd();
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  '#39': "'",
  '#039': "'",
};

function plainText(text: string): string {
  return text
    .replace(/<br\s*\/?>|<\/p>\s*<p>/gi, '\n')
    .replace(/<\/?[a-z][^<>]{0,500}>/gi, '')
    .replace(/&(#?\w{1,6});/g, (entity, name: string) => ENTITIES[name] ?? entity)
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n');
}

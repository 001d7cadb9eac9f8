import { languageOf } from '../../kit/language.ts';
import { yearOf } from './match-titles.ts';
import type { TitleColumns } from './queries/titles.ts';
import type { MediaPatch, TitleInput } from './schemas.ts';

/** Input field → column, where only the name differs. */
const COLUMNS = {
  title: 'title',
  subkind: 'subkind',
  originalTitle: 'original_title',
  year: 'year',
  releaseDate: 'release_date',
  endDate: 'end_date',
  runtimeMinutes: 'runtime_minutes',
  status: 'status',
  network: 'network',
  tagline: 'tagline',
  overview: 'overview',
  countries: 'countries',
  popularity: 'popularity',
  rating: 'rating',
  ratingCount: 'rating_count',
  isPublished: 'is_published',
  isFeatured: 'is_featured',
  isPublic: 'is_public',
  isAdult: 'is_adult',
  nudity: 'nudity',
} as const satisfies Record<string, keyof TitleColumns>;

/** The columns a title or a patch speaks of; null takes a value away, what is left out is not in the answer. */
export function columnsOf(given: TitleInput | MediaPatch): TitleColumns {
  const fields = new Map(Object.entries(given));
  const plain = Object.entries(COLUMNS).flatMap(([field, column]) => {
    const value = fields.get(field);
    return value === undefined ? [] : [[column, value]];
  });
  return {
    ...Object.fromEntries(plain),
    ...(given.languages === undefined ? {} : { languages: given.languages.map(canonicalLanguage) }),
    ...(given.trailer === undefined ? {} : { trailer_youtube_id: given.trailer?.youtube ?? null }),
  };
}

/** The columns of an imported title: its year follows from the release date when it is not given. */
export function titleColumns(title: TitleInput): TitleColumns & { title: string } {
  const year = yearOf(title);
  return { ...columnsOf(title), ...(year === null ? {} : { year }), title: title.title };
}

/** `en-GB` → `en`; a code we do not know stays as it was written. */
export function canonicalLanguage(code: string): string {
  return languageOf(code)?.code ?? code;
}

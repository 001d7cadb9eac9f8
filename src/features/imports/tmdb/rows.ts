import { z } from 'zod';
import type { ListedTitle } from '../../media/index.ts';
import { faultOf } from '../source-lines.ts';

/** TMDB's daily lists of ids (https://developer.themoviedb.org/docs/daily-id-exports), by the word they are asked for with. */
export const TMDB_LISTS = {
  movies: { kind: 'movie', name: 'movie_ids' },
  series: { kind: 'series', name: 'tv_series_ids' },
} as const;
export type TmdbList = keyof typeof TMDB_LISTS;

export type Wanted = { minPopularity: number; adult: boolean; video: boolean };

/** A title, a good line that is not wanted, or why it cannot be read. */
export type Row = ListedTitle | 'unwanted' | { broken: string };

const Common = {
  id: z.int().min(1).max(999_999_999),
  popularity: z.number().min(0).max(1e9),
  adult: z.boolean().optional(),
  video: z.boolean().optional(),
};
const Name = z.string();
const LINES = {
  movies: z
    .object({ ...Common, original_title: Name })
    .transform(({ original_title: name, ...rest }) => ({ ...rest, name })),
  series: z
    .object({ ...Common, original_name: Name })
    .transform(({ original_name: name, ...rest }) => ({ ...rest, name })),
} as const satisfies Record<TmdbList, z.ZodType>;

const MAX_TITLE = 500;

/** One line of a list: a JSON object. */
export function readRow(list: TmdbList, line: string, wanted: Wanted): Row {
  const fault = faultOf(line);
  if (fault !== null) return { broken: fault };
  const parsed = LINES[list].safeParse(jsonOf(line));
  if (!parsed.success) return { broken: issueOf(parsed.error) };
  const { id, name, popularity, adult = false, video = false } = parsed.data;
  const title = name.trim();
  if (title === '') return { broken: 'no title' };
  if (title.length > MAX_TITLE) return { broken: 'an over-long title' };
  if (title.includes('\0') || !title.isWellFormed()) return { broken: 'a title that is no text' };
  if ((adult && !wanted.adult) || (video && !wanted.video) || popularity < wanted.minPopularity)
    return 'unwanted';
  return { id: String(id), title, popularity: Math.fround(popularity), isAdult: adult };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function issueOf({ issues: [issue] }: z.ZodError): string {
  const [field] = issue?.path ?? [];
  return field === undefined ? 'no JSON object' : `a bad ${String(field)}`;
}

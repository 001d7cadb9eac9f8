import type { ParsedResult } from '@viren070/parse-torrent-title';
import type { Span } from './release-title.ts';

export type ReleaseNumbers = { title: string; seasons: number[]; episodes: number[] };

/**
 * Seasons and episodes as the parser read them, without numbers that are the title itself ("1917"), and with the
 * absolute number at the end of a title ("One Piece 1071 1080p") as an episode.
 */
export function numbersOf(
  stem: string,
  parsed: ParsedResult,
  found: { title: string; year: number | null; tags: string },
): ReleaseNumbers {
  const seasons = ascending(parsed.seasons);
  const episodes = ascending(parsed.episodes);
  const { title } = found;
  const isTitleItself = /^\d+$/.test(stem) || (seasons.length === 0 && /episode \d+ \p{L}/iu.test(title));
  // "60 Minutes 2024.01.07": a daily show has a date, its number belongs to the name.
  const isDaily = parsed.date !== undefined && seasons.length === 0;
  if (isTitleItself || isDaily) return { title, seasons, episodes: [] };
  if (seasons.length > 0 || episodes.length > 0 || found.year !== null) return { title, seasons, episodes };
  return trailingEpisode(stem, title, found.tags) ?? { title, seasons, episodes };
}

export function isSeries(numbers: ReleaseNumbers, parsed: ParsedResult, tags: string): boolean {
  if (numbers.seasons.length > 0 || numbers.episodes.length > 0 || parsed.date !== undefined) return true;
  return /(?<!\p{L})(?:mini[ ._-]?series|complete[ ._]series|int[ée]grale?|all[ ._]seasons)(?!\p{L})/iu.test(
    tags,
  );
}

/** `CD2`, `Disc 2`; `Part 2` only behind the title of a film, where it is no part of its name. */
export function partOf(stem: string, span: Span | null, numbers: ReleaseNumbers): { part?: number } {
  const disc = /(?<![\p{L}\p{N}])(?:cd|dis[ck])[ ._-]?(\d{1,2})(?![\p{L}\p{N}])/iu.exec(stem)?.[1];
  if (disc !== undefined) return { part: Number(disc) };
  if (span === null || numbers.episodes.length > 0) return {};
  const part = /(?<![\p{L}\p{N}])(?:part|pt)[ ._-]?(\d{1,2})(?![\p{L}\p{N}])/iu.exec(
    stem.slice(span.end),
  )?.[1];
  return part === undefined ? {} : { part: Number(part) };
}

/** Three digits and more before a tag, or a leading zero, or any number in a fansub file with a checksum. */
function trailingEpisode(stem: string, title: string, tags: string): ReleaseNumbers | null {
  const [, name, digits] = /^(.*[^\d\s].*?)[ #-]+(\d{2,4})$/.exec(title) ?? [];
  if (name === undefined || digits === undefined || /^(?:19|20)\d\d$/.test(digits)) return null;
  const isChecked = /^\[[^\]]+\].*\[[\da-f]{8}\]/i.test(stem);
  const isAbsolute = digits.length > 2 && /\d{3,4}[pi]|blu-?ray|web|hdtv|dvd/i.test(tags);
  if (!digits.startsWith('0') && !isChecked && !isAbsolute) return null;
  return { title: name.trim(), seasons: [], episodes: [Number(digits)] };
}

function ascending(numbers: readonly number[] | undefined): number[] {
  return [...new Set((numbers ?? []).filter((number) => Number.isInteger(number) && number >= 0))].sort(
    (a, b) => a - b,
  );
}

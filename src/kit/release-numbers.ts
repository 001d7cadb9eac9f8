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
  const [episode] = episodes;
  if (seasons.length === 0 && episodes.length === 1 && episode !== undefined && found.year === null) {
    const meant = whatANumberMeans(stem, episode, found);
    if (meant !== null) return meant;
  }
  if (seasons.length > 0 || episodes.length > 0 || found.year !== null) return { title, seasons, episodes };
  return trailingEpisode(stem, title, found.tags) ?? { title, seasons, episodes };
}

export function isSeries(numbers: ReleaseNumbers, parsed: ParsedResult, tags: string): boolean {
  if (numbers.seasons.length > 0 || numbers.episodes.length > 0 || parsed.date !== undefined) return true;
  return /(?<!\p{L})(?:mini[ ._-]?series|complete[ ._]series|int[ée]grale?|all[ ._]seasons)(?!\p{L})/iu.test(
    tags,
  );
}

const ANY_PART = /cd|dis[ck]|s\d|part|pt/i;

/** `CD2`, `Disc 2`; `Part 2` only behind the title of a film, where it is no part of its name. */
export function partOf(stem: string, span: Span | null, numbers: ReleaseNumbers): { part?: number } {
  if (!ANY_PART.test(stem)) return {};
  const disc =
    /(?<![\p{L}\p{N}])(?:s\d{1,2}[ ._-]?d|cd|(?:s\d{1,2})?dis[ck])[ ._-]?(\d{1,2})(?:[ ._]?of[ ._]?\d{1,2})?(?![\p{L}\p{N}])/iu.exec(
      stem,
    )?.[1];
  if (disc !== undefined) return { part: Number(disc) };
  if (span === null || numbers.episodes.length > 0) return {};
  const part = /(?<![\p{L}\p{N}])(?:part|pt)[ ._-]?(\d{1,2})(?![\p{L}\p{N}])/iu.exec(
    stem.slice(span.end),
  )?.[1];
  return part === undefined ? {} : { part: Number(part) };
}

/** Of a name with one bare number: an event's, or season and episode in one; null = an episode's. */
function whatANumberMeans(
  stem: string,
  number: number,
  { title, tags }: { title: string; tags: string },
): ReleaseNumbers | null {
  const isEvent = EVENTS.test(title) || /(?<!\p{L})ppv(?!\p{L})/iu.test(tags);
  if (isEvent && !/(?<!\p{L})ep?\d|episode/iu.test(stem)) {
    return { title: `${title} ${number}`, seasons: [], episodes: [] };
  }
  const glued = seasonAndEpisode(stem, number, tags);
  return glued === null ? null : { title, ...glued };
}

/** Promotions number their events, not episodes: "UFC 299". */
const EVENTS =
  /^(?:ufc|bellator|pfl|wwe|aew|nxt|ksw|lfa|wrestlemania|super bowl|one championship|cage warriors)(?!\p{L})/iu;

/**
 * `castle.502.hdtv-lol`: of a capture from the air the three digits are season 5, episode 2. Anime counts on without
 * seasons, but says HDTV seldom and its group first.
 */
function seasonAndEpisode(stem: string, number: number, tags: string): Omit<ReleaseNumbers, 'title'> | null {
  const digits = /(?<![\p{L}\p{N}])([1-9])(0[1-9]|[1-3]\d)(?![\p{L}\p{N}])/u.exec(stem);
  if (digits === null || Number(digits[0]) !== number || /^[[(【]/.test(stem)) return null;
  const isCapture = /(?<!\p{L})(?:hdtv|pdtv|dsr|dsrip)(?!\p{L})/iu.test(tags);
  const isScene = /^[a-z\d]+(?:\.[a-z\d]+)*-[a-z\d]+$/.test(stem);
  if (!isCapture && !isScene) return null;
  return { seasons: [Number(digits[1])], episodes: [Number(digits[2])] };
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

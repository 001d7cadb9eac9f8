import type { FoundRelease, ReleaseIds } from '../../finders/finder.ts';
import { AppError } from '../../kit/errors.ts';
import { confidence } from '../../kit/match-confidence.ts';
import { parseReleaseName, type ReleaseName } from '../../kit/release-name.ts';
import type { FileInside, FileMatch } from '../stream-index/index.ts';
import { matchFiles } from '../stream-index/index.ts';

/** A film or an episode that is looked for, with what is known of it. */
export type Wanted = {
  mediaId: number;
  kind: 'movie' | 'series';
  names: readonly string[];
  year: number | null;
  ids: ReleaseIds;
  season: number | null;
  episode: number | null;
  /** The episodes that are known of it. */
  catalogue: readonly { season: number; episode: number }[];
};

/** From here on two titles are alike (C4); two that are alike and not the same need the year: Alien and Aliens are 0.91. */
const ALIKE = 0.8;
/** Where an indexer files the release under the title's own id, a name that is spelt otherwise will do. */
const ALIKE_BY_ID = 0.5;

/** Whether a release is of this title, by its name: what a finder says of ids only helps, since it may lie or err. */
export function isOfTitle(wanted: Wanted, release: Pick<FoundRelease, 'name' | 'ids'>): boolean {
  const parsed = parseReleaseName(release.name);
  if ((parsed.kind === 'series') !== (wanted.kind === 'series') || parsed.title === '') return false;
  const agreement = agreementOf(wanted.ids, release.ids);
  if (agreement === 'contradicts' || isOtherYear(wanted, parsed)) return false;
  if (wanted.names.some((name) => plain(name) === plain(parsed.title))) return true;
  const alike = confidence(parsed.title, wanted.names);
  if (agreement === 'agrees') return alike >= ALIKE_BY_ID;
  return alike >= ALIKE && wanted.year !== null && parsed.year === wanted.year;
}

/**
 * The parts of a release that are the film, or episodes of which one is wanted; `[]` for a season or more in one, of which nobody knows
 * yet what is inside: it is linked to the series as a whole. Null: it is of other episodes.
 */
export function partsOf(
  wanted: Wanted,
  inside: { name: string; files: readonly FileInside[] },
): readonly FileMatch[] | null {
  const { kind, names, year, catalogue, season, episode } = wanted;
  const asked = {
    ...{ kind, titles: names, year, catalogue },
    ...{ season: undefined, episode: undefined, fileIndex: undefined },
  };
  try {
    const matches = matchFiles(asked, inside);
    if (kind === 'movie') return matches;
    const isWanted = matches.some((match) => match.season === season && match.episode === episode);
    return isWanted ? matches : null;
  } catch (error) {
    if (error instanceof AppError && error.code === 'streams.which_episode')
      return isPackWith(season, parseReleaseName(inside.name)) ? [] : null;
    throw error;
  }
}

function isPackWith(season: number | null, { seasons, episodes }: ReleaseName): boolean {
  return episodes.length === 0 && (seasons.length === 0 || (season !== null && seasons.includes(season)));
}

/** By any id both have; one that differs weighs more than one that agrees. */
function agreementOf(wanted: ReleaseIds, given: ReleaseIds): 'agrees' | 'contradicts' | 'unknown' {
  const both = (['imdb', 'tmdb', 'tvdb'] as const).filter(
    (name) => wanted[name] !== undefined && given[name] !== undefined,
  );
  if (both.length === 0) return 'unknown';
  return both.every((name) => numberOf(wanted[name]) === numberOf(given[name])) ? 'agrees' : 'contradicts';
}

function numberOf(id: string | undefined): string {
  return (id ?? '').replace(/^tt0*/, '');
}

/** A year beside it is another country's. */
function isOtherYear({ year }: Wanted, parsed: ReleaseName): boolean {
  return year !== null && parsed.year !== undefined && Math.abs(parsed.year - year) > 1;
}

/** Letters and digits alone, accents and case forgiven; `&` is a word. */
function plain(text: string): string {
  return text
    .replace(/&/g, ' and ')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

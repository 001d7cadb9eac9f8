import type { MediaKind } from '../../catalogs/catalog.ts';
import { isVideoName } from '../../kit/content-type.ts';
import { AppError, BadInput } from '../../kit/errors.ts';
import { parseReleaseName } from '../../kit/release-name.ts';

/** Which part of a stream is which episode; season and episode null = the title itself. */
export type FileMatch = {
  season: number | null;
  episode: number | null;
  fileIndex: number | null;
  /** Somebody said so, nothing was guessed. */
  isSaid: boolean;
};

export type Asked = {
  kind: MediaKind;
  season: number | undefined;
  episode: number | undefined;
  fileIndex: number | undefined;
};
export type Inside = {
  name: string;
  files: readonly { index: number; name: string; sizeBytes: number | null }[];
};

/** Names read per stream: a second of work at 30,000 a second is too long to hold everyone up. */
const MAX_VIDEOS = 5000;
const SAMPLE = /(?:^|[/._ -])(?:sample|trailer|featurette|extras?)(?:[/._ -]|$)/i;

/**
 * Which files of a stream are which episodes. A film is its largest video; in a series every video whose name tells an
 * episode is linked at once, so that a pack is known in full when it is first seen (MediaFusion #267).
 * Throws BadInput or 422 `streams.which_episode` when it cannot be told.
 */
export function matchFiles(asked: Asked, inside: Inside): FileMatch[] {
  if (asked.fileIndex !== undefined) checkFile(asked.fileIndex, inside);
  if (asked.kind !== 'series') return [{ ...NO_EPISODE, ...filmFile(asked, inside) }];
  if (asked.episode !== undefined && asked.fileIndex !== undefined)
    return [saidEpisode(asked, asked.fileIndex)];
  const matches = inside.files.length === 0 ? matchWhole(asked, inside.name) : matchEach(asked, inside);
  if (matches.length > 0) return matches;
  throw new AppError(
    'streams.which_episode',
    'It cannot be told which episode this is. Give season and episode, and fileIndex when there are several files.',
    { status: 422 },
  );
}

const NO_EPISODE = { season: null, episode: null };

function checkFile(fileIndex: number, { files }: Inside): void {
  if (files.length === 0 || files.some((file) => file.index === fileIndex)) return;
  throw new BadInput('streams.no_file', 'This stream has no file of that index.', [
    { path: 'fileIndex', message: 'is not the index of a file of this stream' },
  ]);
}

function filmFile(asked: Asked, inside: Inside): { fileIndex: number | null; isSaid: boolean } {
  if (asked.season !== undefined || asked.episode !== undefined) {
    throw new BadInput('streams.not_a_series', 'This title has no seasons: leave out season and episode.', [
      { path: 'season', message: 'only series have seasons' },
    ]);
  }
  if (asked.fileIndex !== undefined) return { fileIndex: asked.fileIndex, isSaid: true };
  const largest = videosOf(inside).reduce<Inside['files'][number] | null>(
    (best, file) => (best === null || (file.sizeBytes ?? 0) > (best.sizeBytes ?? 0) ? file : best),
    null,
  );
  return { fileIndex: largest?.index ?? null, isSaid: true };
}

/** Videos, without samples and trailers unless there is nothing else. */
function videosOf({ files }: Inside): Inside['files'] {
  const videos = files.filter((file) => isVideoName(file.name));
  const whole = videos.filter((file) => !SAMPLE.test(file.name));
  return (whole.length > 0 ? whole : videos).slice(0, MAX_VIDEOS);
}

function saidEpisode(asked: Asked, fileIndex: number | null): FileMatch {
  return { season: asked.season ?? 1, episode: asked.episode ?? 1, fileIndex, isSaid: true };
}

function matchWhole(asked: Asked, name: string): FileMatch[] {
  if (asked.episode !== undefined) return [saidEpisode(asked, null)];
  return episodesIn(name, asked.season).map((numbers) => ({ ...numbers, fileIndex: null, isSaid: false }));
}

function matchEach(asked: Asked, inside: Inside): FileMatch[] {
  const videos = videosOf(inside).filter(
    (file) => asked.fileIndex === undefined || file.index === asked.fileIndex,
  );
  const [only, another] = videos;
  if (asked.episode !== undefined && only !== undefined && another === undefined)
    return [saidEpisode(asked, only.index)];
  const matches = videos.flatMap((file) => {
    const path = file.name.includes('/') ? file.name : `${inside.name}/${file.name}`;
    return episodesIn(path, asked.season).map((numbers) => ({
      ...numbers,
      fileIndex: file.index,
      isSaid: numbers.season === asked.season && numbers.episode === asked.episode,
    }));
  });
  const isFound = asked.episode === undefined || matches.some((match) => match.isSaid);
  return isFound ? matches : [];
}

/** The episodes a name tells; without a season in it, the one that was asked for, else the first. */
function episodesIn(name: string, askedSeason: number | undefined): { season: number; episode: number }[] {
  const { seasons, episodes } = parseReleaseName(name);
  if (seasons.length > 1) return [];
  const season = seasons[0] ?? askedSeason ?? 1;
  return [...new Set(episodes)].map((episode) => ({ season, episode }));
}

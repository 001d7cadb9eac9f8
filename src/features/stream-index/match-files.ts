import type { MediaKind } from '../../catalogs/catalog.ts';
import { AppError, BadInput } from '../../kit/errors.ts';
import { matchConfidence, SURE } from '../../kit/match-confidence.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import { type Numbered, placeNumbers } from './absolute-numbers.ts';
import { type FileInside, SAMPLE_BYTES, wholeVideos } from './whole-videos.ts';

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
  /** What the title is called, and when it came out: tells one film of a collection. */
  titles?: readonly string[];
  year?: number | null;
  /** The episodes that are known of it. */
  catalogue?: readonly Numbered[];
};
export type Inside = { name: string; files: readonly FileInside[] };

/** Films of one collection and names of one title; more are not compared: each pair takes the cube of its length at worst. */
const MAX_FILMS = 50;
const MAX_NAMES = 20;
const MAX_NAME_CHARS = 100;
/**
 * Which files of a stream are which episodes. A film is the video called like it, else the largest; in a series every
 * video whose name tells an episode is linked at once, so that a pack is known in full when it is first seen (MediaFusion #267).
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
  const videos = wholeVideos(inside.files).toSorted((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
  const [largest = null] = videos;
  const named = videos.length > 1 ? calledLike(asked, videos) : null;
  return {
    fileIndex: (named ?? largest)?.index ?? null,
    isSaid: named !== null || videos.length < 2 || isAlone(videos),
  };
}

/** Beside it there are only samples nobody called so. */
function isAlone([largest, next]: readonly FileInside[]): boolean {
  return (largest?.sizeBytes ?? 0) >= SAMPLE_BYTES && (next?.sizeBytes ?? SAMPLE_BYTES) < SAMPLE_BYTES;
}

/** The film of a collection that is called as the title is; of another year it is another film. Largest first, largest wins. */
function calledLike({ titles = [], year = null }: Asked, videos: readonly FileInside[]): FileInside | null {
  const names = [...new Set(titles.map((title) => title.slice(0, MAX_NAME_CHARS)))].slice(0, MAX_NAMES);
  let best: { file: FileInside; alike: number } | null = null;
  for (const file of videos.slice(0, MAX_FILMS)) {
    const parsed = parseReleaseName(file.name);
    const read = { kind: 'movie', title: parsed.title.slice(0, MAX_NAME_CHARS), year: parsed.year };
    const alike = matchConfidence(read, { kind: 'movie', names, year });
    if (alike >= SURE && alike > (best?.alike ?? 0)) best = { file, alike };
  }
  return best?.file ?? null;
}

function saidEpisode(asked: Asked, fileIndex: number | null): FileMatch {
  return { season: asked.season ?? 1, episode: asked.episode ?? 1, fileIndex, isSaid: true };
}

function matchWhole(asked: Asked, name: string): FileMatch[] {
  if (asked.episode !== undefined) return [saidEpisode(asked, null)];
  return placesIn(asked, [name])(name).map((numbers) => ({ ...numbers, fileIndex: null, isSaid: false }));
}

function matchEach(asked: Asked, inside: Inside): FileMatch[] {
  const videos = wholeVideos(inside.files).filter(
    (file) => asked.fileIndex === undefined || file.index === asked.fileIndex,
  );
  const [only, another] = videos;
  if (asked.episode !== undefined && only !== undefined && another === undefined)
    return [saidEpisode(asked, only.index)];
  const pathOf = ({ name }: FileInside) => (name.includes('/') ? name : `${inside.name}/${name}`);
  const placesOf = placesIn(asked, videos.map(pathOf));
  const told = videos.flatMap((file) => placesOf(pathOf(file)).map((numbers) => ({ file, ...numbers })));
  const matches = withoutSamples(told).map(({ file, season, episode }) => ({
    ...{ season, episode, fileIndex: file.index },
    isSaid: season === asked.season && episode === asked.episode,
  }));
  const isFound = asked.episode === undefined || matches.some((match) => match.isSaid);
  return isFound ? matches : [];
}

type Told = Numbered & { file: FileInside };

/** A short one is an episode of its own; where a large one tells the same episode it is its sample, whatever it is called. */
function withoutSamples(told: readonly Told[]): Told[] {
  const keyOf = ({ season, episode }: Numbered) => `${season} ${episode}`;
  const isSmall = ({ file }: Told) => file.sizeBytes !== null && file.sizeBytes < SAMPLE_BYTES;
  const isLarge = ({ file }: Told) => file.sizeBytes !== null && file.sizeBytes >= SAMPLE_BYTES;
  const large = new Set(told.filter(isLarge).map(keyOf));
  return told.filter((each) => !isSmall(each) || !large.has(keyOf(each)));
}

/** The episodes each of these names tells; one without a season is of the one that was asked for, or counts through all. */
function placesIn(asked: Asked, names: readonly string[]): (name: string) => Numbered[] {
  const parsed = new Map(names.map((name) => [name, parseReleaseName(name)]));
  const bare = [...parsed.values()].flatMap(({ seasons, episodes }) =>
    seasons.length === 0 ? episodes : [],
  );
  const place = placeNumbers(bare, asked.season ?? 1, asked.catalogue ?? []);
  return (name) => {
    const { seasons = [], episodes = [] } = parsed.get(name) ?? {};
    const [season, another] = seasons;
    if (another !== undefined) return [];
    return [...new Set(episodes)].map((episode) =>
      season === undefined ? place(episode) : { season, episode },
    );
  };
}

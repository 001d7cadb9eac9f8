import { confidence } from '../../kit/match-confidence.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import { folderOf } from './sort-files.ts';

export type SubtitleFile = { folder: string; name: string };
export type VideoFile = { streamId: number; folder: string; name: string };
/** `similarity` of the names, 0 to 1. */
export type SubtitleMatch = { video: VideoFile; similarity: number };

const ALIKE = 0.6;
/** Folders of subtitles beside a film: their files belong to what lies above. */
const SUBTITLE_FOLDER = /^(?:subs?|subtitles?|legendas?|untertitel|sous-titres|subtitulos|srt|vtt)$/i;
/** `Film.en.forced.sdh.srt`: what may stand between the name of a video and the end. */
const MAX_ENDINGS = 5;
/** Each pair takes the cube of its length at worst. */
const MAX_COMPARED = 100;
const MAX_STEM_CHARS = 200;

/** The videos of a source by their folders, so that each subtitle finds its own. Folders and names as people read them. */
export function subtitleMatcher(
  videos: readonly VideoFile[],
): (subtitle: SubtitleFile) => SubtitleMatch | null {
  const byFolder = Map.groupBy(videos, ({ folder }) => folder);
  const indexes = new Map<string, FolderIndex>();

  function indexOf(folder: string): FolderIndex | null {
    const inside = byFolder.get(folder);
    if (inside === undefined) return null;
    const known = indexes.get(folder) ?? folderIndex(inside);
    indexes.set(folder, known);
    return known;
  }

  return ({ folder, name }) => {
    const own = indexOf(folder);
    if (own !== null) return matchIn(own, name, false);
    const leaf = leafOf(folder);
    const above = folderOf(folder);
    if (SUBTITLE_FOLDER.test(leaf)) return orNull(indexOf(above), (index) => matchIn(index, name, true));
    // `Subs/Show.S01E02/2_English.srt`: the folder is called as the video.
    if (SUBTITLE_FOLDER.test(leafOf(above)))
      return orNull(indexOf(folderOf(above)), (index) => matchIn(index, `${leaf}.${name}`, false));
    return null;
  };
}

function orNull<A, B>(value: A | null, then: (value: A) => B): B | null {
  return value === null ? null : then(value);
}

type FolderIndex = {
  videos: readonly VideoFile[];
  byStem: ReadonlyMap<string, VideoFile>;
  /** Null: two videos are this episode. */
  byEpisode: ReadonlyMap<string, VideoFile | null>;
};

function folderIndex(videos: readonly VideoFile[]): FolderIndex {
  const byEpisode = new Map<string, VideoFile | null>();
  for (const video of videos)
    for (const key of episodesIn(video.name)) byEpisode.set(key, byEpisode.has(key) ? null : video);
  return { videos, byStem: new Map(videos.map((video) => [stemOf(video.name), video])), byEpisode };
}

function matchIn(index: FolderIndex, name: string, isOnlyEnough: boolean): SubtitleMatch | null {
  const stem = stemOf(name);
  const called = stemsOf(stem).flatMap((shorter) => index.byStem.get(shorter) ?? [])[0];
  if (called !== undefined) return { video: called, similarity: 1 };
  const [only, another] = index.videos;
  if (isOnlyEnough && only !== undefined && another === undefined) return withSimilarity(only, stem);
  const episodes = episodesIn(name);
  if (episodes.length > 0) {
    const video = episodes.length === 1 ? index.byEpisode.get(episodes[0] ?? '') : null;
    return video == null ? null : withSimilarity(video, stem);
  }
  return mostAlike(index.videos, stem);
}

function withSimilarity(video: VideoFile, stem: string): SubtitleMatch {
  return { video, similarity: alike(stem, stemOf(video.name)) };
}

/** Of the same parts and years only: `Part 2` is no subtitle of `Part 1`. */
function mostAlike(videos: readonly VideoFile[], stem: string): SubtitleMatch | null {
  const numbers = numbersIn(stem);
  const first = stem[0];
  const near = videos
    .filter(
      ({ name }) => stemOf(name)[0] === first && numbers.every((n) => numbersIn(stemOf(name)).includes(n)),
    )
    .slice(0, MAX_COMPARED);
  let best: SubtitleMatch | null = null;
  for (const video of near) {
    const match = withSimilarity(video, stem);
    if (match.similarity >= ALIKE && match.similarity > (best?.similarity ?? 0)) best = match;
  }
  return best;
}

function alike(a: string, b: string): number {
  return Math.round(confidence(a.slice(0, MAX_STEM_CHARS), [b.slice(0, MAX_STEM_CHARS)]) * 10_000) / 10_000;
}

function numbersIn(stem: string): string[] {
  return stem.match(/\d+/g) ?? [];
}

function episodesIn(name: string): string[] {
  const { seasons, episodes } = parseReleaseName(name);
  return seasons.length > 1 ? [] : episodes.map((episode) => `${seasons[0] ?? ''} ${episode}`);
}

/** Its own name with fewer and fewer endings. */
function stemsOf(stem: string): string[] {
  const stems = [stem];
  for (let n = 0; n < MAX_ENDINGS; n += 1) {
    const shorter = (stems.at(-1) ?? '').match(/^(.*[^._ -])[._ -]+[^._ -]+[._ -]*$/)?.[1];
    if (shorter === undefined) break;
    stems.push(shorter);
  }
  return stems;
}

function stemOf(name: string): string {
  return leafOf(name)
    .slice(0, 1000)
    .toLowerCase()
    .replace(/\.[a-z\d]{1,7}$/, '');
}

function leafOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

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
/** Letter by letter, which takes the cube of the length at worst: those that share most words. */
const MAX_COMPARED = 8;
/** Whose words are looked at. */
const MAX_NEAR = 1000;
const MAX_STEM_CHARS = 200;

/** The videos of one folder by what subtitles can be told by. */
export type FolderIndex = {
  /** The one video it holds; null: none, or more. */
  only: Indexed | null;
  byStem: ReadonlyMap<string, Indexed>;
  /** Null: two videos are this episode. */
  byEpisode: ReadonlyMap<string, Indexed | null>;
  /** By the first letter. */
  byLetter: ReadonlyMap<string, readonly Indexed[]>;
  /** By the first letter and a number in the name. */
  byNumber: ReadonlyMap<string, readonly Indexed[]>;
};
type Indexed = { video: VideoFile; stem: string; numbers: readonly string[]; words: readonly string[] };

/** Each name is read once: a folder may hold many thousands. */
export async function indexFolder(
  videos: readonly VideoFile[],
  pause: () => Promise<void>,
): Promise<FolderIndex> {
  const byStem = new Map<string, Indexed>();
  const byEpisode = new Map<string, Indexed | null>();
  const byLetter = new Map<string, Indexed[]>();
  const byNumber = new Map<string, Indexed[]>();
  let only: Indexed | null = null;
  for (const video of videos) {
    const stem = stemOf(video.name);
    const one = { video, stem, numbers: [...new Set(numbersIn(stem))], words: wordsIn(stem) };
    byStem.set(stem, one);
    for (const key of episodesIn(video.name)) byEpisode.set(key, byEpisode.has(key) ? null : one);
    const letter = stem[0] ?? '';
    append(byLetter, letter, one);
    for (const number of one.numbers) append(byNumber, `${letter}${number}`, one);
    only = videos.length === 1 ? one : null;
    await pause();
  }
  return { only, byStem, byEpisode, byLetter, byNumber };
}

function append<T>(lists: Map<string, T[]>, key: string, entry: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [entry]);
  else list.push(entry);
}

/** The video a subtitle is of, among the folders of its source that are given; folders and names as people read them. */
export function matchSubtitle(
  folders: ReadonlyMap<string, FolderIndex>,
  { folder, name }: SubtitleFile,
): SubtitleMatch | null {
  const indexOf = (path: string) => {
    const index = folders.get(path);
    return index === undefined || index.byStem.size === 0 ? null : index;
  };
  const own = indexOf(folder);
  if (own !== null) return matchIn(own, name, false);
  const leaf = leafOf(folder);
  const above = folderOf(folder);
  if (SUBTITLE_FOLDER.test(leaf)) return orNull(indexOf(above), (index) => matchIn(index, name, true));
  // `Subs/Show.S01E02/2_English.srt`: the folder is called as the video.
  if (SUBTITLE_FOLDER.test(leafOf(above)))
    return orNull(indexOf(folderOf(above)), (index) => matchIn(index, `${leaf}.${name}`, false));
  return null;
}

function orNull<A, B>(value: A | null, then: (value: A) => B): B | null {
  return value === null ? null : then(value);
}

function matchIn(index: FolderIndex, name: string, isOnlyEnough: boolean): SubtitleMatch | null {
  const stem = stemOf(name);
  const called = stemsOf(stem).flatMap((shorter) => index.byStem.get(shorter) ?? [])[0];
  if (called !== undefined) return { video: called.video, similarity: 1 };
  if (isOnlyEnough && index.only !== null) return withSimilarity(index.only, stem);
  const episodes = episodesIn(name);
  if (episodes.length > 0) {
    const video = episodes.length === 1 ? index.byEpisode.get(episodes[0] ?? '') : null;
    return video == null ? null : withSimilarity(video, stem);
  }
  return mostAlike(index, stem);
}

function withSimilarity({ video, stem: own }: Indexed, stem: string): SubtitleMatch {
  return { video, similarity: alike(stem, own) };
}

/** Of the same parts and years only: `Part 2` is no subtitle of `Part 1`. */
function mostAlike(index: FolderIndex, stem: string): SubtitleMatch | null {
  let best: SubtitleMatch | null = null;
  for (const one of nearest(nearOnes(index, stem), stem)) {
    const match = withSimilarity(one, stem);
    if (match.similarity >= ALIKE && match.similarity > (best?.similarity ?? 0)) best = match;
  }
  return best;
}

/** Some that begin with the same letter and have all its numbers: of those that have its rarest one. */
function nearOnes(index: FolderIndex, stem: string): readonly Indexed[] {
  const letter = stem[0] ?? '';
  const numbers = numbersIn(stem);
  const lists = numbers.map((number) => index.byNumber.get(`${letter}${number}`) ?? []);
  const few = lists.reduce(
    (least, list) => (list.length < least.length ? list : least),
    index.byLetter.get(letter) ?? [],
  );
  const near: Indexed[] = [];
  for (const one of few) {
    if (near.length === MAX_NEAR) break;
    if (numbers.every((number) => one.numbers.includes(number))) near.push(one);
  }
  return near;
}

/** Those that share most words with it. */
function nearest(near: readonly Indexed[], stem: string): readonly Indexed[] {
  if (near.length <= MAX_COMPARED) return near;
  const words = new Set(wordsIn(stem));
  const shared = near.map((one) => ({ one, count: one.words.filter((word) => words.has(word)).length }));
  return shared
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MAX_COMPARED)
    .map(({ one }) => one);
}

function alike(a: string, b: string): number {
  return Math.round(confidence(a.slice(0, MAX_STEM_CHARS), [b.slice(0, MAX_STEM_CHARS)]) * 10_000) / 10_000;
}

function numbersIn(stem: string): string[] {
  return stem.match(/\d+/g) ?? [];
}

function wordsIn(stem: string): string[] {
  return stem.split(/[^\p{L}\p{N}]+/u);
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

import { extensionOf } from '../../kit/content-type.ts';
import { languageOf } from '../../kit/language.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import { type FileInside, wholeVideos } from './whole-videos.ts';

/** A subtitle that is a file of the stream itself. */
type InnerSubtitle = {
  /** Its name in the stream. */
  path: string;
  fileIndex: number;
  /** The video it belongs to. */
  ofFileIndex: number;
  language: string | null;
};

/** What we can make WebVTT of; pictures (`idx`, `sup`) are not text. */
const TEXT_SUBTITLES: ReadonlySet<string> = new Set(['srt', 'vtt', 'ass', 'ssa']);
/** A season with ten languages has 240. */
const MAX_SUBTITLES = 1000;
/** `Film.en.forced.sdh.srt`: what may stand between the name of a video and the end. */
const MAX_ENDINGS = 5;
const MAX_ENDING_CHARS = 100;

/**
 * The subtitles among the files of a stream, each with its video: the only one there is, or the one called alike
 * (`Show.S01E02.en.srt`, `Subs/Show.S01E02/2_English.srt`), or the one of the same episode. What fits none is left out.
 */
export function innerSubtitles(files: readonly FileInside[]): InnerSubtitle[] {
  const subtitles = files.filter(({ name }) => TEXT_SUBTITLES.has(extensionOf(name))).slice(0, MAX_SUBTITLES);
  if (subtitles.length === 0) return [];
  const videoOf = videoFinder(wholeVideos(files));
  return subtitles.flatMap(({ name, index }) => {
    const video = videoOf(name);
    if (video === null) return [];
    const ofFileIndex = video.index;
    return [{ path: name, fileIndex: index, ofFileIndex, language: subtitleLanguage(name, video.name) }];
  });
}

function videoFinder(videos: readonly FileInside[]): (subtitle: string) => FileInside | null {
  const [only = null, another] = videos;
  if (another === undefined) return () => only;
  const byStem = new Map(videos.map((video) => [stemOf(video.name), video]));
  let byEpisode: ReadonlyMap<string, FileInside> | null = null;
  return (subtitle) => {
    for (const stem of stemsOf(subtitle)) {
      const video = byStem.get(stem);
      if (video !== undefined) return video;
    }
    byEpisode ??= new Map(
      videos.flatMap((video) => episodeKeys(video.name).map((key): [string, FileInside] => [key, video])),
    );
    const [key = '', another] = episodeKeys(subtitle);
    return (another === undefined && byEpisode.get(key)) || null;
  };
}

/** Its own name with fewer and fewer endings, then the folders it lies in, the nearest first. */
function stemsOf(subtitle: string): string[] {
  const stems = [stemOf(subtitle)];
  for (let n = 0; n < MAX_ENDINGS; n += 1) {
    const shorter = shortened(stems.at(-1) ?? '');
    if (shorter === '') break;
    stems.push(shorter);
  }
  const folders = subtitle.toLowerCase().split('/').slice(0, -1).reverse();
  return [...stems, ...folders];
}

/** Without its last word. By hand: a pattern would take the square of a name made of dots. */
function shortened(stem: string): string {
  let end = stem.length;
  while (end > 0 && !SEPARATORS.has(stem[end - 1] ?? '')) end -= 1;
  while (end > 0 && SEPARATORS.has(stem[end - 1] ?? '')) end -= 1;
  return stem.slice(0, end);
}

const SEPARATORS: ReadonlySet<string> = new Set('._ -');

function episodeKeys(name: string): string[] {
  const { seasons, episodes } = parseReleaseName(name);
  return seasons.length > 1 ? [] : episodes.map((episode) => `${seasons[0] ?? ''} ${episode}`);
}

/** The last part of a path without its ending, in small letters. */
function stemOf(name: string): string {
  const leaf = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  return leaf.replace(/\.[a-z\d]{1,7}$/, '');
}

/** Words that say what sort of subtitle it is; `hi` is for the hard of hearing beside another language, else Hindi. */
const SORTS = /^(?:forced|sdh|cc|full|default|foreign|signs|songs|dialogue|track\d*|\d+)$/;

/** The language a subtitle's name tells, beside the video it belongs to. */
export function subtitleLanguage(subtitle: string, video: string): string | null {
  const [stem, videoStem] = [stemOf(subtitle), stemOf(video)];
  const isAlike = stem.startsWith(videoStem);
  const rest = (isAlike ? stem.slice(videoStem.length) : stem).slice(-MAX_ENDING_CHARS);
  const variant = variantIn(rest);
  if (variant !== null) return variant;
  const words = rest.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '' && !SORTS.test(word));
  const told = words.at(-1) === 'hi' && words.length > 1 ? words.slice(0, -1) : words;
  // In a title of its own "no", "is" and "it" are words; at the end, or behind the video's name, they are languages.
  const found = told.findLast((word, n) => {
    const isSaid = isAlike || n === told.length - 1 || word.length > 3;
    return isSaid && languageOf(word) !== null;
  });
  return found === undefined ? null : (languageOf(found)?.code ?? null);
}

/** Two words that only together are a language of their own. */
function variantIn(rest: string): string | null {
  if (/(?:^|[^a-z])(?:pt|por|portuguese)[^a-z]*(?:br|brazil\w*)(?:[^a-z]|$)|brazilian/.test(rest))
    return 'pt-BR';
  if (/(?:^|[^a-z])(?:es|spa|spanish)[^a-z]*(?:419|latin\w*|la)(?:[^a-z]|$)/.test(rest)) return 'es-419';
  if (/(?:^|[^a-z])(?:zh|chi|zho|chinese)[^a-z]*(?:tw|hant|trad\w*)(?:[^a-z]|$)/.test(rest)) return 'zh-TW';
  return null;
}

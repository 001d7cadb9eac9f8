import { isSubtitleName } from './content-type.ts';
import { parseSegment, type ReleaseFacts } from './release-segment.ts';
import { fileExtension } from './release-stem.ts';

export type ReleaseName = ReleaseFacts & {
  /** The input, unchanged. */
  name: string;
};

/** Goes up with every change of what names are read as: stored streams are read again by it. */
export const READER_VERSION = '3';

/**
 * Reads a release name, a file name or a path: of a path the last segment, with the folders above it for what
 * that does not say (`The Wire/Season 2/03.mkv`). Never throws, also not for names that say nothing; bounded time.
 */
export function parseReleaseName(name: string): ReleaseName {
  const segments = pathSegments(name);
  const leaf = segments.at(-1) ?? '';
  const own = parseSegment(leaf);
  if (segments.length < 2) return { name, ...own };
  const context = readFolders(segments.slice(0, -1).reverse());
  return { name, ...inContext(leaf, own, context) };
}

/** More than any file system takes; what stands before it is not looked at. */
const MAX_PATH_LENGTH = 4096;
const MAX_FOLDERS = 4;
const ROOTED = /^(?:[a-z][a-z\d+.-]*:\/\/|~?\/|\.{1,2}[\\/]|[a-z]:[\\/]|\\)/i;
const LIBRARY =
  /^(?:movies?|films?|tv|tv[ ._-]?(?:shows?|series)|series|shows|media|downloads?|completed?|incoming|videos?|anime|torrents?|usenet|nzb|data|mnt|home|srv|share[ds]?|public|files?|kids|documentar(?:y|ies)|[a-z]:)$/i;
const TELLING = /(?<!\d)(?:19|20)\d\d(?!\d)|\d{3,4}p|(?<!\p{L})s\d{1,2}(?!\d)|season/iu;

/** The parts of a path; one part for a name whose slash is its own ("Face/Off", "Матрица / The Matrix"). */
function pathSegments(name: string): string[] {
  const text = name.slice(-MAX_PATH_LENGTH).trim();
  if (!/[\\/]/.test(text)) return [text];
  // Blanks around a slash separate the titles of a Russian release, not folders.
  const separator = /(?<!\s)[\\/]+(?!\s)|^[\\/]+|[\\/]+$/;
  const bare = text.replace(/^[a-z][a-z\d+.-]*:\/\/[^/]*\//i, '/').replace(/^(\/.*)[?#].*$/, '$1');
  const segments = bare.split(separator).filter((segment) => segment.trim() !== '' && segment !== '.');
  const [parent = '', last = ''] = segments.slice(-2);
  const isPath =
    ROOTED.test(text) ||
    text.includes('\\') ||
    segments.length > 2 ||
    fileExtension(last) !== null ||
    LIBRARY.test(parent) ||
    TELLING.test(parent);
  return isPath ? segments.slice(-1 - MAX_FOLDERS) : [text];
}

type FolderContext = {
  season: number | null;
  part: number | null;
  /** What the nearest folder that names a release says. */
  release: ReleaseFacts | null;
};

const SEASON_FOLDER =
  /^(?:season|saison|staffel|series|temporada|stagione|sezon|s)[ ._-]*(\d{1,4})(?:[ ._-]*[[(].*)?$/i;
const DISC_FOLDER = /^(?:cd|dis[ck]|dvd)[ ._-]?(\d{1,2})$/i;
const INNER_FOLDER =
  /^(?:subs?|subtitles?|extras?|featurettes?|samples?|bdmv|stream|video_ts|proof|screens?|cover)$/i;

/** `folders` nearest first. */
function readFolders(folders: readonly string[]): FolderContext {
  const names = folders.map((folder) => folder.trim());
  const top = names.findIndex((name) => !isInner(name));
  const inner = top < 0 ? names : names.slice(0, top);
  const named = top < 0 || LIBRARY.test(names[top] ?? '') ? null : parseSegment(names[top] ?? '');
  return {
    season: inner.map(seasonOf).find((season) => season !== null) ?? null,
    part: inner.map(discOf).find((disc) => disc !== null) ?? null,
    release: named === null || named.title === '' ? null : named,
  };
}

function isInner(folder: string): boolean {
  return INNER_FOLDER.test(folder) || seasonOf(folder) !== null || discOf(folder) !== null;
}

/** Specials are season 0 by convention of every media server. */
function seasonOf(folder: string): number | null {
  const digits = /^specials?$/i.test(folder) ? '0' : SEASON_FOLDER.exec(folder)?.[1];
  return digits === undefined ? null : Number(digits);
}

function discOf(folder: string): number | null {
  const digits = DISC_FOLDER.exec(folder)?.[1];
  return digits === undefined ? null : Number(digits);
}

function inContext(leaf: string, own: ReleaseFacts, { season, part, release }: FolderContext): ReleaseFacts {
  const file = part === null ? own : { part, ...own };
  if (season !== null || release?.kind === 'series') return asEpisode(leaf, file, season, release);
  return release === null ? file : asFilm(file, release);
}

function asFilm(own: ReleaseFacts, release: ReleaseFacts): ReleaseFacts {
  const isUnnamed = isNameless(own) || (own.episodes.length === 0 && isShortened(own, release));
  if (!isUnnamed) return plain(own.title) === plain(release.title) ? filledUp(own, release) : own;
  // The number of `Subs/2_English.srt` counts subtitles, not episodes.
  const isSubtitle = own.extension !== undefined && isSubtitleName(`x.${own.extension}`);
  const episodes = isSubtitle ? [] : own.episodes;
  const kind = episodes.length > 0 ? 'series' : release.kind;
  return { ...filledUp(own, release), title: release.title, kind, episodes };
}

/** A file below a series: the folders give season and title where the name does not. */
function asEpisode(
  leaf: string,
  own: ReleaseFacts,
  season: number | null,
  release: ReleaseFacts | null,
): ReleaseFacts {
  const ofFolder = season === null ? (release?.seasons ?? []) : [season];
  const seasons = own.seasons.length > 0 || ofFolder.length > 1 ? own.seasons : ofFolder;
  const facts = release === null ? own : filledUp(own, release);
  const read = { ...facts, kind: 'series' as const, seasons, ...whichEpisode(leaf, own, release) };
  const [number = 0] = read.episodes;
  // "Season 1/Show - 102.mkv" says the season twice.
  if (season !== null && season > 0 && own.seasons.length === 0 && read.episodes.length === 1) {
    const isTwice = Math.floor(number / 100) === season && number % 100 > 0;
    if (isTwice) return { ...read, episodes: [number % 100] };
  }
  // "Show - S02E05 - Name/name.mkv": the folder is the release of this one episode.
  const isOfOne = read.episodes.length === 0 && own.seasons.length === 0 && release?.episodes.length === 1;
  return isOfOne ? { ...read, episodes: release.episodes } : read;
}

/** What the folder's title changes about a file's own reading. */
function whichEpisode(leaf: string, own: ReleaseFacts, release: ReleaseFacts | null): Partial<ReleaseFacts> {
  const title = release?.title ?? '';
  if (release?.group !== undefined && isShortened(own, release)) return { title, group: release.group };
  // "12 Monkeys - 05" below "12 Monkeys" begins with its title, not with an episode number.
  if (title !== '' && plain(leaf).startsWith(plain(title))) return {};
  const isPlaced = own.seasons.length > 0 || own.episodes.length > 0;
  const numbered = own.seasons.length > 0 ? null : leadingNumber(leaf);
  if (numbered !== null) return { title, ...numbered };
  if (isNameless(own)) return { title };
  return title === '' || isPlaced ? {} : { title, episodeTitle: own.episodeTitle ?? own.title };
}

/** `03.mkv`, `03 - Hot Shots.mkv`, `E03.mkv`, `[03].mkv`. */
function leadingNumber(leaf: string): { episodes: number[]; episodeTitle?: string } | null {
  const extension = fileExtension(leaf);
  const stem = extension === null ? leaf : leaf.slice(0, -extension.length - 1);
  const [, digits, rest] = /^[[(]?e?p?(\d{1,3})(?:v\d)?[\])]?(?:[ ._-]+(.*))?$/i.exec(stem) ?? [];
  if (digits === undefined) return null;
  const episodeTitle = rest === undefined ? '' : parseSegment(rest).title;
  return { episodes: [Number(digits)], ...(episodeTitle !== '' && { episodeTitle }) };
}

/** The folder's facts where the file has none; numbers of seasons and episodes are never taken over. */
function filledUp(own: ReleaseFacts, folder: ReleaseFacts): ReleaseFacts {
  const { part: _part, extension: _extension, episodeTitle: _episodeTitle, ...release } = folder;
  return {
    ...release,
    ...own,
    audio: firstFilled(own.audio, folder.audio),
    channels: firstFilled(own.channels, folder.channels),
    hdr: firstFilled(own.hdr, folder.hdr),
    languages: firstFilled(own.languages, folder.languages),
    subtitleLanguages: firstFilled(own.subtitleLanguages, folder.subtitleLanguages),
    proper: own.proper || folder.proper,
    repack: own.repack || folder.repack,
    multiAudio: own.multiAudio || folder.multiAudio,
    dualAudio: own.dualAudio || folder.dualAudio,
    dubbed: own.dubbed || folder.dubbed,
    subbed: own.subbed || folder.subbed,
    hardcoded: own.hardcoded || folder.hardcoded,
    upscaled: own.upscaled || folder.upscaled,
  };
}

function firstFilled(own: string[], folder: string[]): string[] {
  return own.length > 0 ? own : folder;
}

/** `movie.mkv`, `01.mkv`, `00003.m2ts`, `VTS_01_1.VOB`, a hash: names that say nothing. */
function isNameless({ title }: ReleaseFacts): boolean {
  return /^(?:|movie|film|video|feature|main|index|title|sample|vts.*|t?\d{1,5}|[\da-f]{16,})$/i.test(title);
}

/** `grp-movie.mkv` in `Movie.2020.1080p.BluRay.x264-GRP`: scene groups shorten a file's name and put theirs first. */
function isShortened(own: ReleaseFacts, folder: ReleaseFacts): boolean {
  if (own.year !== undefined || folder.group === undefined) return false;
  return plain(own.title).startsWith(plain(folder.group).slice(0, 3));
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

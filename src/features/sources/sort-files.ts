import type { WalkedFile } from '../../finders/lister.ts';
import { extensionOf, isVideoName } from '../../kit/content-type.ts';
import { readablePath } from '../../streams/source-files.ts';
import { isExtra } from '../stream-index/index.ts';
import type { StagedSubtitle, StagedVideo } from './queries/staging.ts';

/** Of a path in the tables. */
export const MAX_PATH_CHARS = 2000;
const MAX_NAME_CHARS = 1000;
const YEAR_10000 = Date.UTC(10_000, 0);
const SUBTITLES: ReadonlySet<string> = new Set(['srt', 'vtt', 'ass', 'ssa', 'sub']);
/** Playlists whose parts are the film. */
const PRESENTATIONS: ReadonlySet<string> = new Set(['m3u8', 'mpd']);

export type SortedFiles = {
  videos: StagedVideo[];
  subtitles: StagedSubtitle[];
  /** Neither, or of a name that is too long. */
  others: number;
};

/** Videos, with samples and extras told apart, and subtitles. */
export function sortFiles(files: readonly WalkedFile[]): SortedFiles {
  const sorted: SortedFiles = { videos: [], subtitles: [], others: 0 };
  const readable = createReading();
  for (const { path, name, sizeBytes, modifiedMs } of files) {
    const fits = path.length <= MAX_PATH_CHARS && name.length > 0;
    if (fits && isFilm(name))
      sorted.videos.push({
        ...{ path, name: name.slice(0, MAX_NAME_CHARS), sizeBytes: sizeOf(sizeBytes) },
        modifiedAt: timeOf(modifiedMs),
        isExtra: isExtra(readable(path, name)),
      });
    else if (fits && SUBTITLES.has(extensionOf(name)))
      sorted.subtitles.push({ path, folder: folderOf(path), name: name.slice(0, MAX_NAME_CHARS) });
    else sorted.others += 1;
  }
  return sorted;
}

/** Paths of files as people read them. The files of a folder come together: its own path is read once for them. */
function createReading(): (path: string, name: string) => string {
  let [folder, readable] = ['', ''];
  return (path, name) => {
    const own = folderOf(path);
    if (own !== folder) [folder, readable] = [own, own === '' ? '' : `${readablePath(own)}/`];
    return readable + name;
  };
}

/** What a server claims is not trusted: the tables and the program hold sizes below 2^53. */
function sizeOf(claimed: number | null): number | null {
  return claimed !== null && Number.isSafeInteger(claimed) && claimed >= 0 ? claimed : null;
}

/** ISO 8601 of the years 1970 to 9999, which the tables hold. */
function timeOf(claimed: number | null): string | null {
  return claimed !== null && claimed >= 0 && claimed < YEAR_10000 ? new Date(claimed).toISOString() : null;
}

function isFilm(name: string): boolean {
  return isVideoName(name) || PRESENTATIONS.has(extensionOf(name));
}

/** Of a path its folder; `''` the base. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

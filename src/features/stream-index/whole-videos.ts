import { isVideoName } from '../../kit/content-type.ts';

export type FileInside = { index: number; name: string; sizeBytes: number | null };

/** Names read per stream: a second of work at 30,000 a second is too long to hold everyone up. */
const MAX_VIDEOS = 5000;
/** criterion 32: a video below it is taken for a sample where a larger one says the same. */
export const SAMPLE_BYTES = 50_000_000;

/**
 * What comes along with a film or season: samples, what lies in a folder of a media server's extras or ends as one, openings
 * without their titles (`NCOP`), menus and spots of an anime disc, a recap between two episodes (`07.5`).
 */
const BESIDES: readonly ((folders: string, leaf: string) => boolean)[] = [
  (folders, leaf) => SAMPLE.test(leaf) || SAMPLE.test(folders),
  (folders) => EXTRA_FOLDER.test(folders),
  (_folders, leaf) => EXTRA_ENDING.test(leaf) || ANIME_EXTRA.test(leaf) || RECAP.test(leaf),
];
const SAMPLE = /(?:^|[/._ -])samples?(?:[/._ -]|$)/i;
const EXTRA_FOLDER =
  /\/(?:proofs?|extras?|bonus(?:[ ._-]\w+)?|featurettes?|trailers?|interviews?|shorts|scenes|deleted[ ._-]scenes|behind[ ._-]the[ ._-]scenes|making[ ._-]of|nc|menus?)\//i;
const EXTRA_ENDING =
  /(?:-(?:trailer|featurette|interview|short|scene|deleted|behindthescenes|extra|other)|[._](?:trailer|featurette))\d{0,3}\.\w{1,7}$/i;
const ANIME_EXTRA =
  /(?:^|[^a-z])(?:nc(?:op|ed)|creditless)(?:[^a-z]|$)|[-_] ?(?:menu|pv|cm) ?\d{0,3}(?:v\d)?(?:[ ._[(]|$)/i;
const RECAP = /[ _]-[ _]\d{1,4}\.5[ ._\-([]/;

/** A disc as it was copied: its parts are no films of their own. */
const DISC_FOLDER = /\/(?:video_ts|bdmv|certificate)\//i;

/** Whether a video that lies anywhere is a sample, a trailer or the like, by its name and the folder it lies in. */
export function isExtra(path: string): boolean {
  const cut = path.lastIndexOf('/') + 1;
  const folder = `/${path.slice(path.lastIndexOf('/', cut - 2) + 1, cut)}`;
  return DISC_FOLDER.test(`/${path}`) || BESIDES.some((isBesides) => isBesides(folder, path.slice(cut)));
}

/** The videos of a stream, without samples, trailers and extras. What all of them are called is no extra: a series may be called "Extras". */
export function wholeVideos<T extends FileInside>(files: readonly T[]): readonly T[] {
  let videos = files.filter((file) => isVideoName(file.name));
  for (const isBesides of BESIDES) {
    const whole = videos.filter(({ name }) => {
      const cut = name.lastIndexOf('/') + 1;
      return !isBesides(name.slice(0, cut), name.slice(cut));
    });
    if (whole.length > 0) videos = whole;
  }
  return videos.slice(0, MAX_VIDEOS);
}

import { isVideoName } from '../../kit/content-type.ts';

export type FileInside = { index: number; name: string; sizeBytes: number | null };

/** Names read per stream: a second of work at 30,000 a second is too long to hold everyone up. */
const MAX_VIDEOS = 5000;
/** criterion 32: a video below it is taken for a sample where a larger one says the same. */
export const SAMPLE_BYTES = 50_000_000;

/** What comes along with a film or season; the folders are those of media servers, `NCOP` is an opening without its titles. */
const BESIDES: readonly RegExp[] = [
  /(?:^|[/._ -])samples?(?:[/._ -]|$)/i,
  /\/(?:proofs?|extras?|bonus(?:[ ._-]\w+)?|featurettes?|trailers?|interviews?|shorts|scenes|deleted[ ._-]scenes|behind[ ._-]the[ ._-]scenes|making[ ._-]of|nc|menus?)\//i,
  /[._ -](?:trailer|featurette|interview|short|scene|deleted|behindthescenes|extras?)\d*\.\w+$/i,
  /(?:^|[^a-z])(?:nc(?:op|ed)|creditless|menu|pv|cm)[ ._-]?\d*(?:v\d)?(?:[^a-z\d][^/]*)?$/i,
  // A recap between two episodes: "Show - 07.5".
  /[ _]-[ _]\d{1,4}\.5[ ._\-([][^/]*$/,
];

/** The videos of a stream, without samples, trailers and extras. What all of them are called is no extra: a series may be called "Extras". */
export function wholeVideos<T extends FileInside>(files: readonly T[]): readonly T[] {
  let videos = files.filter((file) => isVideoName(file.name));
  for (const besides of BESIDES) {
    const whole = videos.filter((file) => !besides.test(file.name));
    if (whole.length > 0) videos = whole;
  }
  return videos.slice(0, MAX_VIDEOS);
}

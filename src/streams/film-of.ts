import { contentTypeOf } from '../kit/content-type.ts';
import { AppError } from '../kit/errors.ts';

/** The largest video; where there is none, the only file. Throws `play.no_film` (422) where a player would have to choose. */
export function filmOf<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  what: 'torrent' | 'post',
): File {
  const videos = files.filter(({ path }) => contentTypeOf(path).startsWith('video/'));
  const [largest] = [...(videos.length > 0 ? videos : files)].sort((a, b) => b.sizeBytes - a.sizeBytes);
  if (largest === undefined || (videos.length === 0 && files.length > 1))
    throw new AppError('play.no_film', `No file of this ${what} is a video. Choose one by fileIdx.`, {
      status: 422,
    });
  return largest;
}

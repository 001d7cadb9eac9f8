import { AppError, UpstreamFailed } from '../../../kit/errors.ts';
import { ArchiveRefused } from '../archives/archive.ts';
import { HoleInFile } from '../articles/hole-in-file.ts';
import { ArticleDamaged, ArticleMissing } from '../providers/articles-of.ts';

/** Something of the release is gone for good. */
export function isHole(error: unknown): boolean {
  return error instanceof HoleInFile || error instanceof ArticleMissing || error instanceof ArticleDamaged;
}

/** What went wrong, in words for a viewer. */
export function toAppError(error: unknown): unknown {
  if (error instanceof ArchiveRefused)
    return new AppError('usenet.refused', error.message, { status: 415, cause: error });
  if (!isHole(error)) return error;
  return new UpstreamFailed('Articles of this post are gone from every Usenet provider.', {
    ...{ retryable: false, status: 404, cause: error },
  });
}

import type { z } from 'zod';
import { languageChain } from '../../kit/language.ts';
import type { Db } from '../../platform/db.ts';
import { creditsOf, detailRow, seasonsOf } from './queries/detail.ts';
import { programmesOf } from './queries/programmes.ts';
import type { Credit, MediaDetail } from './schemas.ts';

const WRITING = new Set([
  'Writer',
  'Screenplay',
  'Screenwriter',
  'Teleplay',
  'Story',
  'Author',
  'Novel',
  'Book',
]);

/**
 * Everything known of a title, its texts in `language` (BCP 47) where they are, else in the language without region,
 * else as the title has them; where it may be watched elsewhere in `watchRegion` alone, or everywhere (null). Null when
 * there is no such title. Three statements whatever the title holds, four for a live channel.
 */
export async function mediaDetail(
  db: Db,
  mediaId: number,
  language: string,
  watchRegion: string | null = null,
): Promise<MediaDetail | null> {
  const row = await detailRow(db, mediaId, languageChain(language), watchRegion);
  if (row === null) return null;
  const [credits, seasons, programmes] = await Promise.all([
    creditsOf(db, mediaId),
    seasonsOf(db, mediaId),
    row.kind === 'tv' ? programmesOf(db, mediaId) : [],
  ]);
  return { ...row, ...creditLists(credits), seasons: [...seasons], programmes: [...programmes] };
}

function creditLists(credits: readonly z.infer<typeof Credit>[]) {
  const crew = credits.filter((credit) => credit.type === 'crew');
  const withJob = (isMatch: (job: string) => boolean) =>
    crew
      .filter((credit) => credit.job !== null && isMatch(credit.job))
      .map(({ personId, name }) => ({ personId, name }));
  return {
    cast: credits
      .filter((credit) => credit.type === 'cast')
      .map(({ personId, name, character }) => ({ personId, name, character })),
    directors: withJob((job) => job === 'Director'),
    writers: withJob((job) => WRITING.has(job)),
    crew: crew.map(({ personId, name, job, department }) => ({ personId, name, job, department })),
  };
}

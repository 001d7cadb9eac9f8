import { z } from 'zod';
import { absoluteUrl } from '../../kit/asset-url.ts';
import { Conflict, NotFound } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { MediaPatch, mergeWithOwner, patchMedia, setMediaStandings, titlesOf } from '../media/index.ts';
import { forgetAnswers } from './queries/answers.ts';
import {
  forgetDoubts,
  keepAsIs,
  REVIEW_REASONS,
  ReviewCounts,
  ReviewTitle,
  type Waiting,
  waitingCounts,
  waitingTitle,
  waitingTitles,
} from './queries/doubts.ts';
import { makeTitlesDue } from './queries/due.ts';

export const ReviewQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'is no cursor of this list')
    .optional(),
  reason: z.enum(REVIEW_REASONS).optional(),
});
/** More titles than these are not counted. */
const MOST_COUNTED = 1000;
export const ReviewPage = z.object({
  titles: z.array(ReviewTitle),
  /** For `cursor` of the next request; null on the last page. */
  nextCursor: z.string().nullable(),
  /** Titles that wait for each reason, whichever was asked for; 1000: that many, or more. */
  counts: ReviewCounts,
});
export type ReviewPage = z.infer<typeof ReviewPage>;
export const ApproveBody = z.strictObject({
  /** A doubt's `id`: what it proposes is right. Absent: the title is what it was taken for. */
  doubt: z.int().positive().optional(),
});
/** What the title really is; its other texts are asked for anew. */
export const CorrectBody = z
  .strictObject({
    ids: MediaPatch.shape.ids.unwrap().optional(),
    title: MediaPatch.shape.title,
    year: MediaPatch.shape.year,
  })
  .refine((body) => Object.keys(body).length > 0, 'names nothing to correct');

/** The title here that the decided one turned out to be: it is that one from now on, and its streams are there. */
export const Decided = z.object({
  mergedInto: z.object({ id: z.string(), title: z.string(), year: z.int().nullable() }),
});
type MergedInto = z.infer<typeof Decided>['mergedInto'];

/** A page of titles that wait for a person, newest first. */
export async function reviewPage(
  db: Pool,
  { limit, cursor, reason }: z.infer<typeof ReviewQuery>,
): Promise<ReviewPage> {
  const before = cursor === undefined ? null : Number(cursor);
  const [found, counts] = await Promise.all([
    waitingTitles(db, { limit: limit + 1, before, reason: reason ?? null }),
    waitingCounts(db, MOST_COUNTED),
  ]);
  const page = found.slice(0, limit);
  return {
    titles: page.map(shown),
    counts,
    nextCursor: found.length > limit ? String(page.at(-1)?.mediaId) : null,
  };
}

/** Posters that come with the product are shown by this server. */
function shown({ mediaId: _mediaId, posterUrl, doubts, ...title }: Waiting): z.infer<typeof ReviewTitle> {
  return {
    ...title,
    posterUrl: addressOf(posterUrl),
    doubts: doubts.map(({ here, ...doubt }) => ({
      ...doubt,
      here: here === null ? null : { ...here, posterUrl: addressOf(here.posterUrl) },
    })),
  };
}

function addressOf(posterUrl: string | null): string | null {
  return posterUrl === null ? null : absoluteUrl('', posterUrl);
}

/** It is what it was taken for, or what one of the doubts proposes; shown from now on. Answers the title it became, where it was there already. */
export async function approve(
  db: Pool,
  mediaId: number,
  { doubt }: z.infer<typeof ApproveBody>,
): Promise<MergedInto | null> {
  const title = await waiting(db, mediaId);
  if (doubt !== undefined) return correct(db, mediaId, { ids: proposed(title, doubt) });
  await db.transaction(async (tx) => {
    await keepAsIs(tx, mediaId);
    await setMediaStandings(tx, [{ mediaId, status: 'approved', confidence: 1 }]);
    await patchMedia(tx, mediaId, { isPublished: true });
  });
  return null;
}

/**
 * A person says what it is: ids are replaced, and all that providers told of the other title counts no more. A hidden title made from a name
 * whose id another title here has becomes that one, and the answer is which; a title somebody named on purpose is refused it (C1).
 */
export async function correct(
  db: Pool,
  mediaId: number,
  body: z.infer<typeof CorrectBody>,
): Promise<MergedInto | null> {
  await waiting(db, mediaId);
  return db.transaction(async (tx) => {
    const kept = await mergedByIds(tx, mediaId, body.ids ?? {});
    if (kept !== null) return kept;
    await patchMedia(tx, mediaId, { ...body, isPublished: true });
    await forgetAnswers(tx, mediaId);
    await forgetDoubts(tx, mediaId);
    // A name that a person gave stays, as those of titles do that nobody guessed.
    const confidence = body.title === undefined ? 1 : null;
    await setMediaStandings(tx, [{ mediaId, status: 'pending', confidence }]);
    await makeTitlesDue(tx, [mediaId]);
    return null;
  });
}

async function mergedByIds(
  tx: Db,
  mediaId: number,
  ids: NonNullable<MediaPatch['ids']>,
): Promise<MergedInto | null> {
  const [title] = await titlesOf(tx, [mediaId]);
  if (title === undefined) return null;
  const kept = await mergeWithOwner(tx, title, ids);
  const [became] = kept === null ? [] : await titlesOf(tx, [kept]);
  return became === undefined ? null : { id: became.publicId, title: became.title, year: became.year };
}

/** What was proposed is wrong. A title that was itself in doubt is hidden; nothing is deleted. */
export async function reject(db: Pool, mediaId: number): Promise<void> {
  const { status } = await waiting(db, mediaId);
  await db.transaction(async (tx) => {
    await keepAsIs(tx, mediaId);
    if (status !== 'flagged') return;
    await setMediaStandings(tx, [{ mediaId, status: 'rejected', confidence: 0 }]);
    await patchMedia(tx, mediaId, { isPublished: false });
  });
}

async function waiting(db: Pool, mediaId: number): Promise<Waiting> {
  const title = await waitingTitle(db, mediaId);
  if (title === null) throw new Conflict('review.not_waiting', 'This title does not wait for a decision.');
  return title;
}

function proposed({ doubts }: Waiting, id: number): z.infer<typeof CorrectBody>['ids'] {
  const doubt = doubts.find((one) => one.id === id);
  if (doubt === undefined) throw new NotFound('review.no_doubt', 'This title has no such doubt any more.');
  return doubt.ids;
}

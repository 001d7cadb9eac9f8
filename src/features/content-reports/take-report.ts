import type { z } from 'zod';
import { AppError, Conflict, NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { requireVisible } from '../media/index.ts';
import { requireStream } from '../stream-index/index.ts';
import { requireTag } from '../tags/index.ts';
import { isStreamKnownTo, putReport, type ReportTarget, reportLoad } from './queries.ts';
import type { ReportBody } from './schemas.ts';

type Body = z.infer<typeof ReportBody>;
type Reporter = { userId: number; isModerator: boolean };

const MOST_PENDING = 20;
const MOST_A_DAY = 50;

/** Takes a report; the same again while it waits is the one there is. Conflict with 20 that wait, 429 after 50 in a day. */
export async function takeReport(
  db: Db,
  body: Body,
  reporter: Reporter,
): Promise<{ id: number; isNew: boolean }> {
  const target = await targetOf(db, body, reporter);
  const { pending, today } = await reportLoad(db, reporter.userId);
  if (pending >= MOST_PENDING)
    throw new Conflict(
      'reports.too_many_pending',
      `${MOST_PENDING} reports of yours wait. Take one back, or wait until some are decided.`,
    );
  if (today >= MOST_A_DAY) throw tooMany();
  const { kind, description = null } = body;
  return putReport(db, { ...target, reporterId: reporter.userId, kind, description });
}

async function targetOf(db: Db, body: Body, reporter: Reporter): Promise<ReportTarget> {
  const { mediaId, season, episode, streamId, tag } = body;
  if (mediaId === undefined) return { ...NOTHING, streamId: await streamOf(db, streamId ?? '', reporter) };
  const place = await requireVisible(db, { mediaId, season, episode }, reporter);
  const tagId = tag === undefined ? null : (await requireTag(db, tag)).tagId;
  return place.episodeId === null
    ? { ...NOTHING, mediaId: place.mediaId, tagId }
    : { ...NOTHING, episodeId: place.episodeId, tagId };
}

const NOTHING = { mediaId: null, episodeId: null, streamId: null, tagId: null };

async function streamOf(db: Db, publicId: string, { userId, isModerator }: Reporter): Promise<number> {
  const streamId = await requireStream(db, publicId);
  if (!isModerator && !(await isStreamKnownTo(db, streamId, userId)))
    throw new NotFound('streams.not_found', 'No stream has this id.');
  return streamId;
}

function tooMany(): AppError {
  return new AppError('reports.too_many', `More than ${MOST_A_DAY} reports in a day. Go on tomorrow.`, {
    status: 429,
    headers: { 'Retry-After': '3600' },
  });
}

import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { requireMedia } from '../media/index.ts';
import {
  ApproveBody,
  approve,
  CorrectBody,
  correct,
  type Decided,
  ReviewQuery,
  reject,
  reviewPage,
} from './review.ts';

export type ReviewRoutesDeps = {
  db: Pool;
  requireAdmin: RequestHandler;
  settled(): Promise<void>;
  /** A title was corrected: it is asked about soon. */
  enrichLater(): Promise<void>;
};

const Path = z.object({ id: z.string().max(128) });

/** `/api/review`: titles that are perhaps not what they were taken for, and ids that contradict each other. */
export function reviewRoutes(deps: ReviewRoutesDeps): Router {
  const { db, requireAdmin } = deps;
  const router = Router();
  router.get('/review', requireAdmin, list);
  router.post('/review/:id/approve', requireAdmin, approveOne);
  router.post('/review/:id/correct', requireAdmin, correctOne);
  router.post('/review/:id/reject', requireAdmin, rejectOne);
  return router;

  async function list(req: Request, res: Response) {
    res.json(await reviewPage(db, parseInput(ReviewQuery, req.query, 'The query')));
  }

  async function approveOne(req: Request, res: Response) {
    const body = parseInput(ApproveBody, req.body ?? {}, 'The body');
    const mergedInto = await approve(db, await titleOf(req), body);
    if (body.doubt !== undefined) await deps.enrichLater();
    await done(res, mergedInto);
  }

  async function correctOne(req: Request, res: Response) {
    const body = parseInput(CorrectBody, req.body, 'The correction');
    const mergedInto = await correct(db, await titleOf(req), body);
    await deps.enrichLater();
    await done(res, mergedInto);
  }

  async function rejectOne(req: Request, res: Response) {
    await reject(db, await titleOf(req));
    await done(res);
  }

  async function titleOf(req: Request): Promise<number> {
    return (await requireMedia(db, parseInput(Path, req.params, 'The path').id)).mediaId;
  }

  async function done(res: Response, mergedInto: z.infer<typeof Decided>['mergedInto'] | null = null) {
    await deps.settled();
    if (mergedInto === null) res.status(204).end();
    else res.json({ mergedInto } satisfies z.infer<typeof Decided>);
  }
}

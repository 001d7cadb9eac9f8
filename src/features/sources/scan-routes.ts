import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { ScanAnswer, scansOf } from './queries/scan-answers.ts';
import { storedSource } from './queries/sources.ts';
import { sourcesProgress } from './scan-progress.ts';

const ScanPath = z.object({ id: z.uuid() });
export const ScansAnswer = z.object({ scans: z.array(ScanAnswer) });

export type ScanRoutesDeps = { db: Pool; requireAdmin: RequestHandler; enricher: { isOn(): boolean } };

const MAX_SHOWN = 100;

/** What runs of scans and matching, and what became of earlier ones. */
export function scanRoutes({ db, requireAdmin, enricher }: ScanRoutesDeps): Router {
  const router = Router();
  router.get('/sources/progress', requireAdmin, progress);
  router.get('/sources/:id/scans', requireAdmin, log);
  return router;

  async function progress(_req: Request, res: Response) {
    res.json(await sourcesProgress(db, enricher));
  }

  async function log(req: Request, res: Response) {
    const { id } = parseInput(ScanPath, req.params, 'The source id');
    const source = await storedSource(db, id);
    if (source === null) throw new NotFound('sources.not_found', 'There is no such source.');
    res.json({ scans: await scansOf(db, source.id, MAX_SHOWN) });
  }
}

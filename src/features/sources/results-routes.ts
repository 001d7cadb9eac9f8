import { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError, Conflict, NotFound } from '../../kit/errors.ts';
import { UUID } from '../../kit/uuid.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { type StoredSource, storedSource } from './queries/sources.ts';
import { countStaged } from './queries/staging.ts';
import { ScanResults, takeResults } from './scan-results.ts';

/** Of one source, before strangers may send no more. */
const MOST_WAITING = 100_000;

export type ResultsRoutesDeps = {
  db: Pool;
  isAdmin(req: Request): Promise<boolean>;
  requireAdmin: RequestHandler;
  /** The setting: strangers may send results. */
  isOpen(): boolean;
  /** Of strangers. */
  limitResults: RequestHandler;
  matchLater(): Promise<void>;
};

/** Results of a scan that somebody else made: the admin's, or anybody's where the setting says so. */
export function resultsRoutes(deps: ResultsRoutesDeps): Router {
  const { db } = deps;
  const router = Router();
  router.post('/sources/:id/scan-results', guard, ...jsonBody('4mb'), take);
  return router;

  async function guard(req: Request, res: Response, next: (error?: unknown) => void) {
    if (deps.isOpen() && !(await deps.isAdmin(req))) return deps.limitResults(req, res, next);
    return deps.requireAdmin(req, res, next);
  }

  async function take(req: Request, res: Response) {
    const { id = '' } = req.params;
    const source = typeof id === 'string' && UUID.test(id) ? await storedSource(db, id) : null;
    if (source === null) throw new NotFound('sources.not_found', 'There is no such source.');
    if (!source.isActive)
      throw new Conflict('sources.inactive', 'This source is not active. Activate it first.');
    if (!(await deps.isAdmin(req))) await refuseMany(source);
    const results = parseInput(ScanResults, req.body, 'The scan');
    const answer = await takeResults(db, source, results);
    if (answer.inserted > 0) await deps.matchLater().catch(ifQueueIsAway);
    res.status(201).json(answer);
  }

  /** What strangers send stays until somebody has matched it: it must not grow without end. */
  async function refuseMany(source: StoredSource): Promise<void> {
    if ((await countStaged(db, source.id, MOST_WAITING)) < MOST_WAITING) return;
    throw new Conflict(
      'sources.too_many_waiting',
      `${MOST_WAITING} files of this source wait to be matched already. Send yours once they are; its owner may send more at any time.`,
    );
  }
}

/** What is staged is matched by the clock then. */
function ifQueueIsAway(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}

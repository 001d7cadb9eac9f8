import { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError, Conflict, NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { storedSource } from './queries/sources.ts';
import { ScanResults, takeResults } from './scan-results.ts';

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

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

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
    const results = parseInput(ScanResults, req.body, 'The scan');
    const answer = await takeResults(db, source, results);
    if (answer.inserted > 0) await deps.matchLater().catch(ifQueueIsAway);
    res.status(201).json(answer);
  }
}

/** What is staged is matched by the clock then. */
function ifQueueIsAway(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}

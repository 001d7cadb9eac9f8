import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError, NotFound } from '../../kit/errors.ts';
import { UUID } from '../../kit/uuid.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { type AskDeps, finderOf } from './ask-finder.ts';
import { addFinder, changeFinder, FinderBody, FinderPatch, toldOf } from './change-finders.ts';
import { nabApiKey } from './nab-server/routes.ts';
import { deleteFinder, FinderAnswer, finderAnswers, finderToChange } from './queries/finders.ts';
import { FinderDay, finderDays } from './queries/outcomes.ts';

/** What Sonarr, Radarr and Prowlarr are given to search our own catalogue. */
export const NabServerAnswer = z.object({ torznabUrl: z.url(), newznabUrl: z.url(), apiKey: z.string() });
export const FindersAnswer = z.object({ finders: z.array(FinderAnswer) });
/** Of the last 30 days those on which each was asked, oldest first. */
export const FinderDaysAnswer = z.object({
  finders: z.array(z.object({ finderId: z.uuid(), days: z.array(FinderDay) })),
});
/** How a finder does just now, in words. */
export const FinderTest = z.object({ isWorking: z.boolean(), detail: z.string() });

export type FinderRoutesDeps = Pick<AskDeps, 'net'> & {
  db: Pool;
  crypto: Pick<Crypto, 'open' | 'seal' | 'sealToken'>;
  requireAdmin: RequestHandler;
  actorOf(req: Request): Promise<Actor>;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
};

const MAX_SHOWN = 500;
const TEST_TIMEOUT_MS = 30_000;

/** Finders of the system, which the admin adds, approves, tests and takes away. Their addresses and keys are never answered. */
export function finderRoutes(deps: FinderRoutesDeps): Router {
  const { db, requireAdmin } = deps;
  const router = Router();
  router.get('/finders', requireAdmin, list);
  router.get('/finders/days', requireAdmin, days);
  router.get('/finders/server', requireAdmin, server);
  router.post('/finders', requireAdmin, add);
  router.patch('/finders/:id', requireAdmin, change);
  router.delete('/finders/:id', requireAdmin, remove);
  router.post('/finders/:id/test', requireAdmin, test);
  return router;

  async function list(_req: Request, res: Response) {
    res.json({ finders: await finderAnswers(db, null, MAX_SHOWN) });
  }

  async function days(_req: Request, res: Response) {
    const all = Map.groupBy(await finderDays(db, MAX_SHOWN), ({ finderId }) => finderId);
    const finders = [...all].map(([finderId, of]) => ({
      finderId,
      days: of.map(({ finderId: _finderId, ...day }) => day),
    }));
    res.json({ finders });
  }

  async function server(req: Request, res: Response) {
    const base = deps.baseUrl(req);
    const apiKey = nabApiKey(deps.crypto);
    res.set('Cache-Control', 'no-store');
    res.json({ torznabUrl: `${base}/torznab/api`, newznabUrl: `${base}/newznab/api`, apiKey });
  }

  async function add(req: Request, res: Response) {
    const publicId = await addFinder(
      deps,
      parseInput(FinderBody, req.body, 'The finder'),
      await deps.actorOf(req),
    );
    res.status(201).json(await answerOf(db, publicId));
  }

  async function change(req: Request, res: Response) {
    const publicId = idOf(req);
    const patch = parseInput(FinderPatch, req.body, 'The finder');
    await changeFinder(deps, publicId, patch, await deps.actorOf(req));
    res.json(await answerOf(db, publicId));
  }

  async function remove(req: Request, res: Response) {
    const publicId = idOf(req);
    const actor = await deps.actorOf(req);
    await db.transaction(async (tx) => {
      const stored = await finderToChange(tx, publicId);
      if (stored === null || !(await deleteFinder(tx, publicId))) throw notFound();
      const entry = {
        action: 'finder.deleted',
        severity: 'warning',
        resource: `finder ${publicId}`,
      } as const;
      await noteAudit(tx, actor, { ...entry, before: toldOf(stored) });
    });
    res.status(204).end();
  }

  /** Whatever its state: an owner wants to know before it is approved. Nothing of it is kept, or counted. */
  async function test(req: Request, res: Response) {
    const stored = await finderToChange(db, idOf(req));
    if (stored === null) throw notFound();
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    try {
      const finder = finderOf({ ...deps, caps: untold }, stored);
      res.json({ isWorking: true, detail: await finder.test(signal) });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      res.json({ isWorking: false, detail: error.message });
    }
  }
}

/** A test asks anew what the indexer can do. */
const untold: AskDeps['caps'] = {
  get: (_key, load, signal) => load(signal ?? new AbortController().signal),
};

function idOf(req: Request): string {
  const { id = '' } = req.params;
  if (typeof id !== 'string' || !UUID.test(id)) throw notFound();
  return id;
}

async function answerOf(db: Pool, publicId: string): Promise<FinderAnswer> {
  const [answer] = await finderAnswers(db, publicId, 1);
  if (answer === undefined) throw notFound();
  return answer;
}

function notFound(): NotFound {
  return new NotFound('finders.not_found', 'There is no such finder.');
}

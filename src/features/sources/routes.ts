import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { Conflict, NotFound } from '../../kit/errors.ts';
import { UUID } from '../../kit/uuid.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Pool } from '../../platform/db.ts';
import { hangUpOf, parseInput } from '../../platform/http-input.ts';
import type { StreamKind } from '../../streams/kind.ts';
import type { Actor } from '../audit/index.ts';
import { addSource, changeSource, SourceBody, SourcePatch, SourceTestBody } from './change-sources.ts';
import { deleteSource, dropDeleted } from './delete-sources.ts';
import { type ListerDeps, listerOf, testLister } from './open-lister.ts';
import { baseUrlOf, placeOf } from './place.ts';
import { retryItems } from './queries/items.ts';
import { makeSourceDue } from './queries/scans.ts';
import { SourceAnswer, sourceAnswers, storedSource } from './queries/sources.ts';

export const SourcesAnswer = z.object({ sources: z.array(SourceAnswer) });
/** How a server does just now, in words. */
export const SourceTest = z.object({ isWorking: z.boolean(), detail: z.string() });

export type SourceRoutesDeps = ListerDeps & {
  db: Pool;
  crypto: Pick<Crypto, 'open' | 'seal'>;
  kinds: { get(kind: string): StreamKind | undefined };
  requireAdmin: RequestHandler;
  actorOf(req: Request): Promise<Actor>;
  localFolders: ReadonlyMap<string, string>;
  /** Sources that are due are scanned at once, and staged files matched. */
  scanLater(): Promise<void>;
  matchLater(): Promise<void>;
  /** What deleted sources hold goes. */
  dropLater(): Promise<void>;
  /** What was changed is known everywhere. */
  settled(): Promise<void>;
};

const MAX_SHOWN = 500;
const MOST_COUNTED = 100_000;
const DROP_MS = 3000;
const TEST_TIMEOUT_MS = 20_000;

/** `/api/sources`: file servers and folders, which the admin adds, tests, activates and takes away. Passwords are never answered. */
export function sourceRoutes(deps: SourceRoutesDeps): Router {
  const { db, crypto, requireAdmin, localFolders } = deps;
  const router = Router();
  router.get('/sources', requireAdmin, list);
  router.post('/sources', requireAdmin, add);
  router.post('/sources/test', requireAdmin, testBefore);
  router.get('/sources/:id', requireAdmin, one);
  router.patch('/sources/:id', requireAdmin, change);
  router.delete('/sources/:id', requireAdmin, remove);
  router.post('/sources/:id/test', requireAdmin, test);
  router.post('/sources/:id/retry', requireAdmin, retry);
  router.post('/sources/:id/scan', requireAdmin, scanNow);
  return router;

  async function list(_req: Request, res: Response) {
    res.json({ sources: await sourceAnswers(db, null, { limit: MAX_SHOWN, mostCounted: MOST_COUNTED }) });
  }

  async function one(req: Request, res: Response) {
    res.json(await answerOf(db, idOf(req)));
  }

  async function add(req: Request, res: Response) {
    const publicId = await addSource(
      deps,
      parseInput(SourceBody, req.body, 'The source'),
      await deps.actorOf(req),
    );
    res.status(201).json(await answerOf(db, publicId));
  }

  async function change(req: Request, res: Response) {
    const publicId = idOf(req);
    const patch = parseInput(SourcePatch, req.body, 'The source');
    await changeSource(deps, publicId, patch, await deps.actorOf(req));
    await deps.settled();
    const answer = await answerOf(db, publicId);
    // What is due after it, an owner who looks on need not wait the minute of the clock for.
    if (answer.isActive) await deps.scanLater();
    res.json(answer);
  }

  async function remove(req: Request, res: Response) {
    await deleteSource(db, idOf(req), await deps.actorOf(req));
    const isGone = await isDroppedSoon(db, hangUpOf(res));
    if (!isGone) await deps.dropLater();
    await deps.settled();
    res.status(204).end();
  }

  async function retry(req: Request, res: Response) {
    const signal = hangUpOf(res);
    const source = await storedSource(db, idOf(req));
    if (source === null) throw notFound();
    while (await retryItems(db, source.id)) signal.throwIfAborted();
    await deps.matchLater();
    res.status(204).end();
  }

  async function scanNow(req: Request, res: Response) {
    const publicId = idOf(req);
    if ((await makeSourceDue(db, publicId)) === null) {
      await answerOf(db, publicId);
      throw new Conflict('sources.inactive', 'This source is not active. Activate it first.');
    }
    await deps.scanLater();
    res.status(202).json(await answerOf(db, publicId));
  }

  async function testBefore(req: Request, res: Response) {
    const body = parseInput(SourceTestBody, req.body, 'The source');
    const { finder, username, password, config, allowsPrivate } = body;
    const baseUrl = baseUrlOf(finder, body.baseUrl, localFolders);
    const lister = listerOf(deps, { finder, allowsPrivate }, { baseUrl, username, password, config });
    res.json(await testLister(lister, testSignal(res)));
  }

  /** Active or not: an owner wants to know before. Nothing of it is kept, or counted. */
  async function test(req: Request, res: Response) {
    const stored = await storedSource(db, idOf(req));
    if (stored === null) throw notFound();
    res.json(await testLister(listerOf(deps, stored, placeOf(crypto, stored)), testSignal(res)));
  }
}

/** A household's is gone with the answer; a large one takes longer than somebody waits for. */
async function isDroppedSoon(db: Pool, hangUp: AbortSignal): Promise<boolean> {
  const soon = AbortSignal.any([hangUp, AbortSignal.timeout(DROP_MS)]);
  try {
    await dropDeleted(db, soon);
    return true;
  } catch (error) {
    if (soon.aborted) return false;
    throw error;
  }
}

function testSignal(res: Response): AbortSignal {
  return AbortSignal.any([hangUpOf(res), AbortSignal.timeout(TEST_TIMEOUT_MS)]);
}

function idOf(req: Request): string {
  const { id = '' } = req.params;
  if (typeof id !== 'string' || !UUID.test(id)) throw notFound();
  return id;
}

async function answerOf(db: Pool, publicId: string): Promise<SourceAnswer> {
  const [answer] = await sourceAnswers(db, publicId, { limit: 1, mostCounted: MOST_COUNTED });
  if (answer === undefined) throw notFound();
  return answer;
}

function notFound(): NotFound {
  return new NotFound('sources.not_found', 'There is no such source.');
}

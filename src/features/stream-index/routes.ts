import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { hangUpOf, parseInput } from '../../platform/http-input.ts';
import type { Net } from '../../platform/net.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { requireMedia } from '../media/index.ts';
import { PreferencesText } from '../preferences/index.ts';
import { AddStreamBody, addStream } from './add-stream.ts';
import { requireStream, streamAnswers, streamPage } from './answers.ts';
import { explainStream } from './explain.ts';
import { explainTitle } from './explain-preferences.ts';
import { acceptUpload } from './multipart.ts';
import type { OfferLimits } from './offers-for.ts';
import { filesOf } from './queries/answers.ts';
import { deleteStream, updateStreams } from './queries/streams.ts';
import { requireLicences } from './save-streams.ts';
import { StreamPatch } from './schemas.ts';
import { licenceColumns } from './stream-columns.ts';

export type StreamRoutesDeps = {
  db: Pool;
  net: Net;
  kinds: { get(kind: string): StreamKind | undefined };
  requireAdmin: RequestHandler;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
  /** Resolves once whoever asks next sees what was written. */
  settled(): Promise<void>;
  /** What the owner set for what is offered. */
  offerLimits?(): OfferLimits;
  /** Told of every stream that was added by the API. */
  onAdded?(streamId: number, kind: string): void;
};

const Path = z.object({ id: z.string().max(128) });
const ListQuery = z.strictObject({
  mediaId: z.string().max(128),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.uuid().optional(),
});
const explained = {
  only: z.enum(['licensed', 'all']).default('all'),
  preferences: PreferencesText.optional(),
};
const ExplainQuery = z.strictObject(explained);
const ExplainTitleQuery = z.strictObject({ mediaId: z.string().max(128), ...explained });
const MAX_FILES = 1000;

/** `/api/streams`: what titles can be watched by. */
export function streamRoutes(deps: StreamRoutesDeps): Router {
  const { db, requireAdmin } = deps;
  const router = Router();
  router.get('/streams', requireAdmin, list);
  router.post('/streams', requireAdmin, acceptUpload, create);
  router.get('/streams/explain', requireAdmin, explainAll);
  router.get('/streams/:id', requireAdmin, show);
  router.patch('/streams/:id', requireAdmin, change);
  router.delete('/streams/:id', requireAdmin, remove);
  router.get('/streams/:id/explain', requireAdmin, explain);
  return router;

  async function list(req: Request, res: Response) {
    const { mediaId: id, ...page } = parseInput(ListQuery, req.query, 'The query');
    const place = await requireMedia(db, id);
    res.json(await streamPage(db, { ...place, ...page, cursor: page.cursor, baseUrl: deps.baseUrl(req) }));
  }

  async function create(req: Request, res: Response) {
    const body = parseInput(AddStreamBody, req.body, 'The stream');
    const { streamId, isNew } = await addStream(deps, body, hangUpOf(res));
    const answer = await answerOf(req, streamId);
    await deps.settled();
    deps.onAdded?.(streamId, answer.kind);
    res
      .status(201)
      .location(`${deps.baseUrl(req)}/api/streams/${answer.streamId}`)
      .json({ ...answer, isNew });
  }

  async function show(req: Request, res: Response) {
    res.json(await answerOf(req, await streamIn(req)));
  }

  async function change(req: Request, res: Response) {
    const streamId = await streamIn(req);
    const { isBlocked, isActive, isPublic, state, licence } = parseInput(StreamPatch, req.body, 'The change');
    if (licence) await requireLicences(db, [licence.code]);
    const given = {
      ...(isBlocked === undefined ? {} : { is_blocked: isBlocked }),
      ...(isActive === undefined ? {} : { is_active: isActive }),
      ...(isPublic === undefined ? {} : { is_public: isPublic }),
      ...(state === undefined ? {} : { state }),
      ...(licence === undefined ? {} : licenceColumns(licence)),
    };
    await updateStreams(db, [{ streamId, given, found: {} }]);
    const answer = await answerOf(req, streamId);
    await deps.settled();
    res.json(answer);
  }

  async function remove(req: Request, res: Response) {
    await deleteStream(db, await streamIn(req));
    await deps.settled();
    res.status(204).end();
  }

  async function explain(req: Request, res: Response) {
    const { only, preferences } = parseInput(ExplainQuery, req.query, 'The query');
    const query = { ...deps.offerLimits?.(), only };
    const explanation = await explainStream(db, await streamIn(req), query, preferences);
    if (explanation === null) throw gone();
    res.json(explanation);
  }

  async function explainAll(req: Request, res: Response) {
    const { mediaId: id, only, preferences = {} } = parseInput(ExplainTitleQuery, req.query, 'The query');
    const place = await requireMedia(db, id);
    res.json(await explainTitle(db, { ...deps.offerLimits?.(), ...place, only }, preferences));
  }

  function streamIn(req: Request): Promise<number> {
    return requireStream(db, parseInput(Path, req.params, 'The path').id);
  }

  async function answerOf(req: Request, streamId: number) {
    const [answer] = await streamAnswers(db, [streamId], { mediaId: null, baseUrl: deps.baseUrl(req) });
    if (answer === undefined) throw gone();
    return { ...answer, files: await filesOf(db, streamId, MAX_FILES) };
  }
}

function gone(): NotFound {
  return new NotFound('streams.not_found', 'No stream has this id.');
}

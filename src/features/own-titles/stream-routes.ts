import { type Request, type RequestHandler, type Response, Router } from 'express';
import { NotFound } from '../../kit/errors.ts';
import { hangUpOf, parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import type { Net } from '../../platform/net.ts';
import type { StreamKind } from '../../streams/kind.ts';
import {
  addOwnStream,
  findStream,
  OwnStreamInput,
  streamAnswers,
  streamPage,
  unlinkStreams,
} from '../stream-index/index.ts';
import { idOf, memberOf, type OwnTitleDeps, ownTitle, privateTitle } from './asking.ts';
import { OwnStreamQuery } from './schemas.ts';

export type OwnStreamRoutesDeps = OwnTitleDeps & {
  net: Net;
  kinds: { get(kind: string): StreamKind | undefined };
  /** Each link asks an origin what it is. */
  limitStreams: RequestHandler;
};

/** `/api/own-titles/:id/streams`: what titles of one's own can be watched by, while they are not public. */
export function ownStreamRoutes(deps: OwnStreamRoutesDeps): Router {
  const { db } = deps;
  const router = Router();
  const body = jsonBody('64kb');
  router.get('/own-titles/:id/streams', list);
  router.post('/own-titles/:id/streams', deps.limitStreams, ...body, add);
  router.delete('/own-titles/:id/streams/:stream', takeOff);
  return router;

  async function list(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const { mediaId } = await ownTitle(db, userId, idOf(req));
    const { limit, cursor } = parseInput(OwnStreamQuery, req.query, 'The query');
    const page = { mediaId, episodeId: null, limit, cursor, baseUrl: deps.baseUrl(req) };
    res.set('Cache-Control', 'no-store').json(await streamPage(db, page));
  }

  async function add(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const publicId = idOf(req);
    const given = parseInput(OwnStreamInput, req.body, 'The stream');
    const { mediaId } = await privateTitle(db, userId, publicId);
    const { streamId, isNew } = await addOwnStream(
      deps,
      { userId, mediaId, publicId, lockTitle: (tx) => privateTitle(tx, userId, publicId) },
      given,
      hangUpOf(res),
    );
    await deps.settled();
    const [answer] = await streamAnswers(db, [streamId], { mediaId, baseUrl: deps.baseUrl(req) });
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json({ ...answer, isNew });
  }

  async function takeOff(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const isTaken = await db.transaction(async (tx) => {
      const { mediaId } = await privateTitle(tx, userId, idOf(req));
      const streamId = await findStream(tx, String(req.params.stream));
      return streamId !== null && (await unlinkStreams(tx, mediaId, streamId));
    });
    // One that somebody else has is told of as one that nobody has.
    if (!isTaken) throw new NotFound('streams.not_found', 'This title has no such stream.');
    await deps.settled();
    res.status(204).end();
  }
}

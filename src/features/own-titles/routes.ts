import { type Request, type Response, Router } from 'express';
import { Forbidden } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import {
  addOwnTitle,
  deleteMedia,
  lockOwned,
  type MediaAnswer,
  mediaAnswer,
  mediaDetail,
  ownedBy,
  patchMedia,
} from '../media/index.ts';
import { unlinkStreams } from '../stream-index/index.ts';
import { idOf, memberOf, notThere, type OwnTitleDeps, ownTitle, privateTitle } from './asking.ts';
import { OwnTitleInput, OwnTitlePatch, OwnTitleQuery, Publication } from './schemas.ts';

export type OwnTitleRoutesDeps = OwnTitleDeps & {
  /** Language of the texts. */
  language: string;
};

/** `/api/own-titles`: titles that users add for themselves. Another's is one that is not there. */
export function ownTitleRoutes(deps: OwnTitleRoutesDeps): Router {
  const { db } = deps;
  const router = Router();
  const body = jsonBody('256kb');
  router.get('/own-titles', list);
  router.post('/own-titles', ...body, create);
  router.get('/own-titles/:id', show);
  router.patch('/own-titles/:id', ...body, change);
  router.delete('/own-titles/:id', remove);
  router.put('/own-titles/:id/publication', ...body, publish);
  return router;

  async function list(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const { limit, cursor } = parseInput(OwnTitleQuery, req.query, 'The query');
    const before =
      cursor === undefined ? Number.MAX_SAFE_INTEGER : (await ownTitle(db, userId, cursor)).mediaId;
    const found = await ownedBy(db, userId, before, limit);
    const titles = await Promise.all(found.map(({ mediaId }) => answerOf(req, mediaId)));
    const last = titles.at(-1);
    answer(res).json({ titles, nextCursor: last === undefined || titles.length < limit ? null : last.id });
  }

  async function create(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const title = parseInput(OwnTitleInput, req.body, 'The title');
    const { mediaId, publicId } = await addOwnTitle(db, userId, title);
    await deps.settled();
    answer(res)
      .status(201)
      .location(`${deps.baseUrl(req)}/api/own-titles/${publicId}`)
      .json(await answerOf(req, mediaId));
  }

  async function show(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    answer(res).json(await answerOf(req, (await ownTitle(db, userId, idOf(req))).mediaId));
  }

  async function change(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const patch = parseInput(OwnTitlePatch, req.body, 'The change');
    const mediaId = await db.transaction(async (tx) => {
      const title = await privateTitle(tx, userId, idOf(req));
      await patchMedia(tx, title.mediaId, patch);
      return title.mediaId;
    });
    await deps.settled();
    answer(res).json(await answerOf(req, mediaId));
  }

  async function remove(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    await db.transaction(async (tx) => {
      const { mediaId } = await privateTitle(tx, userId, idOf(req));
      await unlinkStreams(tx, mediaId, null);
      await deleteMedia(tx, mediaId, { isForced: false });
    });
    await deps.settled();
    res.status(204).end();
  }

  /** A moderator is told the id by the owner. */
  async function publish(req: Request, res: Response) {
    const { userId, role } = await memberOf(deps, req);
    const { isPublic } = parseInput(Publication, req.body, 'The body');
    if (role !== 'moderator' && role !== 'admin')
      throw new Forbidden(
        'own_titles.not_moderator',
        'Only a moderator or an administrator makes a title public.',
      );
    const mediaId = await db.transaction(async (tx) => {
      const title = await lockOwned(tx, userId, idOf(req));
      if (title === null || !title.isOwned) throw notThere();
      await patchMedia(tx, title.mediaId, { isPublic });
      return title.mediaId;
    });
    await deps.settled();
    answer(res).json(await answerOf(req, mediaId));
  }

  async function answerOf(req: Request, mediaId: number): Promise<MediaAnswer> {
    const detail = await mediaDetail(db, mediaId, deps.language);
    if (detail === null) throw notThere();
    return mediaAnswer(detail, deps.baseUrl(req));
  }
}

function answer(res: Response): Response {
  return res.set('Cache-Control', 'no-store');
}

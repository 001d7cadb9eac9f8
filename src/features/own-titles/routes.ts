import { type Request, type Response, Router } from 'express';
import { Forbidden, NotFound } from '../../kit/errors.ts';
import { UUID } from '../../kit/uuid.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import type { Guard } from '../accounts/index.ts';
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
import { OwnTitleInput, OwnTitlePatch, OwnTitleQuery, Publication } from './schemas.ts';

export type OwnTitleRoutesDeps = {
  db: Pool;
  guard: Pick<Guard, 'requireUser'>;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
  /** Language of the texts. */
  language: string;
  /** Resolves once whoever asks next sees what was written. */
  settled(): Promise<void>;
};

/** `/api/own-titles`: titles that users add for themselves. Another's is one that is not there. */
export function ownTitleRoutes(deps: OwnTitleRoutesDeps): Router {
  const { db, guard } = deps;
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
    const { userId } = await member(req);
    const { limit, cursor } = parseInput(OwnTitleQuery, req.query, 'The query');
    const before =
      cursor === undefined ? Number.MAX_SAFE_INTEGER : (await ownTitle(db, userId, cursor)).mediaId;
    const found = await ownedBy(db, userId, before, limit);
    const titles = await Promise.all(found.map(({ mediaId }) => answerOf(req, mediaId)));
    const last = titles.at(-1);
    answer(res).json({ titles, nextCursor: last === undefined || titles.length < limit ? null : last.id });
  }

  async function create(req: Request, res: Response) {
    const { userId } = await member(req);
    const title = parseInput(OwnTitleInput, req.body, 'The title');
    const { mediaId, publicId } = await addOwnTitle(db, userId, title);
    await deps.settled();
    answer(res)
      .status(201)
      .location(`${deps.baseUrl(req)}/api/own-titles/${publicId}`)
      .json(await answerOf(req, mediaId));
  }

  async function show(req: Request, res: Response) {
    const { userId } = await member(req);
    answer(res).json(await answerOf(req, (await ownTitle(db, userId, idOf(req))).mediaId));
  }

  async function change(req: Request, res: Response) {
    const { userId } = await member(req);
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
    const { userId } = await member(req);
    const { mediaId } = await privateTitle(db, userId, idOf(req));
    await deleteMedia(db, mediaId, { isForced: false });
    await deps.settled();
    res.status(204).end();
  }

  /** A moderator is told the id by the owner. */
  async function publish(req: Request, res: Response) {
    const { userId, role } = await member(req);
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

  /** Guests look, and add nothing. */
  async function member(req: Request) {
    const user = await guard.requireUser(req);
    if (user.role === 'guest')
      throw new Forbidden(
        'own_titles.guest',
        'Guests have no titles of their own. Ask the administrator for an account.',
      );
    return user;
  }

  async function answerOf(req: Request, mediaId: number): Promise<MediaAnswer> {
    const detail = await mediaDetail(db, mediaId, deps.language);
    if (detail === null) throw notThere();
    return mediaAnswer(detail, deps.baseUrl(req));
  }
}

async function ownTitle(db: Db, userId: number, id: string) {
  const title = await lockOwned(db, userId, id);
  if (title === null || !title.isOwn) throw notThere();
  return title;
}

/** What everybody sees is no longer changed by one alone. */
async function privateTitle(db: Db, userId: number, id: string) {
  const title = await ownTitle(db, userId, id);
  if (title.isPublic)
    throw new Forbidden(
      'own_titles.public',
      'This title is public by now. Ask a moderator to change it, or to take it back.',
    );
  return title;
}

function idOf(req: Request): string {
  const { id } = req.params;
  if (typeof id !== 'string' || !UUID.test(id)) throw notThere();
  return id;
}

function answer(res: Response): Response {
  return res.set('Cache-Control', 'no-store');
}

function notThere(): NotFound {
  return new NotFound('media.not_found', 'You have no title of this id.');
}

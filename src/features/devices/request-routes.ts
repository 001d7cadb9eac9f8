import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { absoluteUrl } from '../../kit/asset-url.ts';
import { Conflict, NotFound } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import type { Guard } from '../accounts/index.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { blockedEpisodes, countChange, putRule, unblockEpisode } from '../family/index.ts';
import { requireMedia } from '../media/index.ts';
import { requireDevice } from './device-key.ts';
import {
  type Asked,
  countPending,
  countPendingOf,
  decideRequest,
  insertRequest,
  isAskable,
  type LockedRequest,
  lockRequest,
  pendingRequest,
  requestAnswer,
  requestsOf,
} from './queries/requests.ts';
import { type AskedAnswer, AskedTitle, Decision, type RequestAnswer, RequestQuery } from './schemas.ts';

export type RequestRoutesDeps = {
  db: Pool;
  guard: Guard;
  actorOf(req: Request): Promise<Actor>;
  limitRequests: RequestHandler;
  baseUrl(req: Request): string;
  /** A series was allowed of which no episodes are known: they are loaded soon. */
  loadEpisodes(mediaId: number): void;
};

/** Of one profile; a parent who reads none of them is asked no more. */
const MOST_PENDING = 20;

/** `/api/requests`: a child asks by the key of its device, a parent answers. Nothing is told to the child of the title it asks for. */
export function requestRoutes({
  db,
  guard,
  actorOf,
  limitRequests,
  loadEpisodes,
  baseUrl,
}: RequestRoutesDeps): Router {
  const router = Router();
  const body = jsonBody('4kb');
  router.post('/requests', limitRequests, ...body, ask);
  router.get('/requests', list);
  router.post('/requests/:id/answer', ...body, answer);
  return router;

  async function ask(req: Request, res: Response) {
    const { userId, profileId } = await requireDevice(db, req);
    const { mediaId: id, season = null, episode = null } = parseInput(AskedTitle, req.body, 'The request');
    if (profileId === null)
      throw new Conflict(
        'device.unassigned',
        'Nobody uses this device yet. A parent chooses a profile for it.',
      );
    const { mediaId } = await requireMedia(db, id);
    if (!(await isAskable(db, userId, mediaId)))
      throw new NotFound('media.not_found', 'No title has this id.');
    const { isNew, request } = await askFor(db, { profileId, mediaId, season, episode });
    res
      .status(isNew ? 201 : 200)
      .set('Cache-Control', 'no-store')
      .json(request);
  }

  async function list(req: Request, res: Response) {
    const { userId } = await guard.requireUser(req);
    const query = parseInput(RequestQuery, req.query, 'The query');
    const requests = (await requestsOf(db, userId, query)).map((request) => shown(req, request));
    const pending = await countPendingOf(db, userId);
    res.set('Cache-Control', 'no-store').json({ requests, pending });
  }

  async function answer(req: Request, res: Response) {
    const { userId } = await guard.requireUser(req);
    const requestId = idOf(req);
    const decision = parseInput(Decision, req.body, 'The answer');
    const actor = await actorOf(req);
    const { mediaId, decided } = await db.transaction(async (tx) => {
      const asked = await lockRequest(tx, userId, requestId);
      if (asked === null) throw noRequest();
      if (asked.state !== 'pending')
        throw new Conflict(
          'request.answered',
          'This was answered already. Change the rules of the profile instead.',
        );
      if (decision.answer === 'allow') await allow(tx, asked);
      const state = decision.answer === 'allow' ? 'allowed' : 'denied';
      await decideRequest(tx, asked.id, state, userId);
      await noteAudit(tx, actor, {
        action: 'request.answered',
        resource: `request ${requestId}`,
        before: { state: asked.state },
        after: { state, ...told(asked) },
      });
      return { mediaId: asked.mediaId, decided: await requestAnswer(tx, asked.id) };
    });
    if (decided.state === 'allowed' && decided.kind === 'series') loadEpisodes(mediaId);
    res.set('Cache-Control', 'no-store').json(shown(req, decided));
  }

  function shown(req: Request, request: RequestAnswer): RequestAnswer {
    const { posterUrl } = request;
    return { ...request, posterUrl: posterUrl === null ? null : absoluteUrl(baseUrl(req), posterUrl) };
  }
}

/** The title, and of a series this episode: it is seen from the next request on. */
async function allow(tx: Db, { profileId, mediaId, season, episode }: Asked): Promise<void> {
  await putRule(tx, profileId, mediaId, 'allow');
  if (season !== null && episode !== null) {
    await unblockEpisode(tx, profileId, mediaId, { season, episode });
    const blocked = await blockedEpisodes(tx, { profileId }, mediaId);
    if (blocked.some((still) => still.season === season && still.episode === episode))
      throw new Conflict(
        'request.blocked_by_tag',
        'This episode has a content tag that the profile blocks. Take the tag off the profile, then allow it.',
      );
  }
  await countChange(tx, profileId);
}

/** Asked again before the answer, it is the same request. */
async function askFor(db: Pool, asked: Asked): Promise<{ isNew: boolean; request: AskedAnswer }> {
  return await db.transaction(async (tx) => {
    const pending = await countPending(tx, asked.profileId);
    const known = await pendingRequest(tx, asked);
    if (known !== null) return { isNew: false, request: known };
    if (pending >= MOST_PENDING)
      throw new Conflict(
        'request.too_many',
        'A parent has enough to answer. Ask again when some are answered.',
      );
    return { isNew: true, request: await insertRequest(tx, asked) };
  });
}

function told({ profilePublicId, mediaPublicId, season, episode }: LockedRequest): object {
  const part = season === null ? {} : { season, episode };
  return { profileId: profilePublicId, mediaId: mediaPublicId, ...part };
}

const Id = z.uuid();

function idOf(req: Request): string {
  const id = Id.safeParse(req.params.id);
  if (!id.success) throw noRequest();
  return id.data;
}

function noRequest(): NotFound {
  return new NotFound('request.not_found', 'There is no such request to you.');
}

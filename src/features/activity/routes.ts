import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { absoluteUrl } from '../../kit/asset-url.ts';
import { BadInput, NotFound } from '../../kit/errors.ts';
import { UUID } from '../../kit/uuid.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import type { Guard } from '../accounts/index.ts';
import { parseApiMediaId, resolveMediaId } from '../media/index.ts';
import {
  type ActivityDeps,
  addMark,
  dropMark,
  findTitle,
  forgetEntry,
  forgetHistory,
  historyEntry,
  keyOf,
  notePlay,
  noteProgress,
  noteWatched,
  recentOf,
} from './activity.ts';
import { continued, entryOf, historyPage, type Place } from './queries/history.ts';
import { markPage } from './queries/marks.ts';
import { type OwnProfile, ownProfile, streamOfTitle } from './queries/titles.ts';
import {
  type HistoryEntry,
  type Mark,
  type MarkKind,
  type MarkPage,
  PageQuery,
  PlayBody,
  ProgressBody,
  WatchedBody,
} from './schemas.ts';

export type ActivityRoutesDeps = ActivityDeps & {
  guard: Pick<Guard, 'requireUser'>;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
};

const CONTINUED = 20;
const FIRST_PAGE = 50;
const Cursor = z.strictObject({ micros: z.int(), id: z.int() });

/** `/api/profiles/:id`: what a profile of one's own played, and the titles it keeps. */
export function activityRoutes(deps: ActivityRoutesDeps): Router {
  const { db } = deps;
  const router = Router();
  const body = jsonBody('4kb');
  router.get('/profiles/:id/history', listHistory);
  router.delete('/profiles/:id/history', clearHistory);
  router.delete('/profiles/:id/history/:entry', removeEntry);
  router.post('/profiles/:id/history/plays', ...body, play);
  router.post('/profiles/:id/history/progress', ...body, track);
  router.post('/profiles/:id/history/watched', ...body, markWatched);
  router.get('/profiles/:id/continue-watching', listContinued);
  router.get('/profiles/:id/recently-watched', listRecent);
  router.get('/profiles/:id/watchlist', listMarks('watchlist'));
  router.put('/profiles/:id/watchlist/:media', putMark('watchlist'));
  router.delete('/profiles/:id/watchlist/:media', takeMark('watchlist'));
  router.get('/profiles/:id/favorites', listMarks('favorite'));
  router.put('/profiles/:id/favorites/:media', putMark('favorite'));
  router.delete('/profiles/:id/favorites/:media', takeMark('favorite'));
  router.get('/profiles/:id/library', listMarks('library'));
  router.put('/profiles/:id/library/:media', putMark('library'));
  router.delete('/profiles/:id/library/:media', takeMark('library'));
  return router;

  async function listHistory(req: Request, res: Response) {
    const profile = await profileIn(req);
    const { limit, cursor } = parseInput(PageQuery, req.query, 'The query');
    const found = await historyPage(db, { ...profile, limit, after: placeIn(cursor) });
    answer(res).json({
      entries: found.map(historyEntry).map(shownAt(req)),
      nextCursor: nextOf(found, limit),
    });
  }

  async function clearHistory(req: Request, res: Response) {
    await forgetHistory(deps, await profileIn(req));
    res.status(204).end();
  }

  async function removeEntry(req: Request, res: Response) {
    const profile = await profileIn(req);
    const { entry } = req.params;
    const isThere =
      typeof entry === 'string' && UUID.test(entry) && (await forgetEntry(deps, profile, entry));
    if (!isThere) throw new NotFound('activity.no_entry', 'This profile has no such entry.');
    res.status(204).end();
  }

  async function play(req: Request, res: Response) {
    const profile = await profileIn(req);
    const { streamId, ...named } = parseInput(PlayBody, req.body, 'The play');
    const what = await findTitle(db, profile.userId, named);
    const of = { mediaId: what.mediaId, userId: profile.userId };
    const stream = streamId === undefined ? null : await streamOfTitle(db, { ...of, publicId: streamId });
    if (stream === null && streamId !== undefined)
      throw new NotFound('streams.not_found', 'This title has no stream of this id.');
    await created(req, res, profile, await notePlay(deps, profile, what, { ...named, streamId: stream }));
  }

  async function track(req: Request, res: Response) {
    const profile = await profileIn(req);
    const progress = parseInput(ProgressBody, req.body, 'The progress');
    const what = await findTitle(db, profile.userId, progress);
    const rowId = await noteProgress(deps, profile, what, progress);
    answer(res).json(await shownEntry(req, profile, rowId));
  }

  async function markWatched(req: Request, res: Response) {
    const profile = await profileIn(req);
    const watched = parseInput(WatchedBody, req.body, 'The body');
    if (watched.playedAt !== undefined && Date.parse(watched.playedAt) > Date.now())
      throw new BadInput('activity.in_the_future', 'playedAt is in the future.', [
        { path: 'playedAt', message: 'must not be in the future' },
      ]);
    const what = await findTitle(db, profile.userId, watched);
    await created(req, res, profile, await noteWatched(deps, profile, what, watched));
  }

  async function listContinued(req: Request, res: Response) {
    const profile = await profileIn(req);
    const found = await continued(db, { ...profile, limit: CONTINUED });
    answer(res).json({ entries: found.map(historyEntry).map(shownAt(req)) });
  }

  async function listRecent(req: Request, res: Response) {
    const profile = await profileIn(req);
    answer(res).json({ entries: (await recentOf(deps, profile)).map(shownAt(req)) });
  }

  function listMarks(kind: MarkKind) {
    return async (req: Request, res: Response) => {
      const profile = await profileIn(req);
      const { limit, cursor } = parseInput(PageQuery, req.query, 'The query');
      const load = () => marksOf(profile, kind, limit, placeIn(cursor));
      const isKept = kind === 'library' && cursor === undefined && limit === FIRST_PAGE;
      const page = isKept ? await deps.spaces.library.get(keyOf(profile), load) : await load();
      answer(res).json({ ...page, titles: page.titles.map(shownAt(req)) });
    };
  }

  async function marksOf(
    profile: OwnProfile,
    kind: MarkKind,
    limit: number,
    after: Place | null,
  ): Promise<MarkPage> {
    const found = await markPage(db, { ...profile, kind, limit, after });
    const titles = found.map(({ rowId: _rowId, micros: _micros, ...mark }) => mark);
    return { titles, nextCursor: nextOf(found, limit) };
  }

  function putMark(kind: MarkKind) {
    return async (req: Request, res: Response) => {
      const profile = await profileIn(req);
      const { mediaId } = await findTitle(db, profile.userId, { mediaId: mediaIn(req) });
      const isNew = await addMark(deps, profile, kind, mediaId);
      res.status(isNew ? 201 : 204).end();
    };
  }

  function takeMark(kind: MarkKind) {
    return async (req: Request, res: Response) => {
      const profile = await profileIn(req);
      // A title nobody has, and one that is somebody else's, are as little in the list.
      const found = await resolveMediaId(db, parseApiMediaId(mediaIn(req)));
      if (found === null || !(await dropMark(deps, profile, kind, found.mediaId)))
        throw new NotFound('activity.not_listed', 'This title is not in this list.');
      res.status(204).end();
    };
  }

  /** Another account's profile is one that is not there. */
  async function profileIn(req: Request): Promise<OwnProfile> {
    const { userId } = await deps.guard.requireUser(req);
    const { id } = req.params;
    const profile = typeof id === 'string' && UUID.test(id) ? await ownProfile(db, userId, id) : null;
    if (profile === null) throw new NotFound('family.no_profile', 'You have no such profile.');
    return profile;
  }

  async function created(req: Request, res: Response, profile: OwnProfile, rowId: number) {
    answer(res)
      .status(201)
      .json(await shownEntry(req, profile, rowId));
  }

  async function shownEntry(req: Request, { profileId }: OwnProfile, rowId: number) {
    const entry = await entryOf(db, profileId, rowId);
    if (entry === null) throw new NotFound('activity.no_entry', 'This entry is gone again.');
    return shownAt(req)(historyEntry(entry));
  }

  function shownAt(req: Request) {
    const baseUrl = deps.baseUrl(req);
    return <Row extends HistoryEntry | Mark>(row: Row): Row => ({
      ...row,
      title: {
        ...row.title,
        posterUrl: row.title.posterUrl === null ? null : absoluteUrl(baseUrl, row.title.posterUrl),
      },
    });
  }
}

/** What one person watches is kept by nobody on the way. */
function answer(res: Response): Response {
  return res.set('Cache-Control', 'no-store');
}

function mediaIn(req: Request): string {
  return parseInput(z.string().max(128), req.params.media, 'The id of the title');
}

function nextOf(found: readonly { micros: number; rowId: number }[], limit: number): string | null {
  const last = found.at(-1);
  if (last === undefined || found.length < limit) return null;
  return Buffer.from(JSON.stringify({ micros: last.micros, id: last.rowId })).toString('base64url');
}

function placeIn(cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new BadInput('activity.bad_cursor', 'This cursor is not one of this list. Begin again without it.');
  }
}

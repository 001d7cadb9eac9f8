import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { absoluteUrl } from '../../kit/asset-url.ts';
import { NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { deleteMedia, patchMedia } from './change-media.ts';
import { mediaPage } from './list-media.ts';
import { mediaDetail } from './media-detail.ts';
import { deleteEpisode } from './queries/seasons.ts';
import { requireMedia } from './resolve-media-id.ts';
import { type MediaAnswer, type MediaDetail, MediaPatch, MediaQuery, TitleInput } from './schemas.ts';
import { upsertTitle } from './upsert-titles.ts';

export type MediaRoutesDeps = {
  db: Pool;
  requireAdmin: RequestHandler;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
  /** Language of the texts when the request names none. */
  language: string;
  /** Resolves once whoever asks next sees what was written. */
  settled(): Promise<void>;
  /** A title is opened; true: more is known of it by now. */
  onOpened?(detail: MediaDetail): Promise<boolean>;
};

const Path = z.object({ id: z.string().max(128) });
const number = z.coerce.number().int().min(0).max(100_000);
/** Besides the title. */
const EpisodePath = z.object({ season: number, episode: number });
const Language = z.object({ language: z.string().max(35).optional() });
const Force = z.object({ force: z.stringbool().default(false) });

/** `/api/media`: titles, by our uuid or an outside id. */
export function mediaRoutes(deps: MediaRoutesDeps): Router {
  const { db, requireAdmin } = deps;
  const router = Router();
  router.get('/media', requireAdmin, list);
  router.post('/media', requireAdmin, create);
  router.get('/media/:id', requireAdmin, show);
  router.patch('/media/:id', requireAdmin, change);
  router.delete('/media/:id', requireAdmin, remove);
  router.delete('/media/:id/episodes/:season/:episode', requireAdmin, removeEpisode);
  return router;

  async function list(req: Request, res: Response) {
    const page = await mediaPage(db, parseInput(MediaQuery, req.query, 'The query'));
    const baseUrl = deps.baseUrl(req);
    res.json({
      ...page,
      media: page.media.map((title) => ({ ...title, posterUrl: shown(baseUrl, title.posterUrl) })),
    });
  }

  async function create(req: Request, res: Response) {
    const { mediaId, isNew } = await upsertTitle(db, parseInput(TitleInput, req.body, 'The title'));
    const answer = await answerOf(req, mediaId);
    await deps.settled();
    res
      .status(isNew ? 201 : 200)
      .location(`${deps.baseUrl(req)}/api/media/${answer.id}`)
      .json(answer);
  }

  async function show(req: Request, res: Response) {
    const { mediaId } = await mediaOf(req);
    const { language = deps.language } = parseInput(Language, req.query, 'The query');
    const known = deps.onOpened && (await mediaDetail(db, mediaId, language));
    if (known) await deps.onOpened?.(known);
    res.json(await answerOf(req, mediaId));
  }

  async function change(req: Request, res: Response) {
    const { mediaId } = await mediaOf(req);
    await patchMedia(db, mediaId, parseInput(MediaPatch, req.body, 'The change'));
    const answer = await answerOf(req, mediaId);
    await deps.settled();
    res.json(answer);
  }

  async function remove(req: Request, res: Response) {
    const { mediaId } = await mediaOf(req);
    const { force } = parseInput(Force, req.query, 'The query');
    await deleteMedia(db, mediaId, { isForced: force });
    await deps.settled();
    res.status(204).end();
  }

  async function removeEpisode(req: Request, res: Response) {
    const { mediaId } = await mediaOf(req);
    const numbers = parseInput(EpisodePath, req.params, 'The path');
    if (!(await deleteEpisode(db, mediaId, numbers)))
      throw new NotFound('media.no_episode', 'This title has no episode of this number.');
    await deps.settled();
    res.status(204).end();
  }

  function mediaOf(req: Request) {
    return requireMedia(db, parseInput(Path, req.params, 'The path').id);
  }

  async function answerOf(req: Request, mediaId: number): Promise<MediaAnswer> {
    const { language } = parseInput(Language, req.query, 'The query');
    const detail = await mediaDetail(db, mediaId, language ?? deps.language);
    if (detail === null) throw new NotFound('media.not_found', 'No title has this id.');
    return mediaAnswer(detail, deps.baseUrl(req));
  }
}

/** Without our row numbers, shipped files as addresses of this server. */
export function mediaAnswer(detail: MediaDetail, baseUrl: string): MediaAnswer {
  const { mediaId: _mediaId, publicId, seasons, images, posterUrl, backgroundUrl, logoUrl, ...rest } = detail;
  return {
    id: publicId,
    ...rest,
    posterUrl: shown(baseUrl, posterUrl),
    backgroundUrl: shown(baseUrl, backgroundUrl),
    logoUrl: shown(baseUrl, logoUrl),
    images: images.map((image) => ({ ...image, url: absoluteUrl(baseUrl, image.url) })),
    seasons: seasons.map((season) => ({
      ...season,
      posterUrl: shown(baseUrl, season.posterUrl),
      episodes: season.episodes.map(({ episodeId: _episodeId, ...episode }) => ({
        ...episode,
        thumbnailUrl: shown(baseUrl, episode.thumbnailUrl),
      })),
    })),
  };
}

function shown(baseUrl: string, url: string | null): string | null {
  return url === null ? null : absoluteUrl(baseUrl, url);
}

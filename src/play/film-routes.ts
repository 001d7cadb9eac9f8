import { once } from 'node:events';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { parseInput } from '../platform/http-input.ts';
import type { PlayDeps } from './deps.ts';
import { type Film, type FilmParts, playlistOf } from './film-parts.ts';
import { openableOf, sourceKey } from './open-link.ts';
import { authorise, type Doorway } from './routes.ts';

export type FilmRoutesDeps = Pick<
  PlayDeps,
  | 'links'
  | 'kinds'
  | 'sources'
  | 'isPlayable'
  | 'isPublicClosed'
  | 'mayWatch'
  | 'metrics'
  | 'onPlay'
  | 'onWatching'
> &
  Pick<Doorway, 'clientOf'> & { films: FilmParts };

const RemuxQuery = z.object({ audio: z.coerce.number().int().min(0).max(1000).optional() });
const PictureQuery = z.object({ t: z.coerce.number().min(0).max(1_000_000).optional() });
const PartPath = z.object({ part: z.string().regex(/^\d{1,6}\.m4s$/) });

/**
 * What a play link gives besides its bytes, under the same seal: `…/thumbnail.jpg?t=` and `…/remux/index.m3u8?audio=`, the
 * film as HLS in fragmented MP4 for players that cannot take its container. Each part is one short run of ffmpeg from the
 * right place, so nothing is kept between requests: no session, no folder, and nothing to clean when the viewer leaves.
 */
export function filmRoutes(deps: FilmRoutesDeps): Router {
  const { films } = deps;
  const router = Router();
  router.use(['/play/:resource/:token/remux', '/play/:resource/:token/thumbnail.jpg'], (req, res, next) => {
    res.set({ 'Access-Control-Allow-Origin': '*', 'X-Content-Type-Options': 'nosniff' });
    res.set({ 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'private, max-age=3600' });
    if (req.method !== 'OPTIONS') return next();
    res.set({ 'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS', 'Access-Control-Max-Age': '86400' });
    res
      .set('Access-Control-Allow-Headers', req.get('Access-Control-Request-Headers') ?? '')
      .status(204)
      .end();
  });
  router.get('/play/:resource/:token/thumbnail.jpg', thumbnail);
  router.get('/play/:resource/:token/remux/index.m3u8', playlist);
  router.get('/play/:resource/:token/remux/init.mp4', init);
  router.get('/play/:resource/:token/remux/:part', part);
  return router;

  async function thumbnail(req: Request, res: Response) {
    const { t = null } = parseInput(PictureQuery, req.query, 'The query');
    await withFilm(req, res, async (film, signal) => {
      res.type('jpg').send(await films.thumbnail(film, t, signal));
    });
  }

  async function playlist(req: Request, res: Response) {
    const { audio = null } = parseInput(RemuxQuery, req.query, 'The query');
    await withFilm(req, res, async (film, signal) => {
      const chosen = await films.choose(film, audio, signal);
      const query = audio === null ? '' : `?audio=${audio}`;
      res.type('application/vnd.apple.mpegurl').send(playlistOf(chosen, query));
    });
  }

  async function init(req: Request, res: Response) {
    const { audio = null } = parseInput(RemuxQuery, req.query, 'The query');
    await withFilm(req, res, async (film, signal) => {
      const chosen = await films.choose(film, audio, signal);
      res.type('video/mp4').send(await films.init(film, chosen, signal));
    });
  }

  async function part(req: Request, res: Response) {
    const { audio = null } = parseInput(RemuxQuery, req.query, 'The query');
    const { part: name } = parseInput(PartPath, req.params, 'The path');
    await withFilm(req, res, async (film, signal) => {
      const chosen = await films.choose(film, audio, signal);
      if (req.method === 'HEAD') return void res.type('video/mp4').end();
      await sendPieces(res, films.part(film, chosen, Number.parseInt(name, 10), signal), film, signal);
      if (Number.parseInt(name, 10) > 0) deps.onPlay(film.link, deps.clientOf(req));
    });
  }

  /** The head goes out with the first piece, so what fails before it is still answered as an error. */
  async function sendPieces(
    res: Response,
    pieces: AsyncIterable<Buffer>,
    { link }: Film,
    signal: AbortSignal,
  ) {
    res.type('video/mp4');
    let isTold = link.viewer === undefined;
    for await (const piece of pieces) {
      // A part is 12 s of the film.
      if (!isTold) deps.onWatching(link);
      isTold = true;
      deps.metrics.onBytes(link.kind ?? '', piece.length);
      if (!res.write(piece)) await once(res, 'drain', { signal });
    }
    res.end();
  }

  async function withFilm(
    req: Request,
    res: Response,
    work: (film: Film, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const link = authorise(deps, req);
    const leaving = new AbortController();
    res.once('close', () => leaving.abort(new Error('the client is gone')));
    const { kind, open } = await openableOf(deps, link);
    const name = sourceKey(kind, link);
    try {
      const { source, release } = await deps.sources.take(name, open, leaving.signal);
      try {
        await work({ link, source, key: JSON.stringify([name, source.etag, source.size]) }, leaving.signal);
      } finally {
        release(false);
      }
    } catch (error) {
      // Whoever left is told nothing; a part that broke off in the middle must not look whole.
      if (res.closed) return;
      if (!res.headersSent) throw error;
      res.destroy();
    }
  }
}

import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import { M3U_TYPE } from '../../kit/m3u.ts';
import { parseInput } from '../../platform/http-input.ts';
import { LINK_LIFE_S } from '../../platform/links.ts';
import { requireStream } from './answers.ts';
import { MAX_LIFE_S } from './link-routes.ts';
import { type PlaylistDeps, type PlaylistOptions, streamPlaylist, wholePlaylist } from './playlist.ts';

export type PlaylistRoutesDeps = PlaylistDeps & {
  requireAdmin: RequestHandler;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
};

const Path = z.object({ id: z.string().max(128) });
export const PlaylistQuery = z.strictObject({
  /** Seconds from now that its links can be opened. */
  expiresIn: z.coerce.number().int().min(1).max(MAX_LIFE_S).default(LINK_LIFE_S),
  hevc: z.enum(['true', 'false']).default('true'),
});

/** M3U for players that know no add-ons: `GET /api/streams/:id/playlist.m3u`, and of everything. Mounted before `/streams/:id`. */
export function playlistRoutes(deps: PlaylistRoutesDeps): Router {
  const router = Router();
  router.get('/streams/playlist.m3u', deps.requireAdmin, whole);
  router.get('/streams/:id/playlist.m3u', deps.requireAdmin, ofStream);
  return router;

  async function whole(req: Request, res: Response) {
    send(res, await wholePlaylist(deps, optionsOf(req)));
  }

  async function ofStream(req: Request, res: Response) {
    const options = optionsOf(req);
    const streamId = await requireStream(deps.db, parseInput(Path, req.params, 'The path').id);
    const text = await streamPlaylist(deps, streamId, options);
    if (text === null)
      throw new AppError('links.no_bytes', 'Nothing of this stream can be played through this server.', {
        status: 422,
      });
    send(res, text);
  }

  function optionsOf(req: Request): PlaylistOptions {
    const { expiresIn, hevc } = parseInput(PlaylistQuery, req.query, 'The query');
    const expiresAt = Math.floor(Date.now() / 1000) + expiresIn;
    return { baseUrl: deps.baseUrl(req), expiresAt, hevc: hevc === 'true' };
  }
}

function send(res: Response, text: string): void {
  res
    .set({
      'Content-Type': M3U_TYPE,
      'Content-Disposition': 'inline; filename="playlist.m3u"',
      'Cache-Control': 'no-store',
    })
    .send(text);
}

import { type Request, type Response, Router } from 'express';
import type { SubtitleTexts } from '../features/file-facts/index.ts';
import { Forbidden } from '../kit/errors.ts';
import { hangUpOf } from '../platform/http-input.ts';
import type { SubtitleLinks } from '../platform/subtitle-links.ts';
import type { WatchedLink } from './deps.ts';

export type SubtitleRoutesDeps = {
  subtitleLinks: SubtitleLinks;
  texts: SubtitleTexts;
  /** As of play links. */
  mayWatch(link: WatchedLink): Promise<void>;
};

/** `GET|HEAD /play/subtitles/:token.vtt`: a subtitle as UTF-8 WebVTT. Mounted before `/play/:resource/:token`. */
export function subtitleRoutes({ subtitleLinks, texts, mayWatch }: SubtitleRoutesDeps): Router {
  const router = Router();
  router.use('/play/subtitles', (_req, res, next) => {
    res.set({ 'Access-Control-Allow-Origin': '*', 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  router.get(/^\/play\/subtitles\/([\w-]{1,2000})\.vtt$/, show);
  return router;

  async function show(req: Request, res: Response) {
    const link = subtitleLinks.open(req.params[0] ?? '');
    if (link === null)
      throw new Forbidden(
        'play.refused',
        'This link is not valid (any more). Open the title again for a new one.',
      );
    await mayWatch({ ...link, ...link.title });
    const text = await texts.textOf(link, hangUpOf(res)).catch((error: unknown) => {
      // Nobody is there to be told.
      if (!res.closed) throw error;
      return null;
    });
    if (text === null) return;
    res
      .set({ 'Cache-Control': 'private, max-age=3600', 'Content-Type': 'text/vtt; charset=utf-8' })
      .send(text);
  }
}

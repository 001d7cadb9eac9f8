import { type Request, type RequestHandler, type Response, Router, raw } from 'express';
import { AppError } from '../kit/errors.ts';
import type { Links, PlayLink } from '../platform/links.ts';
import { parseLicenceRequest } from './dash/licence.ts';
import type { PlayDeps, PlayRequest } from './deps.ts';
import { nodeResponse } from './node-response.ts';
import { openableOf } from './open-link.ts';
import { ClientGone, openLink, PLAY_HEADERS, play } from './play.ts';
import { refused } from './refused.ts';

const METHODS = 'GET, HEAD, OPTIONS';
export const PLAY_PATTERN = '/play/:resource/:token{/*path}';

/** How a request of Express tells where it comes from. */
export type Doorway = {
  links: Links;
  /** The client's address, behind trusted proxies too. */
  clientOf(req: Request): string;
  /** Public address of this server. */
  baseUrlOf(req: Request): string;
};

/** `GET|HEAD|OPTIONS /play/:resource/:token/:filename?`; a DASH presentation's files are paths below their token. */
export function playRoutes(deps: PlayDeps & Doorway): Router {
  const router = Router();
  // Before the parameters are read: a broken percent-encoding is refused there.
  router.use('/play', (_req, res, next) => {
    res.set(PLAY_HEADERS);
    next();
  });
  router.post(
    PLAY_PATTERN,
    onlyLicences(deps),
    raw({ type: () => true, limit: '16kb' }),
    async (req, res) => {
      await answerLicence(deps, req, res);
    },
  );
  router.all(PLAY_PATTERN, async (req, res) => {
    if (req.method === 'OPTIONS') return preflight(req, res);
    if (req.method !== 'GET' && req.method !== 'HEAD')
      throw new AppError('play.method_not_allowed', 'A play link can only be read.', {
        status: 405,
        headers: { Allow: METHODS },
      });
    const begunAt = performance.now();
    const request = requestOf(deps, req);
    const stopping = new AbortController();
    res.once('close', () => {
      // After a finished answer nobody listens any more, and an abort costs more than the rest of this function.
      if (!res.writableFinished) stopping.abort(new ClientGone('the client is gone'));
    });
    await play(deps, { request, response: nodeResponse(res), stopping, begunAt });
  });
  return router;
}

/** Nobody else's body is read. */
function onlyLicences({ links, clientOf }: Doorway): RequestHandler {
  return (req, _res, next) => {
    const { resource, token } = req.params;
    const isText = typeof resource === 'string' && typeof token === 'string';
    const link = isText ? openLink(links, { resource, token, depth: 1 }, clientOf(req)) : null;
    next(link?.part?.role === 'licence' ? undefined : 'route');
  };
}

async function answerLicence(deps: PlayDeps & Doorway, req: Request, res: Response): Promise<void> {
  const link = authorise(deps, req);
  if (link.part === undefined) throw refused();
  const stopping = new AbortController();
  res.once('close', () => stopping.abort(new ClientGone('the client is gone')));
  try {
    await openableOf(deps, link);
    const asked = parseLicenceRequest(req.body);
    const licence = await deps.presentations.licence(link.part, asked, stopping.signal);
    // Keys are nobody's to keep.
    res.set('Cache-Control', 'no-store').json(licence);
  } catch (error) {
    if (!(stopping.signal.reason instanceof ClientGone)) throw error;
  }
}

function preflight(req: Request, res: Response): void {
  const asked = req.get('Access-Control-Request-Headers');
  res.set({ 'Access-Control-Allow-Methods': METHODS, 'Access-Control-Max-Age': '86400', Allow: METHODS });
  // Echoed: `*` does not cover Authorization, and players send what they like.
  if (asked !== undefined)
    res.set('Access-Control-Allow-Headers', asked).vary('Access-Control-Request-Headers');
  res.status(204).end();
}

function requestOf(door: Doorway, req: Request): PlayRequest {
  const { method, headers, path, url } = req;
  const at = url.indexOf('?');
  return {
    ...{ method, headers, path, search: at < 0 ? '' : url.slice(at) },
    resource: String(req.params.resource),
    link: authorise(door, req),
    client: door.clientOf(req),
    baseUrl: () => door.baseUrlOf(req),
  };
}

/** The link in a request's path; throws the one refusal. */
export function authorise({ links, clientOf }: Pick<Doorway, 'links' | 'clientOf'>, req: Request): PlayLink {
  const { resource, token, path } = req.params;
  if (typeof resource !== 'string' || typeof token !== 'string') throw refused();
  const depth = Array.isArray(path) ? path.length : 0;
  const link = openLink(links, { resource, token, depth }, clientOf(req));
  if (link === null) throw refused();
  return link;
}

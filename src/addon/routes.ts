import { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError, NotFound } from '../kit/errors.ts';
import { JsonText } from '../kit/json-text.ts';
import type { Addon } from './addon.ts';
import type { AddonContext, Freshness } from './context.ts';
import { parseAddonPath } from './extra.ts';

export type AddonRoutesDeps = {
  addon: Addon;
  limit: RequestHandler;
  /** Where links point, what this install may see; `install` is the opaque part of its address. Throws NotFound for one that is not (any more). */
  contextOf(req: Request, install: string | null): AddonContext | Promise<AddonContext>;
};

/**
 * `[/{install}]/manifest.json` and `[/{install}]/{resource}/{type}/{id}[/{extra}].json`. Mends the SDK router's faults: extras are read from the
 * raw path without the query, errors are JSON with CORS on, a bad extra is a 400, HEAD and OPTIONS are answered.
 */
export function addonRoutes({ addon, limit, contextOf }: AddonRoutesDeps): Router {
  const router = Router();
  router.use(isAddonPath, cors);
  router.get(['/manifest.json', '/:install/manifest.json'], limit, manifest);
  router.get(/^(?:\/([\w-]{40,100}))?(?:\/[a-z_]+\/[^/]+\/.+\.json)$/, limit, resource);
  router.get('/:install/configure', (_req, res) => res.redirect(302, '/#family'));
  router.use(refuse);
  return router;

  async function manifest(req: Request, res: Response) {
    const { install } = req.params;
    const context = await contextOf(req, typeof install === 'string' ? install : null);
    const { manifest } = await addon.current(context);
    if (context.watching !== null) await context.watching.noteManifest(addon.digestOf(context));
    res
      .set('Cache-Control', context.watching === null ? 'max-age=300, public' : 'private, no-cache')
      .json(manifest);
  }

  async function resource(req: Request, res: Response) {
    const install = req.params[0] ?? null;
    const request = parseAddonPath(
      install === null ? req.originalUrl : req.originalUrl.slice(install.length + 1),
    );
    if (request === null) throw new NotFound('addon.not_found', 'This add-on has no such resource.');
    const context = await contextOf(req, install);
    const answer = await addon.answer(request, context);
    const { cacheMaxAge, staleRevalidate, staleError }: Partial<Freshness> = answer;
    if (context.watching !== null) res.set('Cache-Control', 'private, no-cache');
    else if (cacheMaxAge !== undefined) {
      res.set('Cache-Control', cacheControl({ cacheMaxAge, staleRevalidate, staleError }));
    }
    if (answer.json instanceof JsonText)
      res.type('json').set('ETag', answer.json.etag).send(answer.json.take());
    else res.json(answer);
  }
}

/** The SDK's order: max-age, stale-while-revalidate, stale-if-error, public. */
function cacheControl(freshness: {
  cacheMaxAge: number;
  staleRevalidate?: number | undefined;
  staleError?: number | undefined;
}): string {
  const parts = [`max-age=${freshness.cacheMaxAge}`];
  if (freshness.staleRevalidate !== undefined)
    parts.push(`stale-while-revalidate=${freshness.staleRevalidate}`);
  if (freshness.staleError !== undefined) parts.push(`stale-if-error=${freshness.staleError}`);
  return `${parts.join(', ')}, public`;
}

const ADDON_PATH =
  /^\/(?:manifest\.json$|(?:catalog|meta|stream|subtitles|addon_catalog)\/|[\w-]{40,100}\/(?:manifest\.json$|configure$|(?:catalog|meta|stream|subtitles|addon_catalog)\/))/;

/** Other paths are other doors': they go on to them untouched. */
function isAddonPath(req: Request, _res: Response, next: (skip?: 'router') => void) {
  next(ADDON_PATH.test(req.path) ? undefined : 'router');
}

/** On every answer, errors too: without it the client says no more than "failed to fetch". */
function cors(req: Request, res: Response, next: () => void) {
  res.set('Access-Control-Allow-Origin', '*');
  if (req.method !== 'OPTIONS') return next();
  const asked = req.get('access-control-request-headers');
  res.set('Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS');
  if (asked !== undefined && /^[\w\s,-]{1,500}$/.test(asked)) res.set('Access-Control-Allow-Headers', asked);
  res.set('Access-Control-Max-Age', '86400').status(204).end();
}

function refuse(req: Request) {
  if (['GET', 'HEAD'].includes(req.method))
    throw new NotFound('addon.not_found', 'This add-on has no such resource.');
  throw new AppError('addon.method', 'The add-on is read with GET.', {
    status: 405,
    headers: { Allow: 'GET, HEAD, OPTIONS' },
  });
}

import { type Request, type Response, Router } from 'express';
import { AppError, Forbidden } from '../kit/errors.ts';
import { parseAllowList } from '../platform/address-rules.ts';
import type { LinkPart, PlayLink } from '../platform/links.ts';
import type { ByteSource } from '../streams/kind.ts';
import { deliver } from './deliver.ts';
import type { Asked, PlayDeps } from './deps.ts';
import { fileOpener, openableOf, sourceKey } from './open-link.ts';
import type { PartRequest } from './presentations.ts';
import type { Lease } from './sources.ts';
import { beginViewing, type Viewing } from './viewing.ts';

export type { PlayDeps } from './deps.ts';

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'Content-Range, Accept-Ranges, Content-Length, Content-Type, Content-Disposition, ETag, Last-Modified',
};
const METHODS = 'GET, HEAD, OPTIONS';

/** `GET|HEAD|OPTIONS /play/:resource/:token/:filename?`; a DASH presentation's files are paths below their token. */
export function playRoutes(deps: PlayDeps): Router {
  const router = Router();
  // Before the parameters are read: a broken percent-encoding is refused there.
  router.use('/play', (_req, res, next) => {
    res.set(CORS).set({ 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  router.all('/play/:resource/:token{/*path}', async (req, res) => {
    if (req.method === 'OPTIONS') return preflight(req, res);
    if (req.method !== 'GET' && req.method !== 'HEAD')
      throw new AppError('play.method_not_allowed', 'A play link can only be read.', {
        status: 405,
        headers: { Allow: METHODS },
      });
    await play(deps, req, res);
  });
  return router;
}

function preflight(req: Request, res: Response): void {
  const asked = req.get('Access-Control-Request-Headers');
  res.set({ 'Access-Control-Allow-Methods': METHODS, 'Access-Control-Max-Age': '86400', Allow: METHODS });
  // Echoed: `*` does not cover Authorization, and players send what they like.
  if (asked !== undefined)
    res.set('Access-Control-Allow-Headers', asked).vary('Access-Control-Request-Headers');
  res.status(204).end();
}

async function play(deps: PlayDeps, req: Request, res: Response): Promise<void> {
  const begunAt = performance.now();
  const link = authorise(deps, req);
  const stopping = new AbortController();
  let isGone = false;
  res.once('close', () => {
    // After a finished answer nobody listens any more, and an abort costs more than the rest of this function.
    isGone = !res.writableFinished;
    if (isGone) stopping.abort(new Error('the client is gone'));
  });
  let viewing: Viewing | null = null;
  try {
    const { kind, open } = await openableOf(deps, link);
    viewing = req.method === 'GET' ? await beginViewing(deps, { req, link, kind, stopping }) : null;
    const asked = { req, res, link, kind, stopping, begunAt, entry: viewing?.entry };
    if (link.part !== undefined) return await playPart(deps, asked, link.part);
    const lease = await deps.sources.take(sourceKey(kind, link), open, stopping.signal);
    await lending(lease, stopping.signal, () => playSource(deps, asked, lease.source));
  } catch (error) {
    if (!isGone) {
      deps.metrics.onStreamError(link.kind ?? 'unknown', codeOf(error));
      throw error;
    }
    deps.log.debug({ kind: link.kind, streamId: link.streamId }, 'client left (499)');
  } finally {
    viewing?.end();
  }
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'unexpected';
}

async function playSource(deps: PlayDeps, asked: Asked, source: ByteSource): Promise<void> {
  const manifest = await deps.presentations.manifest(partRequest(asked), source);
  // Reading a playlist is not playing yet.
  await deliver(deps, { ...asked, source: manifest ?? source, isMedia: manifest === null });
}

async function playPart(deps: PlayDeps, asked: Asked, part: LinkPart): Promise<void> {
  const openFile = fileOpener(deps, asked.link, asked.stopping.signal);
  const { isMedia, ...lease } = await deps.presentations.part(partRequest(asked), part, openFile);
  const { source } = lease;
  await lending(lease, asked.stopping.signal, () => deliver(deps, { ...asked, source, isMedia }));
}

/** Gives the source back when `use` is done with it, and says whether it is at fault. */
async function lending({ release }: Lease, signal: AbortSignal, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (error) {
    release(isFault(error) && !signal.aborted);
    throw error;
  }
  release(false);
}

function partRequest({ req, link, stopping }: Asked): PartRequest {
  return { req, link, resource: String(req.params.resource), signal: stopping.signal };
}

/** One answer for every reason, so that a guesser learns nothing. */
export function authorise(
  { links, trustProxyClientIp }: Pick<PlayDeps, 'links' | 'trustProxyClientIp'>,
  req: Request,
): PlayLink {
  const { resource, token, path } = req.params;
  const link = typeof token === 'string' && typeof resource === 'string' ? links.open(token, resource) : null;
  const isWhere = Array.isArray(path) && path.length > 1 ? link?.part?.role === 'base' : true;
  const isHere = link?.cidr === undefined || parseAllowList([link.cidr]).hasAddress(trustProxyClientIp(req));
  if (link === null || !isHere || !isWhere)
    throw new Forbidden(
      'play.refused',
      'This link is not valid (any more). Open the title again for a new one.',
    );
  return link;
}

/** A 412 or 416 says nothing against the source. */
function isFault(error: unknown): boolean {
  return !(error instanceof AppError) || error.status >= 500 || error.status === 404 || error.status === 410;
}

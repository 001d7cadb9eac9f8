import { hash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { AppError, Forbidden, NotFound } from '../kit/errors.ts';
import { parseAllowList } from '../platform/address-rules.ts';
import type { Links, PlayLink } from '../platform/links.ts';
import type { Log } from '../platform/log.ts';
import type { ByteSource, StreamKind, StreamRef } from '../streams/kind.ts';
import type { Kinds } from '../streams/registry.ts';
import type { LiveStreams } from './live.ts';
import { sendSource } from './send.ts';
import type { Sources } from './sources.ts';

export type PlayDeps = {
  links: Links;
  kinds: Pick<Kinds, 'get'>;
  sources: Sources;
  live: LiveStreams;
  log: Log;
  /** False: blocked, switched off or gone. */
  isPlayable(streamId: number): Promise<boolean>;
  /** The client's address, behind trusted proxies too. */
  trustProxyClientIp(req: Request): string;
  /** Once a request, when its first MiB (or the whole of a smaller file) has gone out. */
  onPlay(link: PlayLink, client: string): void;
  onBytes(kind: string, sizeBytes: number): void;
};

/** Less than this is a player looking at a file, not playing it. */
const PLAYED_BYTES = 1_048_576;

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'Content-Range, Accept-Ranges, Content-Length, Content-Type, Content-Disposition, ETag, Last-Modified',
};
const METHODS = 'GET, HEAD, OPTIONS';

/** `GET|HEAD|OPTIONS /play/:resource/:token/:filename?` */
export function playRoutes(deps: PlayDeps): Router {
  const router = Router();
  // Before the parameters are read: a broken percent-encoding is refused there.
  router.use('/play', (_req, res, next) => {
    res.set(CORS).set({ 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  router.all('/play/:resource/:token{/:filename}', async (req, res) => {
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
  const link = authorise(deps, req);
  const stopping = new AbortController();
  let isGone = false;
  // Also after a finished answer; then nobody listens any more.
  res.once('close', () => {
    isGone = !res.writableFinished;
    stopping.abort(new Error('the client is gone'));
  });
  try {
    const { kind, open } = await openableOf(deps, link);
    const lease = await deps.sources.take(sourceKey(kind, link), open, stopping.signal);
    await deliver(deps, { req, res, link, kind, source: lease.source, stopping }).then(
      () => lease.release(false),
      (error: unknown) => {
        lease.release(isFault(error) && !stopping.signal.aborted);
        throw error;
      },
    );
  } catch (error) {
    if (!isGone) throw error;
    deps.log.debug({ kind: link.kind, streamId: link.streamId }, 'client left (499)');
  }
}

/** One answer for every reason, so that a guesser learns nothing. */
export function authorise(
  { links, trustProxyClientIp }: Pick<PlayDeps, 'links' | 'trustProxyClientIp'>,
  req: Request,
): PlayLink {
  const { resource, token } = req.params;
  const link = typeof token === 'string' && typeof resource === 'string' ? links.open(token, resource) : null;
  const isHere = link?.cidr === undefined || parseAllowList([link.cidr]).hasAddress(trustProxyClientIp(req));
  if (link === null || !isHere)
    throw new Forbidden(
      'play.refused',
      'This link is not valid (any more). Open the title again for a new one.',
    );
  return link;
}

type Openable = { kind: string; open(signal: AbortSignal): Promise<ByteSource> };

export async function openableOf(
  { kinds, isPlayable }: Pick<PlayDeps, 'kinds' | 'isPlayable'>,
  link: PlayLink,
): Promise<Openable> {
  const { streamId, detail, fileIndex } = link;
  const kind: StreamKind | undefined = kinds.get(link.kind ?? '');
  if (kind?.open === undefined)
    throw new NotFound('play.no_bytes', 'Streams of this kind cannot be played here.');
  if (streamId !== undefined && !(await isPlayable(streamId)))
    throw new NotFound(
      'play.taken_down',
      'This stream has been taken down or switched off. Choose another one.',
    );
  const ref: StreamRef = streamId === undefined ? { detail, fileIndex } : { streamId, fileIndex };
  const { open } = kind;
  return { kind: kind.kind, open: (signal) => open(ref, signal) };
}

/** Not `:resource`: links to the same bytes may carry different credentials, and one must not profit from the other's. */
export function sourceKey(kind: string, { streamId, detail, fileIndex }: PlayLink): string {
  if (streamId !== undefined) return `${streamId}:${fileIndex ?? ''}`;
  return hash('sha256', JSON.stringify([kind, detail, fileIndex]), 'base64url');
}

type Delivery = {
  req: Request;
  res: Response;
  link: PlayLink;
  kind: string;
  source: ByteSource;
  stopping: AbortController;
};

async function deliver(deps: PlayDeps, { req, res, link, kind, source, stopping }: Delivery): Promise<void> {
  const { live, onBytes, onPlay, trustProxyClientIp } = deps;
  const playedBytes = Math.max(1, Math.min(PLAYED_BYTES, source.size ?? PLAYED_BYTES));
  let delivered = 0;
  const filename = link.filename ?? null;
  const client = trustProxyClientIp(req);
  const stop = () =>
    stopping.abort(new AppError('play.stopped', 'The owner ended this stream.', { status: 503 }));
  const entry = req.method === 'GET' ? live.begin({ kind, title: link.filename, client }, stop) : null;
  const onDelivered = (sizeBytes: number) => {
    if (delivered < playedBytes && delivered + sizeBytes >= playedBytes) onPlay(link, client);
    delivered += sizeBytes;
    entry?.add(sizeBytes);
    onBytes(kind, sizeBytes);
  };
  try {
    await sendSource(req, res, { source, filename, signal: stopping.signal, onDelivered });
  } finally {
    entry?.end();
  }
}

/** A 412 or 416 says nothing against the source. */
function isFault(error: unknown): boolean {
  return !(error instanceof AppError) || error.status >= 500 || error.status === 404 || error.status === 410;
}

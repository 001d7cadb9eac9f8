import { hash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { AppError, Forbidden, NotFound } from '../kit/errors.ts';
import { parseAllowList } from '../platform/address-rules.ts';
import type { Budget } from '../platform/budget.ts';
import type { Links, PlayLink } from '../platform/links.ts';
import type { Log } from '../platform/log.ts';
import type { PlayMetrics } from '../platform/play-metrics.ts';
import type { ByteSource, StreamKind, StreamRef } from '../streams/kind.ts';
import type { Kinds } from '../streams/registry.ts';
import type { Admission } from './admission.ts';
import type { LiveEntry, LiveStreams } from './live.ts';
import { sendSource } from './send.ts';
import type { Sources } from './sources.ts';

export type PlayDeps = {
  links: Links;
  kinds: Pick<Kinds, 'get'>;
  sources: Sources;
  live: Pick<LiveStreams, 'begin'>;
  admission: Pick<Admission, 'admit'>;
  budget: Pick<Budget, 'open'>;
  log: Log;
  /** False: blocked, switched off or gone. */
  isPlayable(streamId: number): Promise<boolean>;
  /** The client's address, behind trusted proxies too. */
  trustProxyClientIp(req: Request): string;
  /** Once a request, when its first MiB (or the whole of a smaller file) has gone out. */
  onPlay(link: PlayLink, client: string): void;
  metrics: Pick<PlayMetrics, 'onBytes' | 'onFirstByte' | 'onResumed' | 'onStreamError'>;
};

/** Less than this is a player looking at a file, not playing it. */
const PLAYED_BYTES = 1_048_576;

/** Between source and socket. More makes no stream faster, and 100 who stopped reading would cost 100 times as much. */
const WINDOW_BYTES = 512 * 1024;

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
    const key = sourceKey(kind, link);
    viewing = req.method === 'GET' ? await beginViewing(deps, { req, link, kind, key, stopping }) : null;
    const lease = await deps.sources.take(key, open, stopping.signal);
    const { source } = lease;
    await deliver(deps, { req, res, link, kind, source, stopping, begunAt, entry: viewing?.entry }).then(
      () => lease.release(false),
      (error: unknown) => {
        lease.release(isFault(error) && !stopping.signal.aborted);
        throw error;
      },
    );
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

type Viewing = { entry: LiveEntry; end(): void };

/** Under the limits of running streams, and on the list of them from now on, also while its source is being opened. */
async function beginViewing(
  { live, admission, trustProxyClientIp }: PlayDeps,
  viewed: { req: Request; link: PlayLink; kind: string; key: string; stopping: AbortController },
): Promise<Viewing> {
  const { req, link, kind, key, stopping } = viewed;
  const client = trustProxyClientIp(req);
  const { subject, filename: title } = link;
  const end = (code: string, message: string) => stopping.abort(new AppError(code, message, { status: 503 }));
  const entry = live.begin({ kind, title, client, subject }, () =>
    end('play.stopped', 'The owner ended this stream.'),
  );
  try {
    const leave = await admission.admit(
      { subject, client, target: key },
      {
        stalledMs: entry.stalledMs,
        end: () => end('play.replaced', 'A newer request for the same stream took its place.'),
      },
    );
    return {
      entry,
      end() {
        entry.end();
        leave();
      },
    };
  } catch (error) {
    entry.end();
    throw error;
  }
}

/** One answer for every reason, so that a guesser learns nothing. */
function authorise({ links, trustProxyClientIp }: PlayDeps, req: Request): PlayLink {
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

async function openableOf({ kinds, isPlayable }: PlayDeps, link: PlayLink): Promise<Openable> {
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
function sourceKey(kind: string, link: PlayLink): string {
  const { streamId, detail, fileIndex } = link;
  if (streamId !== undefined) return `${streamId}:${fileIndex ?? ''}`;
  // An opened link is remembered as the very object, so each is hashed once and not once a range.
  const known =
    detailKeys.get(link) ?? hash('sha256', JSON.stringify([kind, detail, fileIndex]), 'base64url');
  detailKeys.set(link, known);
  return known;
}

const detailKeys = new WeakMap<PlayLink, string>();

type Delivery = {
  req: Request;
  res: Response;
  link: PlayLink;
  kind: string;
  source: ByteSource;
  stopping: AbortController;
  begunAt: number;
  /** Absent: HEAD. */
  entry: LiveEntry | undefined;
};

async function deliver(deps: PlayDeps, delivery: Delivery): Promise<void> {
  const { req, res, link, kind, source, stopping, begunAt, entry } = delivery;
  const { budget, metrics, onPlay, trustProxyClientIp } = deps;
  const playedBytes = Math.max(1, Math.min(PLAYED_BYTES, source.size ?? PLAYED_BYTES));
  const filename = link.filename ?? null;
  let delivered = 0;
  let hasBegun = false;
  const onStart = (offset: number) => {
    entry?.startAt(offset, source.size);
    if (!hasBegun) metrics.onFirstByte(kind, offset, (performance.now() - begunAt) / 1000);
    hasBegun = true;
  };
  const onDelivered = (sizeBytes: number) => {
    if (delivered < playedBytes && delivered + sizeBytes >= playedBytes)
      onPlay(link, trustProxyClientIp(req));
    delivered += sizeBytes;
    entry?.add(sizeBytes);
    metrics.onBytes(kind, sizeBytes);
  };
  const share = budget.open(WINDOW_BYTES);
  entry?.watch(share);
  const onResumed = () => {
    entry?.resumed();
    metrics.onResumed(kind);
  };
  const { signal } = stopping;
  try {
    await sendSource(req, res, { source, filename, signal, onStart, onDelivered, onResumed, window: share });
  } finally {
    share.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'unexpected';
}

/** A 412 or 416 says nothing against the source. */
function isFault(error: unknown): boolean {
  return !(error instanceof AppError) || error.status >= 500 || error.status === 404 || error.status === 410;
}

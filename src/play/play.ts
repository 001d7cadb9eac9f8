import { AppError } from '../kit/errors.ts';
import { parseAllowList } from '../platform/address-rules.ts';
import type { Links, PlayLink } from '../platform/links.ts';
import { deliver } from './deliver.ts';
import type { PlayDeps, PlayRequest, PlayResponse } from './deps.ts';
import { fileOpener, type Openable, openableOf, sourceKey } from './open-link.ts';
import type { Lease } from './sources.ts';
import { beginViewing, type Viewing } from './viewing.ts';
import { type Watch, watchOn } from './watch-on.ts';

/** What every answer to a play link says, errors too. */
export const PLAY_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'Content-Range, Accept-Ranges, Content-Length, Content-Type, Content-Disposition, ETag, Last-Modified',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Aborted when the client is gone: whoever reads the request off the wire does it. */
export class ClientGone extends Error {}

export type Wanted = {
  request: PlayRequest;
  response: PlayResponse;
  stopping: AbortController;
  /** `performance.now()` at its beginning. */
  begunAt: number;
};

/**
 * Answers a GET or HEAD with the bytes a link leads to. Rejects with what the client is to be told; after the head has
 * gone out the connection must be cut instead. Resolves without an answer when the client is gone. Of a film that plays
 * already each range comes here, so nothing is waited for that is known: a turn of promises is more than the look.
 */
export async function play(deps: PlayDeps, wanted: Wanted): Promise<void> {
  const { request, response, stopping, begunAt } = wanted;
  const { link, method } = request;
  const { signal } = stopping;
  let viewing: Viewing | null = null;
  let lent: Lent | null = null;
  let watch: Watch | null = null;
  try {
    const found = openableOf(deps, link);
    const openable = found instanceof Promise ? await found : found;
    const { kind } = openable;
    if (method === 'GET') {
      const begun = beginViewing(deps, { request, kind, stopping });
      viewing = begun instanceof Promise ? await begun : begun;
      watch = watchOn(deps, link, stopping);
    }
    const taking = take(deps, request, openable, signal);
    lent = taking instanceof Promise ? await taking : taking;
    const reading =
      link.part === undefined ? deps.presentations.manifest({ request, signal }, lent.source) : null;
    const manifest = reading === null ? null : await reading;
    // Reading a playlist is not playing yet.
    const isMedia = manifest === null && lent.isMedia !== false;
    const entry = viewing?.entry;
    const source = manifest ?? lent.source;
    await deliver(deps, { request, response, signal, begunAt, kind, entry, source, isMedia });
    lent.release(false);
  } catch (error) {
    lent?.release(isFault(error) && !signal.aborted);
    tell(deps, link, signal, error);
  } finally {
    viewing?.end();
    watch?.end();
  }
}

type Lent = Lease & { isMedia?: boolean };

function take(
  deps: PlayDeps,
  request: PlayRequest,
  { kind, open }: Openable,
  signal: AbortSignal,
): Lent | Promise<Lent> {
  const { link } = request;
  if (link.part === undefined) return deps.sources.take(sourceKey(kind, link), open, signal);
  return deps.presentations.part({ request, signal }, link.part, fileOpener(deps, link, signal));
}

/** Throws on unless nobody is there to be told. */
function tell(
  { metrics, log, onGone }: PlayDeps,
  { kind, streamId, part }: PlayLink,
  signal: AbortSignal,
  error: unknown,
): void {
  if (signal.reason instanceof ClientGone) {
    log.debug({ kind, streamId }, 'client left (499)');
    return;
  }
  if (streamId !== undefined && part === undefined && isGone(error)) onGone?.(streamId);
  metrics.onStreamError(kind ?? 'unknown', error instanceof AppError ? error.code : 'unexpected');
  throw error;
}

/** A 412 or 416 says nothing against the source. */
function isFault(error: unknown): boolean {
  return !(error instanceof AppError) || error.status >= 500 || error.status === 404 || error.status === 410;
}

/** Said by whoever has the bytes, and not by us. */
function isGone(error: unknown): boolean {
  return (
    error instanceof AppError &&
    (error.status === 404 || error.status === 410) &&
    !error.code.startsWith('play.')
  );
}

type LinkPath = {
  resource: string;
  token: string;
  /** Names after the token. */
  depth: number;
};

/** The link of a path, or null. Only below the base of a DASH presentation is there more than one name after the token. */
export function openLink(
  links: Links,
  { resource, token, depth }: LinkPath,
  client: string,
): PlayLink | null {
  const link = links.open(token, resource);
  if (link === null || (depth > 1 && link.part?.role !== 'base')) return null;
  const isHere = link.cidr === undefined || parseAllowList([link.cidr]).hasAddress(client);
  return isHere ? link : null;
}

import { AppError, Forbidden } from '../kit/errors.ts';
import { parseAllowList } from '../platform/address-rules.ts';
import type { LinkPart, Links, PlayLink } from '../platform/links.ts';
import type { ByteSource } from '../streams/kind.ts';
import { type Delivery, deliver } from './deliver.ts';
import type { PlayDeps } from './deps.ts';
import { fileOpener, openableOf, sourceKey } from './open-link.ts';
import type { Lease } from './sources.ts';
import { beginViewing, type Viewing } from './viewing.ts';

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

type Wanted = Pick<Delivery, 'request' | 'response' | 'stopping' | 'begunAt'>;

/**
 * Answers a GET or HEAD with the bytes a link leads to. Rejects with what the client is to be told; after the head has
 * gone out the connection must be cut instead. Resolves without an answer when the client is gone.
 */
export async function play(deps: PlayDeps, wanted: Wanted): Promise<void> {
  const { request, stopping } = wanted;
  const { link } = request;
  let viewing: Viewing | null = null;
  try {
    const { kind, open } = await openableOf(deps, link);
    viewing = request.method === 'GET' ? await beginViewing(deps, { request, kind, stopping }) : null;
    const asked = { ...wanted, kind, entry: viewing?.entry };
    if (link.part !== undefined) return await playPart(deps, asked, link.part);
    const lease = await deps.sources.take(sourceKey(kind, link), open, stopping.signal);
    await lending(lease, stopping.signal, () => playSource(deps, asked, lease.source));
  } catch (error) {
    if (!(stopping.signal.reason instanceof ClientGone)) {
      deps.metrics.onStreamError(
        link.kind ?? 'unknown',
        error instanceof AppError ? error.code : 'unexpected',
      );
      throw error;
    }
    deps.log.debug({ kind: link.kind, streamId: link.streamId }, 'client left (499)');
  } finally {
    viewing?.end();
  }
}

type Asked = Omit<Delivery, 'source' | 'isMedia'>;

async function playSource(deps: PlayDeps, asked: Asked, source: ByteSource): Promise<void> {
  const manifest = await deps.presentations.manifest(partRequest(asked), source);
  // Reading a playlist is not playing yet.
  await deliver(deps, { ...asked, source: manifest ?? source, isMedia: manifest === null });
}

async function playPart(deps: PlayDeps, asked: Asked, part: LinkPart): Promise<void> {
  const { signal } = asked.stopping;
  const openFile = fileOpener(deps, asked.request.link, signal);
  const { isMedia, ...lease } = await deps.presentations.part(partRequest(asked), part, openFile);
  const { source } = lease;
  await lending(lease, signal, () => deliver(deps, { ...asked, source, isMedia }));
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

function partRequest({ request, stopping }: Asked) {
  return { request, signal: stopping.signal };
}

/** A 412 or 416 says nothing against the source. */
function isFault(error: unknown): boolean {
  return !(error instanceof AppError) || error.status >= 500 || error.status === 404 || error.status === 410;
}

type LinkPath = {
  resource: string;
  token: string;
  /** Names after the token. */
  depth: number;
  client(): string;
};

/** The link of a path, or null. Only below the base of a DASH presentation is there more than one name after the token. */
export function openLink(links: Links, { resource, token, depth, client }: LinkPath): PlayLink | null {
  const link = links.open(token, resource);
  if (link === null || (depth > 1 && link.part?.role !== 'base')) return null;
  const isHere = link.cidr === undefined || parseAllowList([link.cidr]).hasAddress(client());
  return isHere ? link : null;
}

/** One answer for every reason, so that a guesser learns nothing. */
export function refused(): Forbidden {
  return new Forbidden(
    'play.refused',
    'This link is not valid (any more). Open the title again for a new one.',
  );
}

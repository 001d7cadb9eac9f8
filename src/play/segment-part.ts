import { Forbidden } from '../kit/errors.ts';
import type { LinkPart } from '../platform/links.ts';
import type { PlayRequest } from './deps.ts';
import { beginsPlaylist } from './format.ts';
import type { Address } from './origin-fetch.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { Segments } from './segments.ts';
import type { Lease } from './sources.ts';

/** A segment whose playlist was not seen here, and files of a DASH presentation. */
export const SEGMENT_LIFE_MS = 120_000;

export type FoundSegment = { lease: Lease; isPlaylist: boolean };

/**
 * A segment, key or file of a presentation: from memory or while it comes; where only a piece of it is wanted and it is
 * not here yet, `openFile` asks the origin for that piece.
 */
export async function openSegment(
  { segments, readAhead }: { segments: Segments; readAhead: ReadAhead },
  {
    request: { method, headers },
    part,
    signal,
  }: {
    request: Pick<PlayRequest, 'method' | 'headers'>;
    part: Address & Pick<LinkPart, 'of'>;
    signal: AbortSignal;
  },
  openFile: () => Promise<Lease>,
): Promise<FoundSegment> {
  const { of = '', ...address } = part;
  if (method === 'GET') readAhead.requested(of, part.url);
  const kept = segments.kept(address);
  // `bytes=0-` is how ffmpeg and browsers ask for all of it.
  const isWhole = method === 'GET' && /^(|bytes=0-)$/.test(headers.range?.toString() ?? '');
  const source =
    kept ?? (isWhole ? await segments.open(address, readAhead.lifeMs(of) ?? SEGMENT_LIFE_MS, signal) : null);
  if (source === null) return { lease: await openFile(), isPlaylist: false };
  const lease = { source, release: () => void source.close() };
  try {
    // Served as it is, a playlist in a segment's clothes would lead players past us.
    return { lease, isPlaylist: await beginsPlaylist(source, signal) };
  } catch (error) {
    lease.release();
    throw error;
  }
}

/**
 * The address of a file below a base. The player wrote the path, so it may lead nowhere but down: no dots, no empty
 * or masked segments, and the result is compared once more.
 */
export function addressBelow({ url, ...rest }: Address, path: string, search: string): Address {
  const tail = path.split('/').slice(4);
  const target = URL.parse(tail.join('/') + search, url);
  const base = URL.parse(url);
  const isDown =
    target !== null &&
    base !== null &&
    tail.every(isPlainSegment) &&
    target.origin === base.origin &&
    target.pathname.startsWith(base.pathname) &&
    target.pathname !== base.pathname;
  if (!isDown) throw leadsOut();
  return { ...rest, url: target.href };
}

function isPlainSegment(segment: string): boolean {
  let text = segment;
  try {
    text = decodeURIComponent(segment);
  } catch {
    // Latin-1 escapes are no UTF-8; what they hide is a letter.
  }
  // Twice: some origins decode twice.
  const twice = text.replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  return segment !== '' && !/^\.{1,2}$/.test(twice) && !/[/\\\0\r\n]/.test(twice);
}

function leadsOut(): Forbidden {
  return new Forbidden(
    'play.refused',
    'This link is not valid (any more). Open the title again for a new one.',
  );
}

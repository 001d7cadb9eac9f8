import { AppError } from '../../kit/errors.ts';
import type { LinkPart } from '../../platform/links.ts';
import type { ByteSource } from '../../streams/kind.ts';
import type { Doc, Documents } from '../documents.ts';
import { type Address, addressKey } from '../origin-fetch.ts';
import { addressOf, type PartLinks } from '../parts.ts';
import type { ReadAhead } from '../read-ahead.ts';
import { textSource } from '../text-source.ts';
import { rewriteAssetList, rewriteSteering } from './json.ts';
import {
  type HlsFacts,
  type HlsRole,
  isPlaylistText,
  type RewrittenPlaylist,
  rewritePlaylist,
} from './rewrite.ts';

export type PlaylistRequest = {
  address: Address;
  /** Playlists between this one and the stream. */
  depth: number;
  variables: ReadonlyMap<string, string>;
  /** Query parameters of the player's request. */
  query: URLSearchParams;
  parts: PartLinks;
  signal: AbortSignal;
};

export type HlsHeld = {
  documents: Documents;
  readAhead: ReadAhead;
  /** Rewritten playlists. */
  playlists: (doc: Doc, key: string, make: () => RewrittenPlaylist) => RewrittenPlaylist;
};

export const HLS_TYPE = 'application/vnd.apple.mpegurl';
const MAX_DEPTH = 4;
/** A finished playlist does not change, but its origin may be set right. */
const COMPLETE_LIFE_MS = 60_000;
const MASTER_LIFE_MS = 10_000;
const MAX_SEGMENT_LIFE_MS = 600_000;
const MIN_SEGMENT_LIFE_MS = 10_000;

/** The playlist with every URI led through play links. Throws AppError `play.not_a_playlist`, `play.nested_too_deep`, `play.drm` or what the origin failed with. */
export async function servePlaylist(
  { documents, readAhead, playlists }: HlsHeld,
  request: PlaylistRequest,
): Promise<ByteSource> {
  const { address, depth, variables, parts, signal } = request;
  if (depth > MAX_DEPTH)
    throw new AppError('play.nested_too_deep', `Playlists lead to playlists more than ${MAX_DEPTH} times.`, {
      status: 502,
    });
  const doc = await documents.read(
    withDirectives(address, request.query),
    ({ text }) => lifeMs(text),
    signal,
  );
  if (!isPlaylistText(doc.text))
    throw new AppError('play.not_a_playlist', 'What the origin sent is not an HLS playlist.', {
      status: 502,
    });
  const of = addressKey(address).slice(0, 10);
  const linkTo = (url: string, role: HlsRole, defined: ReadonlyMap<string, string>): string => {
    const where = addressOf(url, address);
    if (role === 'segment') return parts.relative({ ...where, role, depth, of });
    if (role === 'sibling') return parts.relative(playlistPart(where, depth, variables));
    if (role === 'asset' || role === 'assets' || role === 'steering')
      return absoluteLink(request, where, role);
    if (role === 'playlist') return parts.relative(playlistPart(where, depth + 1, defined));
    return parts.relative({ ...where, role, depth: role === 'entry' ? depth + 1 : depth });
  };
  const identity = `${parts.identity(depth)} ${JSON.stringify([...variables])}`;
  const { text, facts } = playlists(doc, identity, () =>
    rewritePlaylist(doc.text, { url: doc.url, inherited: variables, linkTo }),
  );
  if (facts.drm.licensed && !facts.drm.open) throw licensed();
  readAhead.note(of, plannedOf(facts, address), segmentLifeMs(facts));
  return textSource(text, HLS_TYPE, doc.encoding);
}

/** JSON that leads on: a list of assets to be played in between, or a steering manifest. Never kept: each player has its own. */
export async function serveJson(
  { documents }: Pick<HlsHeld, 'documents'>,
  role: 'assets' | 'steering',
  { address, depth, query, parts, signal }: Omit<PlaylistRequest, 'variables'>,
): Promise<ByteSource> {
  const doc = await documents.read(withDirectives(address, query), () => 0, signal);
  const next = role === 'assets' ? 'asset' : role;
  const linkTo = (url: string) => absoluteLink({ parts, depth }, addressOf(url, address), next);
  const rewrite = role === 'assets' ? rewriteAssetList : rewriteSteering;
  return textSource(rewrite(doc.text, doc.url, linkTo), 'application/json');
}

/** The stream needs a licence server (Widevine, PlayReady, FairPlay), which answers the player it was made for only. */
export function licensed(): AppError {
  return new AppError(
    'play.drm',
    'This stream is locked by a licence server (DRM) and can only be played in its provider’s own player.',
    { status: 451 },
  );
}

/** By specification these are absolute, and some players take them so only. An asset is a presentation of its own. */
function absoluteLink(
  { parts, depth }: Pick<PlaylistRequest, 'parts' | 'depth'>,
  where: Address,
  role: 'asset' | 'assets' | 'steering',
): string {
  if (role === 'asset') return parts.absolute(playlistPart(where, depth + 1, new Map()));
  return parts.absolute({ ...where, role, depth });
}

function playlistPart(where: Address, depth: number, variables: ReadonlyMap<string, string>): LinkPart {
  const part: LinkPart = { ...where, role: 'playlist', depth };
  return variables.size === 0 ? part : { ...part, variables: Object.fromEntries(variables) };
}

/** Delivery directives (rfc8216bis §6.2.5) are for the origin: it holds the answer back until it has the segment. */
function withDirectives(address: Address, query: URLSearchParams): Address {
  const directives = [...query].filter(([name]) => name.startsWith('_HLS_'));
  const url = URL.parse(address.url);
  if (directives.length === 0 || url === null) return address;
  for (const [name, value] of directives) url.searchParams.set(name, value);
  return { ...address, url: url.href };
}

/** A live playlist is never handed out older than half of what is added to it at a time. */
function lifeMs(text: string): number {
  const target = /^#EXT-X-TARGETDURATION:\s*([\d.]+)/m.exec(text)?.[1];
  if (/^#EXT-X-(ENDLIST|PLAYLIST-TYPE:\s*VOD)/m.test(text)) return COMPLETE_LIFE_MS;
  if (target === undefined) return MASTER_LIFE_MS;
  const part = /^#EXT-X-PART-INF:.*PART-TARGET=([\d.]+)/m.exec(text)?.[1];
  return Math.min(Number(part ?? target) * 500, COMPLETE_LIFE_MS);
}

/** A live origin may use a name again once the segment has left the playlist. */
export function segmentLifeMs({ isComplete, durationS }: Pick<HlsFacts, 'isComplete' | 'durationS'>): number {
  if (isComplete) return MAX_SEGMENT_LIFE_MS;
  return Math.min(Math.max(durationS * 1000, MIN_SEGMENT_LIFE_MS), MAX_SEGMENT_LIFE_MS);
}

function plannedOf({ isMaster, segments }: HlsFacts, address: Address): (Address | null)[] {
  if (isMaster) return [];
  return segments.map(({ url, isByteRange }) => (isByteRange ? null : addressOf(url, address)));
}

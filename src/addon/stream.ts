import type { Visibility } from '../catalogs/catalog.ts';
import type { Viewer } from '../catalogs/viewer.ts';
import { isForViewer } from '../features/deep-links/index.ts';
import type { Standing } from '../features/family/index.ts';
import type { LiveSearch } from '../features/finders/index.ts';
import type { CompiledPreferences } from '../features/preferences/index.ts';
import { type Offer, type OfferLimits, offersFor, wide } from '../features/stream-index/index.ts';
import { contentTypeOf } from '../kit/content-type.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import type { Links } from '../platform/links.ts';
import { offerKey, type Progress, type StreamKind, type Target } from '../streams/kind.ts';
import { type AddonContext, type Freshness, freshFor } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { type FoundTitle, findTitle } from './find-title.ts';
import type { KeptAnswers, Played } from './kept-answers.ts';
import { keepValid, type OnDropped, Stream, Subtitle } from './objects.ts';
import { inViewingOrder, type OfferedStream, type Way } from './stream-order.ts';
import { choiceOf, hiddenAll, preferencesOf, wordsOf } from './stream-preferences.ts';
import { bingeGroup, filenameOf } from './stream-text.ts';
import { type SubtitleLinkDeps, subtitlesOf } from './subtitles.ts';
import { isHeld, waysTo } from './ways.ts';

export type StreamDeps = SubtitleLinkDeps & {
  db: Db;
  links: Links;
  kinds: { get(kind: string): StreamKind | undefined };
  /** Offers of a title before they become links, for all installs that see the same. */
  offers: CacheSpace<readonly Offer[]>;
  /** Which title such a request means, for some seconds. */
  titles: CacheSpace<FoundTitle | null>;
  kept: KeptAnswers;
  offerLimits(): OfferLimits;
  manifestSettings(): { name: string; revision: number };
  /** Who downloads torrents: this server, so that they are play links, or the viewer's player. */
  torrentPlayer(): 'server' | 'client';
  onDropped: OnDropped;
  /** Looks elsewhere for a title that has nothing to play. */
  searchLive: LiveSearch['search'];
  standingFor(viewer: Viewer, asked: { mediaId: number; episodeId: number | null }): Promise<Standing | null>;
  /** Without files that hold something this profile may not see beside what it may. */
  unmixed(viewer: Viewer, offers: readonly Offer[]): Promise<readonly Offer[]>;
};

/** Short: links carry their own expiry, and a stream may be blocked or found at any moment. */
const KEPT: Freshness = { cacheMaxAge: 60, staleRevalidate: 300, staleError: 3600 };
/** An answer that tells how a torrent is doing is old soon; what it offers is still good when we are away. */
const MOVING: Freshness = { cacheMaxAge: 3, staleRevalidate: 0, staleError: 3600 };
/** The web player takes MP4 and WebM as they are; all else goes through the player's own server. */
const WEB_READY = new Set(['video/mp4', 'video/webm']);

/** Who asks, and for which title or episode. */
export type Asked = { context: AddonContext; title: FoundTitle };
/** `preferences`: of who asks; null: as everyone. */
type Wanted = Asked & { preferences: CompiledPreferences | null };

/**
 * `{streams}`: everything that can be played, in viewing order; for a title we know with nothing to play, one entry that
 * says why. A title we do not know, or that this viewer may not know of, is another add-on's business: an explanation
 * under each of them would be noise.
 */
export async function streamAnswer(deps: StreamDeps, request: AddonRequest, context: AddonContext) {
  const { visibility } = context;
  const only = visibility === 'off' ? 'all' : visibility;
  const title = await deps.titles.get(JSON.stringify([request.type, request.id, only]), () =>
    findTitle(deps.db, request, only),
  );
  if (title === null) return { streams: [], ...KEPT };
  if (visibility === 'off') return { streams: [explain(deps, context, SWITCHED_OFF)], ...KEPT };
  return playable(deps, { context, title }, visibility);
}

/** Everything of one title or episode that may be known of. */
export async function playable(deps: StreamDeps, given: Asked, visibility: Visibility) {
  const { context, title } = given;
  const FRESH = freshFor(context, KEPT);
  const LIVE = freshFor(context, MOVING);
  const preferences = preferencesOf(context.preferences);
  const asked: Wanted = { ...given, preferences };
  const { offers, query } = await offersOf(deps, asked, visibility);
  const key = JSON.stringify([
    ...[query, context.baseUrl, context.services ?? null, context.watching?.link, preferences?.key],
    ...[deps.manifestSettings(), deps.torrentPlayer()],
  ]);
  // What a kid may see is asked of the database each time.
  const isKept = context.watching?.viewer.isKid !== true;
  const json = isKept ? deps.kept.get(key, offers, (file) => isMoving(deps, file)) : null;
  if (json !== null) return { json, ...FRESH };
  const { offered, choice, isSearching } = await knownOrFound(deps, asked, offers);
  const told = inViewingOrder(offered, choice.tierOf).map((stream) => ({
    ...stream,
    progress: progressOf(deps, stream),
  }));
  const streams = keepValid(
    Stream,
    told.map((stream) => streamOf(deps, asked, stream)),
    'stream',
    deps.onDropped,
  );
  if (streams.length > 0) {
    if (told.some(({ progress }) => progress !== null)) return { streams, ...LIVE };
    // Play links say who asks: everyone, so far. One answer serves all who see the same.
    const answer = { streams, ...FRESH };
    return { json: deps.kept.put(key, { offers, answer, ...lastingOf(told) }), ...FRESH };
  }
  const emptied = choice.applied?.emptied ?? null;
  if (emptied !== null) return { streams: [explain(deps, context, hiddenAll(emptied))], ...FRESH };
  if (isSearching) return { streams: [explain(deps, context, SEARCHING)], ...LIVE };
  return { streams: [explain(deps, context, nothingToPlay(title, deps.offerLimits()))], ...FRESH };
}

const SWITCHED_OFF =
  'The public catalogue of this server is switched off. Ask its owner for an install of your own.';

const SEARCHING = 'Nothing to play yet: links are being looked for. Open this title again in a few seconds.';

/** What is known; where that is nothing, what is found now. Only where everything is shown: nobody may show the rest to everyone. */
async function knownOrFound(deps: StreamDeps, asked: Wanted, offers: readonly Offer[]) {
  const known = await chosen(deps, asked, offers);
  const { title, context } = asked;
  const isEmptied = (known.choice.applied?.emptied ?? null) !== null;
  if (known.offered.length > 0 || isEmptied || context.visibility !== 'all')
    return { ...known, isSearching: false };
  const state = await deps.searchLive(title);
  if (state !== 'found') return { ...known, isSearching: state === 'searching' };
  const found = await offersOf(deps, asked, 'all');
  return { ...(await chosen(deps, asked, found.offers)), isSearching: false };
}

/** What rules and preferences leave of them, and how that is reached. */
async function chosen(deps: StreamDeps, { title, preferences, context }: Wanted, offers: readonly Offer[]) {
  const place = { isEpisode: title.episodeId !== null, limits: deps.offerLimits() };
  const viewer = context.watching?.viewer ?? null;
  const seen = viewer === null ? offers : await deps.unmixed(viewer, offers);
  const choice = choiceOf(seen, preferences, place);
  return { choice, offered: await reached(deps, choice.offers, context) };
}

function nothingToPlay({ isEmpty, episodeId }: FoundTitle, { hevc }: OfferLimits): string {
  if (isEmpty) return 'Nothing to play yet: this title has no link. The owner of this server can add one.';
  if (hevc === 'hide')
    return 'Nothing to play right now: what there is has expired, cannot be reached, or is HEVC, which this server hides.';
  return episodeId === null
    ? 'Nothing to play right now: the links of this title have expired or cannot be reached.'
    : 'Nothing to play right now: no link of this episode is known, or it cannot be reached.';
}

async function offersOf(deps: StreamDeps, { title, preferences }: Wanted, only: 'licensed' | 'all') {
  const { mediaId, episodeId } = title;
  const everyones = { mediaId, episodeId, only, ...deps.offerLimits() };
  const query = preferences === null ? everyones : wide(everyones);
  return { query, offers: await deps.offers.get(JSON.stringify(query), () => offersFor(deps.db, query)) };
}

export type ReachDeps = Pick<StreamDeps, 'db' | 'kinds' | 'torrentPlayer'>;

/** How each of these is reached; those no kind would offer now are left out, and links to services the viewer has not. */
export async function reached(
  deps: ReachDeps,
  offers: readonly Offer[],
  { services, watching }: Partial<Pick<AddonContext, 'services' | 'watching'>> = {},
): Promise<OfferedStream[]> {
  const targets = await targetsOf(deps, offers);
  return offers.flatMap((offer) => {
    const target = targets.get(offerKey(offer));
    return target === undefined || (target.via === 'external' && !isForViewer(target.service, services))
      ? []
      : waysTo(readHere(deps, offer, target))
          .filter((way) => watching?.viewer.isKid !== true || isHeld(way))
          .map((way) => ({ offer, target: way }));
  });
}

/** Asks each kind once for all of its offers. */
async function targetsOf(deps: ReachDeps, offers: readonly Offer[]): Promise<Map<string, Target>> {
  const byKind = Map.groupBy(offers, (offer) => offer.kind);
  const answers = await Promise.all(
    [...byKind].map(([kind, refs]) => deps.kinds.get(kind)?.targets(deps.db, refs) ?? new Map()),
  );
  return new Map(answers.flatMap((answer) => [...answer]));
}

/** A torrent that this server reads is a play link like any other. */
function readHere(deps: ReachDeps, offer: Offer, target: Target): Target {
  const isRead = target.via === 'torrent' && deps.torrentPlayer() === 'server';
  if (!isRead || deps.kinds.get('torrent')?.open === undefined) return target;
  const { fileIndex, resource } = target;
  return { via: 'play', fileIndex, resource, contentType: contentTypeOf(filenameOf(offer, target)) };
}

/** What goes on with its bytes here and now, where a kind can tell. */
function progressOf({ kinds }: ReachDeps, { offer, target }: OfferedStream): Progress | null {
  if (target.via !== 'play' && target.via !== 'torrent') return null;
  return kinds.get(offer.kind)?.progress?.(target.resource) ?? null;
}

function isMoving({ kinds }: StreamDeps, { kind, resource }: Played): boolean {
  return (kinds.get(kind)?.progress?.(resource) ?? null) !== null;
}

/** What ends a kept answer before its time: bytes that begin to move, a stream that runs out. */
function lastingOf(streams: readonly OfferedStream[]): { played: Played[]; goodUntil: number } {
  const played = streams.flatMap(({ offer: { kind }, target }) =>
    target.via === 'play' || target.via === 'torrent' ? [{ kind, resource: target.resource }] : [],
  );
  const ends = streams.map(
    ({ target }) => ('goodUntil' in target ? target.goodUntil : undefined) ?? Infinity,
  );
  return { played, goodUntil: Math.min(...ends) };
}

type ToldStream = OfferedStream & { progress: Progress | null };

function streamOf(deps: StreamDeps, asked: Wanted, told: ToldStream): unknown {
  const { offer, target } = told;
  const found = subtitlesOf(deps, offer, asked);
  const subtitles = keepValid(Subtitle, found, 'subtitles', deps.onDropped);
  return {
    ...sourceOf(deps, asked, offer, target),
    ...wordsOf(deps.manifestSettings().name, told, asked.preferences),
    ...(subtitles.length === 0 ? {} : { subtitles }),
    behaviorHints: hintsOf(asked.context, offer, target),
  };
}

/** How the client reaches it: exactly one of url, infoHash, ytId, externalUrl. `fileIdx` 0 is a file, not nothing. */
function sourceOf(deps: StreamDeps, asked: Asked, offer: Offer, target: Way): object {
  switch (target.via) {
    case 'play':
      return { url: playUrl(deps, asked, offer, target) };
    case 'direct':
      return { url: target.url };
    case 'torrent':
      return {
        infoHash: target.infoHash,
        ...(target.fileIndex === null ? {} : { fileIdx: target.fileIndex }),
        sources: [...target.sources],
      };
    case 'youtube':
      return { ytId: target.videoId };
    case 'external':
      return { externalUrl: target.url };
    case 'listed':
      return { externalUrl: `${asked.context.baseUrl}/` };
  }
}

/** What a player does with it besides playing; a page of another service is none of its business. */
function hintsOf({ baseUrl }: AddonContext, offer: Offer, target: Way): object | undefined {
  if (target.via === 'external' || target.via === 'listed') return undefined;
  if (target.via === 'youtube') return { bingeGroup: bingeGroup(offer) };
  const url = target.via === 'direct' ? target.url : baseUrl;
  const isWebReady =
    target.via === 'torrent' || (WEB_READY.has(target.contentType) && url.startsWith('https:'));
  // Of a torrent as a whole the largest file is played: the sum of all would be nobody's size.
  const isWhole = offer.kind === 'torrent' && target.via !== 'direct' && target.fileIndex === null;
  return {
    filename: filenameOf(offer, target),
    ...(isWhole || offer.sizeBytes === null ? {} : { videoSize: offer.sizeBytes }),
    ...(offer.videoHash === null ? {} : { videoHash: offer.videoHash }),
    bingeGroup: bingeGroup(offer),
    ...(isWebReady ? {} : { notWebReady: true }),
  };
}

function playUrl(
  deps: StreamDeps,
  { context, title }: Asked,
  offer: Offer,
  target: Extract<Target, { via: 'play' }>,
): string {
  return deps.links.make(
    {
      streamId: offer.streamId,
      kind: offer.kind,
      mediaId: title.mediaId,
      ...(title.episodeId === null ? {} : { episodeId: title.episodeId }),
      fileIndex: target.fileIndex,
      filename: filenameOf(offer, target),
      subject: context.watching?.subject ?? 'public',
      ...(context.watching === null ? {} : { viewer: context.watching.link }),
      expiresAt: Math.floor(Date.now() / 1000) + deps.linkLifeSeconds(),
    },
    { baseUrl: context.baseUrl, resource: target.resource },
  );
}

/** A pseudo-stream that says why there is nothing: a spinner or an empty list says nothing. */
export function explain(deps: StreamDeps, { baseUrl }: AddonContext, reason: string) {
  return { name: deps.manifestSettings().name, description: `ℹ️ ${reason}`, externalUrl: `${baseUrl}/` };
}

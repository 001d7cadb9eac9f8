import { type Offer, offersFor } from '../features/stream-index/index.ts';
import { contentTypeOf } from '../kit/content-type.ts';
import { parseMediaId } from '../kit/media-id.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import type { Links } from '../platform/links.ts';
import { offerKey, type StreamKind, type Target } from '../streams/kind.ts';
import { type AddonContext, absoluteUrl, type Freshness } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { findTitle } from './find-title.ts';
import { keepValid, type OnDropped, Stream } from './objects.ts';
import { bingeGroup, streamDescription, streamName } from './stream-text.ts';
import { subtitleOf } from './subtitles.ts';

export type StreamDeps = {
  db: Db;
  links: Links;
  kinds: { get(kind: string): StreamKind | undefined };
  /** Offers of a title before they become links, for all installs that see the same. */
  offers: CacheSpace<readonly Offer[]>;
  /** Life of the links made here. */
  linkLifeSeconds(): number;
  streamLimits(): { perTitle: number; perResolution: number };
  manifestSettings(): { name: string; revision: number };
  onDropped: OnDropped;
};

/** Short: links carry their own expiry, and a stream may be blocked or found at any moment. */
const FRESH: Freshness = { cacheMaxAge: 60, staleRevalidate: 300, staleError: 3600 };
/** The web player takes MP4 and WebM as they are; all else goes through the player's own server. */
const WEB_READY = new Set(['video/mp4', 'video/webm']);

/** `{streams}`: everything that can be played, best first; for a title we know with nothing to play, one entry that says why. */
export async function streamAnswer(deps: StreamDeps, request: AddonRequest, context: AddonContext) {
  const id = parseMediaId(request.id);
  const title = id === null ? null : await findTitle(deps.db, id, request.type);
  // A title we do not know is another add-on's business: an explanation under each of them would be noise.
  if (title === null) return { streams: [], ...FRESH };
  if (context.visibility === 'off') {
    return {
      streams: [
        explain(
          deps,
          context,
          'The public catalogue of this server is switched off. Ask its owner for an install of your own.',
        ),
      ],
      ...FRESH,
    };
  }
  const { perTitle, perResolution } = deps.streamLimits();
  const key = JSON.stringify([title.mediaId, title.episodeId, context.visibility, perTitle, perResolution]);
  const offers = await deps.offers.get(key, () =>
    offersFor(deps.db, {
      ...title,
      only: context.visibility === 'all' ? 'all' : 'licensed',
      maxTotal: perTitle,
      maxPerResolution: perResolution,
    }),
  );
  const targets = await targetsOf(deps, offers);
  const streams = keepValid(
    Stream,
    offers.flatMap((offer) => {
      const target = targets.get(offerKey(offer));
      return target === undefined ? [] : [streamOf(deps, context, title, offer, target)];
    }),
    'stream',
    deps.onDropped,
  );
  if (streams.length > 0) return { streams, ...FRESH };
  return { streams: [explain(deps, context, nothingToPlay(offers.length))], ...FRESH };
}

function nothingToPlay(found: number): string {
  return found > 0
    ? 'The links of this title have expired or cannot be reached right now.'
    : 'Nothing to play yet: no link of this title may be shown here. Its owner can add one.';
}

/** Asks each kind once for all of its offers. */
async function targetsOf(deps: StreamDeps, offers: readonly Offer[]): Promise<Map<string, Target>> {
  const byKind = Map.groupBy(offers, (offer) => offer.kind);
  const answers = await Promise.all(
    [...byKind].map(([kind, refs]) => deps.kinds.get(kind)?.targets(deps.db, refs) ?? new Map()),
  );
  return new Map(answers.flatMap((answer) => [...answer]));
}

type Title = { mediaId: number; episodeId: number | null };

function streamOf(
  deps: StreamDeps,
  context: AddonContext,
  title: Title,
  offer: Offer,
  target: Target,
): unknown {
  return {
    ...sourceOf(deps, context, title, offer, target),
    name: streamName(deps.manifestSettings().name, offer),
    description: streamDescription(offer),
    subtitles: keepValid(
      Stream.shape.subtitles.unwrap().element,
      offer.subtitles.map((subtitle) => subtitleOf(subtitle, context)),
      'subtitles',
      deps.onDropped,
    ),
    behaviorHints: {
      filename: offer.fileName ?? offer.name,
      videoSize: offer.sizeBytes ?? undefined,
      bingeGroup: bingeGroup(offer),
      ...(target.via === 'play' &&
      !(WEB_READY.has(target.contentType) && context.baseUrl.startsWith('https:'))
        ? { notWebReady: true }
        : {}),
    },
  };
}

/** How the client reaches it: exactly one of url, infoHash, ytId, externalUrl. `fileIdx` 0 is a file, not nothing. */
function sourceOf(
  deps: StreamDeps,
  context: AddonContext,
  title: Title,
  offer: Offer,
  target: Target,
): object {
  switch (target.via) {
    case 'play':
      return { url: playUrl(deps, context, title, offer, target) };
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
      return { externalUrl: `${context.baseUrl}/#${encodeURIComponent(target.reason)}` };
  }
}

function playUrl(
  deps: StreamDeps,
  context: AddonContext,
  title: Title,
  offer: Offer,
  target: Extract<Target, { via: 'play' }>,
): string {
  const filename = offer.fileName ?? offer.name;
  return deps.links.make(
    {
      streamId: offer.streamId,
      kind: offer.kind,
      mediaId: title.mediaId,
      ...(title.episodeId === null ? {} : { episodeId: title.episodeId }),
      fileIndex: target.fileIndex,
      filename:
        contentTypeOf(filename) === 'application/octet-stream'
          ? `${filename}${extensionOf(target.contentType)}`
          : filename,
      subject: 'public',
      expiresAt: Math.floor(Date.now() / 1000) + deps.linkLifeSeconds(),
    },
    { baseUrl: context.baseUrl, resource: target.resource },
  );
}

/** Players go by the ending when the name has none. */
function extensionOf(contentType: string): string {
  return (
    {
      'video/mp4': '.mp4',
      'video/webm': '.webm',
      'video/x-matroska': '.mkv',
      'application/vnd.apple.mpegurl': '.m3u8',
    }[contentType] ?? ''
  );
}

/** A pseudo-stream that says why there is nothing: a spinner or an empty list says nothing. */
function explain(deps: StreamDeps, context: AddonContext, reason: string) {
  return {
    name: deps.manifestSettings().name,
    description: `ℹ️ ${reason}`,
    externalUrl: absoluteUrl(context.baseUrl, `${context.baseUrl}/`),
  };
}

import { AppError } from '../kit/errors.ts';
import type { Budget } from '../platform/budget.ts';
import type { LinkPart, Links } from '../platform/links.ts';
import type { Net } from '../platform/net.ts';
import type { ByteSource } from '../streams/kind.ts';
import { createCounter } from './dash/counting.ts';
import { askLicence, type Licence, type LicenceRequest } from './dash/licence.ts';
import { createPieceReader } from './dash/pieces.ts';
import { serveManifest } from './dash/serve.ts';
import { createUnlocker } from './dash/unlock.ts';
import type { PlayRequest } from './deps.ts';
import { createDocuments, textBytes } from './documents.ts';
import { type Format, formatDetector } from './format.ts';
import { playlistBytes, type RewrittenPlaylist } from './hls/rewrite.ts';
import { serveJson, servePlaylist } from './hls/serve.ts';
import type { Address } from './origin-fetch.ts';
import { createPartLinks } from './parts.ts';
import { createPerDocument } from './per-document.ts';
import { createReadAhead } from './read-ahead.ts';
import { addressBelow, openSegment, SEGMENT_LIFE_MS } from './segment-part.ts';
import { createSegments } from './segments.ts';
import type { Lease } from './sources.ts';
import { textSource } from './text-source.ts';

/** HLS and DASH presentations: manifests whose parts are all reached through play links, and these parts. */
export type Presentations = {
  /** The manifest to answer with; null when `source` is a plain file. */
  manifest(request: PartRequest, source: ByteSource): Promise<ByteSource | null> | null;
  /** What a link with a `part` leads to. */
  part(request: PartRequest, part: LinkPart, openFile: OpenFile): Promise<Part>;
  /** The keys a player asks for at a link of the role `licence`. */
  licence(part: LinkPart, asked: LicenceRequest, signal: AbortSignal): Promise<Licence>;
  close(): void;
};

export type PartRequest = { request: PlayRequest; signal: AbortSignal };
/** Opens an address as a file of its own: any size, ranges asked of the origin. */
export type OpenFile = (address: Address) => Promise<Lease>;
/** `isMedia`: sound or picture, so that sending it is playing. */
export type Part = Lease & { isMedia: boolean };

export type PresentationDeps = {
  net: Net;
  links: Links;
  budget: Pick<Budget, 'openCache'>;
  /** A viewer asked for a segment: it was here, or had to be fetched. */
  onSegmentAsked?: (isHit: boolean) => void;
};

type Place = { address: Address } & Pick<LinkPart, 'depth' | 'variables' | 'track'>;

const HLS_NAME = /\.m3u8$/i;

export function createPresentations({ net, links, budget, onSegmentAsked }: PresentationDeps): Presentations {
  // Streams that want memory take it from them in this order: a segment is the quickest to load again.
  const segments = createSegments(net, { budget, onAsked: onSegmentAsked });
  const documents = createDocuments(net, budget);
  const readAhead = createReadAhead(segments, { budget });
  const unlocker = createUnlocker({ net, segments, budget });
  const formatOf = formatDetector();
  const held = {
    documents,
    segments,
    readAhead,
    playlists: createPerDocument<RewrittenPlaylist>(documents, playlistBytes),
    manifests: createPerDocument<Promise<string>>(documents, async (text) => textBytes(await text)),
    countOn: createCounter(),
    readPiece: createPieceReader(net, budget),
  };

  function wantedAt({ request, signal }: PartRequest, { address, depth, variables = {} }: Place) {
    return {
      ...{ address, depth, signal, variables: new Map(Object.entries(variables)) },
      query: new URLSearchParams(request.search),
      parts: createPartLinks(links, { ...request, baseUrl: request.baseUrl() }),
    };
  }

  async function manifestAt(asked: PartRequest, format: Exclude<Format, 'progressive'>, place: Place) {
    const wanted = wantedAt(asked, place);
    if (format === 'hls') return await servePlaylist(held, wanted);
    const { track } = place;
    const isHls = wanted.query.get('as') === 'hls' || HLS_NAME.test(asked.request.path);
    return await serveManifest(held, { ...wanted, isHls, track });
  }

  async function manifestOf(request: PartRequest, address: Address, looking: Format | Promise<Format>) {
    const format = await looking;
    return format === 'progressive' ? null : await manifestAt(request, format, { address, depth: 0 });
  }

  async function entry(request: PartRequest, place: Place, openFile: OpenFile): Promise<Part> {
    const file = await openFile(place.address);
    const format = await formatOf(file.source);
    if (format === 'progressive') return { ...file, isMedia: true };
    file.release(false);
    return asManifest(await manifestAt(request, format, place));
  }

  async function segment(request: PartRequest, part: LinkPart, openFile: OpenFile): Promise<Part> {
    const found = await openSegment(held, { ...request, part }, () => openFile(part));
    if (!found.isPlaylist) return { ...found.lease, isMedia: part.role !== 'key' };
    found.lease.release(false);
    return asManifest(await manifestAt(request, 'hls', { address: part, depth: part.depth + 1 }));
  }

  return {
    manifest(request, source) {
      const { delivery } = source;
      const format = formatOf(source);
      return delivery === undefined || format === 'progressive'
        ? null
        : manifestOf(request, delivery, format);
    },
    async part(request, part, openFile) {
      switch (part.role) {
        case 'playlist':
          return asManifest(await manifestAt(request, 'hls', { ...part, address: part }));
        case 'mpd':
        case 'rendition':
          return asManifest(await manifestAt(request, 'dash', { ...part, address: part }));
        case 'entry':
          return await entry(request, { ...part, address: part }, openFile);
        case 'file': {
          // Never kept: a clock, a session's data.
          const { text, encoding, contentType } = await documents.read(part, () => 0, request.signal);
          return asManifest(textSource(text, contentType ?? 'application/octet-stream', encoding));
        }
        case 'base':
          return await segment(
            request,
            { ...part, ...addressBelow(part, request.request.path, request.request.search) },
            openFile,
          );
        case 'assets':
        case 'steering':
          return asManifest(
            await serveJson(held, part.role, wantedAt(request, { address: part, depth: part.depth })),
          );
        case 'unlocked': {
          const { of = '' } = part;
          if (request.request.method === 'GET') readAhead.requested(of, part.url);
          const lifeMs = readAhead.lifeMs(of) ?? SEGMENT_LIFE_MS;
          const source = await unlocker.open(part, lifeMs, request.signal);
          return { source, release: () => void source.close(), isMedia: true };
        }
        case 'licence':
          throw new AppError('play.method_not_allowed', 'Keys are asked for by POST.', {
            status: 405,
            headers: { Allow: 'POST, OPTIONS' },
          });
        default:
          return await segment(request, part, openFile);
      }
    },
    licence: (part, asked, signal) => askLicence(net, part, asked, signal),
    close() {
      readAhead.close();
      segments.close();
    },
  };
}

function asManifest(source: ByteSource): Part {
  return { source, release() {}, isMedia: false };
}

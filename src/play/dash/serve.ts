import { XMLSerializer } from '@xmldom/xmldom';
import type { ByteRange } from '../../kit/range.ts';
import type { LinkLock } from '../../platform/links.ts';
import type { ByteSource } from '../../streams/kind.ts';
import type { Doc, Documents } from '../documents.ts';
import { HLS_TYPE, licensed, type PlaylistRequest, segmentLifeMs } from '../hls/serve.ts';
import { type Address, addressKey } from '../origin-fetch.ts';
import { addressOf } from '../parts.ts';
import type { ReadAhead } from '../read-ahead.ts';
import { textSource } from '../text-source.ts';
import { assertKeys, type CountOn, type Lock, masterOf, trackPlaylist } from './as-hls.ts';
import { parseMpd, secondsOf } from './mpd.ts';
import { needsLicenceServer } from './protection.ts';
import { inlineRemote } from './remote.ts';
import { resolve, rewriteMpd } from './rewrite.ts';
import type { Piece } from './segments.ts';
import { presentationOf, type Track } from './tracks.ts';

export type DashHeld = {
  documents: Documents;
  readAhead: ReadAhead;
  /** Rewritten manifests. */
  manifests: (doc: Doc, key: string, make: () => Promise<string>) => Promise<string>;
  countOn: (track: string) => CountOn;
  readPiece: (address: Address, span: ByteRange | null, signal: AbortSignal) => Promise<Buffer>;
};

export type ManifestRequest = PlaylistRequest & {
  /** As an HLS playlist, for players without DASH. */
  isHls: boolean;
  /** Which track of it. */
  track: string | undefined;
};

const DASH_TYPE = 'application/dash+xml';
const STATIC_LIFE_MS = 60_000;
const DYNAMIC_LIFE_MS = 1000;

/** A DASH manifest with every URL led through play links, or as HLS. Throws AppError `play.not_a_manifest`, `play.drm` or what the origin failed with. */
export async function serveManifest(held: DashHeld, request: ManifestRequest): Promise<ByteSource> {
  const { address, depth, parts, signal } = request;
  const doc = await held.documents.read(address, ({ text }) => lifeMs(text), signal);
  if (request.isHls || request.track !== undefined) return await asHls(held, doc, request);
  const text = await held.manifests(
    doc,
    parts.identity(depth),
    async () => await led(held.documents, doc, request),
  );
  return textSource(text, DASH_TYPE);
}

async function led(documents: Documents, doc: Doc, request: ManifestRequest): Promise<string> {
  const { address, depth, parts, signal } = request;
  const { document, root } = parseMpd(doc.text);
  await inlineRemote(documents, root, { address, from: doc.url, signal });
  if (needsLicenceServer(root)) throw licensed();
  rewriteMpd(root, doc.url, {
    base: (url) => parts.absolute({ ...addressOf(url, address), role: 'base', depth }),
    document: (url, role) => parts.absolute({ ...addressOf(url, address), role, depth }),
  });
  return new XMLSerializer().serializeToString(document);
}

async function asHls(held: DashHeld, doc: Doc, request: ManifestRequest): Promise<ByteSource> {
  const { address, depth, parts, signal, track } = request;
  const { root } = parseMpd(doc.text);
  await inlineRemote(held.documents, root, { address, from: doc.url, signal });
  if (needsLicenceServer(root)) throw licensed();
  const presentation = presentationOf(root, Date.now());
  if (track === undefined) {
    assertKeys(root, presentation);
    const linkTo = ({ id }: Track) => parts.relative({ ...address, role: 'rendition', depth, track: id });
    return textSource(masterOf(presentation, linkTo), HLS_TYPE);
  }
  const key = addressKey(address);
  const of = `${key.slice(0, 8)}${track}`;
  const rendered = await trackPlaylist(
    { root, presentation, from: doc.url.href, track },
    {
      linkTo: (piece, lock) => {
        const where = { ...addressOf(piece.url, address), depth, of };
        if (lock === null) return parts.relative({ ...where, role: 'segment' });
        return parts.relative({ ...where, role: 'unlocked', lock: lockOf(piece, lock, doc.url, address) });
      },
      readPiece: async ({ url, span }) => await held.readPiece(addressOf(url, address), span, signal),
      countOn: held.countOn(`${key} ${track}`),
    },
  );
  const plan = rendered.segments.map(({ url, span }) => (span === null ? addressOf(url, address) : null));
  held.readAhead.note(of, plan, segmentLifeMs({ ...rendered, isComplete: !rendered.isLive }));
  return textSource(rendered.text, HLS_TYPE);
}

function lockOf({ url, span }: Piece, { licence, init }: Lock, from: URL, address: Address): LinkLock {
  const isInit = url === init.url && span?.start === init.span?.start;
  const spanned = (of: Piece['span']) => (of === null ? {} : { span: of });
  return {
    licence: addressOf(resolve(licence, from.href), address),
    ...(isInit ? {} : { init: { ...addressOf(init.url, address), ...spanned(init.span) } }),
    ...spanned(span),
  };
}

/** A live manifest is handed out no older than half of the time after which players ask again. */
function lifeMs(text: string): number {
  const head = /<(?:\w+:)?MPD\b[^>]*>/.exec(text)?.[0] ?? '';
  if (!/\btype\s*=\s*["']dynamic["']/.test(head)) return STATIC_LIFE_MS;
  const period = secondsOf(/\bminimumUpdatePeriod\s*=\s*["']([^"']*)["']/.exec(head)?.[1] ?? null);
  return Math.min(Math.max(period ?? 0, 1) * 500, 10 * DYNAMIC_LIFE_MS);
}

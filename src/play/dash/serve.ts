import { XMLSerializer } from '@xmldom/xmldom';
import type { ByteSource } from '../../streams/kind.ts';
import type { Doc, Documents } from '../documents.ts';
import { licensed, type PlaylistRequest } from '../hls/serve.ts';
import { addressOf } from '../parts.ts';
import type { ReadAhead } from '../read-ahead.ts';
import { textSource } from '../text-source.ts';
import { needsLicenceServer, parseMpd, secondsOf } from './mpd.ts';
import { inlineRemote } from './remote.ts';
import { rewriteMpd } from './rewrite.ts';

export type ManifestRequest = PlaylistRequest & {
  /** As an HLS playlist, for players without DASH. */
  isHls: boolean;
  /** Which track of it. */
  track: string | undefined;
};

const DASH_TYPE = 'application/dash+xml';
const STATIC_LIFE_MS = 60_000;
const DYNAMIC_LIFE_MS = 1000;

/** Rewritten manifests of a document, by the link they were made for: parsing costs 0.4 s a MiB. */
const rewritten = new WeakMap<Doc, Map<string, string>>();
const MAX_REWRITTEN = 16;

/** A DASH manifest with every URL led through play links, or as HLS. Throws AppError `play.not_a_manifest`, `play.drm` or what the origin failed with. */
export async function serveManifest(
  held: { documents: Documents; readAhead: ReadAhead },
  request: ManifestRequest,
): Promise<ByteSource> {
  const { address, depth, parts, signal } = request;
  const doc = await held.documents.read(address, ({ text }) => lifeMs(text), signal);
  const known = rewritten.get(doc) ?? new Map<string, string>();
  rewritten.set(doc, known);
  const place = parts.absolute({ url: '', headers: {}, role: 'base', depth });
  const text = known.get(place) ?? (await led(held.documents, doc, request));
  if (known.size < MAX_REWRITTEN) known.set(place, text);
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

/** A live manifest is handed out no older than half of the time after which players ask again. */
function lifeMs(text: string): number {
  const head = /<(?:\w+:)?MPD\b[^>]*>/.exec(text)?.[0] ?? '';
  if (!/\btype\s*=\s*["']dynamic["']/.test(head)) return STATIC_LIFE_MS;
  const period = secondsOf(/\bminimumUpdatePeriod\s*=\s*["']([^"']*)["']/.exec(head)?.[1] ?? null);
  return Math.min(Math.max(period ?? 0, 1) * 500, 10 * DYNAMIC_LIFE_MS);
}

import type { ByteSource, Delivery } from '../streams/kind.ts';

export type Format = Delivery['format'];

const HLS_TYPES = /^(application\/vnd\.apple\.mpegurl|application\/x-mpegurl|audio\/(x-)?mpegurl)\b/i;
const DASH_TYPE = /^application\/dash\+xml\b/i;
/** Says nothing, so the bytes are asked. */
const UNKNOWN_TYPE = /^application\/octet-stream\b/i;
const MARK = '#EXTM3U';
/** A byte order mark may come before it. */
const LOOK_BYTES = MARK.length + 3;
const MAX_PLAYLIST_BYTES = 10 * 1024 * 1024;
const LOOK_TIMEOUT_MS = 10_000;

/** What the bytes of a source are: as its kind knows, by media type, or by their beginning. Each source is looked at once. */
export function formatDetector(): (source: ByteSource) => Promise<Format> {
  const known = new WeakMap<ByteSource, Promise<Format>>();
  return (source) => {
    const before = known.get(source);
    if (before !== undefined) return before;
    const format = detect(source);
    known.set(source, format);
    return format;
  };
}

async function detect(source: ByteSource): Promise<Format> {
  const { delivery, contentType, size } = source;
  if (delivery === undefined || delivery.format !== 'progressive') return delivery?.format ?? 'progressive';
  if (DASH_TYPE.test(contentType)) return 'dash';
  const mayBeHls = HLS_TYPES.test(contentType) || UNKNOWN_TYPE.test(contentType);
  if (!mayBeHls || (size !== null && size > MAX_PLAYLIST_BYTES)) return 'progressive';
  // Plain M3U lists have the type too, and are files like any other.
  const beginning = await beginningOf(source, AbortSignal.timeout(LOOK_TIMEOUT_MS)).catch(() => '');
  return isPlaylistBeginning(beginning) ? 'hls' : 'progressive';
}

/** Whether a body of which these are the first bytes is a playlist. */
export function isPlaylistBeginning(beginning: string): boolean {
  return beginning.replace(/^\ufeff/, '').startsWith(MARK);
}

/** The first bytes as text; fewer when there are no more. */
export async function beginningOf(source: ByteSource, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  const sink = {
    write(chunk: Uint8Array, done: () => void) {
      chunks.push(Buffer.from(chunk));
      done();
      return true;
    },
    onDrain() {},
  };
  const end = Math.min(source.size ?? LOOK_BYTES, LOOK_BYTES);
  if (end > 0) await source.send({ start: 0, end }, sink, signal);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(chunks));
}

import type { ByteSource, Delivery } from '../streams/kind.ts';

export type Format = Delivery['format'];

const HLS_TYPES = /^(application\/vnd\.apple\.mpegurl|application\/x-mpegurl|audio\/(x-)?mpegurl)\b/i;
const DASH_TYPE = /^application\/dash\+xml\b/i;
/** Says nothing, so the bytes are asked. */
const UNKNOWN_TYPE = /^application\/octet-stream\b/i;
const MARK = Buffer.from('#EXTM3U');
/** With and without a byte order mark. */
const MARKS = [MARK, Buffer.concat([Buffer.from('\ufeff'), MARK])];
const LOOK_BYTES = MARK.length + 3;
const MAX_PLAYLIST_BYTES = 10 * 1024 * 1024;
const LOOK_TIMEOUT_MS = 10_000;

/** What the bytes of a source are: as its kind knows, by media type, or by their beginning. Each source is looked at once. */
export function formatDetector(): (source: ByteSource) => Format | Promise<Format> {
  const known = new WeakMap<ByteSource, Format | Promise<Format>>();
  return (source) => {
    const before = known.get(source);
    if (before !== undefined) return before;
    const looking = detect(source);
    known.set(source, looking);
    // The ranges of a film that is known wait for nothing.
    void looking.then((format) => known.set(source, format));
    return looking;
  };
}

async function detect(source: ByteSource): Promise<Format> {
  const { delivery, contentType, size } = source;
  if (delivery === undefined || delivery.format !== 'progressive') return delivery?.format ?? 'progressive';
  if (DASH_TYPE.test(contentType)) return 'dash';
  const mayBeHls = HLS_TYPES.test(contentType) || UNKNOWN_TYPE.test(contentType);
  if (!mayBeHls || (size !== null && size > MAX_PLAYLIST_BYTES)) return 'progressive';
  // Plain M3U lists have the type too, and are files like any other.
  const isHls = await beginsPlaylist(source, AbortSignal.timeout(LOOK_TIMEOUT_MS)).catch(() => false);
  return isHls ? 'hls' : 'progressive';
}

/** Whether the bytes are a playlist's. Looks no further than to the first byte that is another one. */
export async function beginsPlaylist(source: ByteSource, signal: AbortSignal): Promise<boolean> {
  const enough = new AbortController();
  let beginning = Buffer.alloc(0);
  const sink = {
    write(chunk: Uint8Array, done: () => void) {
      beginning = Buffer.concat([beginning, chunk]);
      if (
        !MARKS.some((mark) => mark.subarray(0, beginning.length).equals(beginning.subarray(0, mark.length)))
      )
        enough.abort();
      done();
      return true;
    },
    onDrain() {},
  };
  const end = Math.min(source.size ?? LOOK_BYTES, LOOK_BYTES);
  if (end < MARK.length) return false;
  await source
    .send({ start: 0, end }, sink, AbortSignal.any([signal, enough.signal]))
    .catch((error: unknown) => {
      if (!enough.signal.aborted) throw error;
    });
  return MARKS.some((mark) => beginning.subarray(0, mark.length).equals(mark));
}

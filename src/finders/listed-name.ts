/** Longer than any file system has them (255 bytes, or 255 characters of UTF-16). */
const MAX_NAME_BYTES = 1024;
const SLASH = 0x2f;
const RESERVED = /[^A-Za-z0-9\-._~]/g;
const REFUSED = /[\0\r\n/]/;
/** A segment as ListedEntry has it, without `.` and `..`, and without CR, LF, NUL and `/`. */
const SEGMENT = /^(?!\.{1,2}$)(?:[A-Za-z0-9\-._~]|%(?!00|0A|0D|2F)[0-9A-F]{2})+$/;
const ESCAPES = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name in a folder as ListedEntry has it; null for one that is refused: empty, `.`, `..`, with CR, LF, NUL or `/`, or too long. */
export function namedBy(bytes: Uint8Array): { segment: string; name: string } | null {
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) return null;
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (raw === '.' || raw === '..' || REFUSED.test(raw)) return null;
  return { segment: escaped(raw), name: readable(bytes, raw) };
}

/** Whether a segment is written as ListedEntry has it and its name is none that is refused. */
export function isListedSegment(segment: string): boolean {
  return segment.length <= 3 * MAX_NAME_BYTES && SEGMENT.test(segment);
}

/** The bytes that a segment of a URL means; a `%` that escapes nothing means itself, as URLs are read (WHATWG). */
export function bytesOfSegment(segment: string): Buffer {
  if (!segment.includes('%')) return Buffer.from(segment, 'utf8');
  const raw = Buffer.from(segment, 'utf8').toString('latin1');
  return Buffer.from(
    raw.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** The bytes of a path of segments, `/` between them. */
export function bytesOfPath(path: string): Buffer {
  const parts = path.split('/').map(bytesOfSegment);
  const slash = Buffer.of(SLASH);
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [slash, part])));
}

/** Bytes as characters of one byte each, as URLs have them. */
function escaped(raw: string): string {
  return raw.replace(RESERVED, (char) => ESCAPES[char.charCodeAt(0)] ?? '');
}

function readable(bytes: Uint8Array, raw: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return raw;
  }
}

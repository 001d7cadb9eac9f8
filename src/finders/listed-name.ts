import { bytesOf, readableName, segmentOf } from '../kit/byte-names.ts';

/** Longer than any file system has them (255 bytes, or 255 characters of UTF-16). */
const MAX_NAME_BYTES = 1024;
const REFUSED = /[\0\r\n/]/;
/** A segment as ListedEntry has it, without `.` and `..`, and without CR, LF, NUL and `/`. */
const SEGMENT = /^(?!\.{1,2}$)(?:[A-Za-z0-9\-._~]|%(?!00|0A|0D|2F)[0-9A-F]{2})+$/;

/** A name in a folder as ListedEntry has it; null for one that is refused: empty, `.`, `..`, with CR, LF, NUL or `/`, or too long. */
export function namedBy(bytes: Uint8Array): { segment: string; name: string } | null {
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) return null;
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (raw === '.' || raw === '..' || REFUSED.test(raw)) return null;
  return { segment: segmentOf(raw), name: readableName(raw) };
}

/** Whether a segment is written as ListedEntry has it and its name is none that is refused. */
export function isListedSegment(segment: string): boolean {
  return segment.length <= 3 * MAX_NAME_BYTES && SEGMENT.test(segment);
}

/** The bytes that a segment of a URL means. */
export function bytesOfSegment(segment: string): Buffer {
  return Buffer.from(bytesOf(segment), 'latin1');
}

/** The bytes of a path of segments, `/` between them. */
export function bytesOfPath(path: string): Buffer {
  return Buffer.from(path.split('/').map(bytesOf).join('/'), 'latin1');
}

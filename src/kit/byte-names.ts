// Names of files as the bytes they are, one character (Latin-1) each: what a server sends is not always UTF-8.

/** What RFC 3986 §2.3 leaves as it is; every other byte of a name is written `%XX`. */
const RESERVED = /[^A-Za-z0-9\-._~]/g;
const ESCAPES = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);
const ASCII = /^[ -~]*$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One segment of a URL's path for a name in bytes. */
export function segmentOf(bytes: string): string {
  return bytes.replace(RESERVED, (byte) => ESCAPES[byte.charCodeAt(0)] ?? '');
}

/** The bytes that a percent-encoded text means: a `%` that escapes nothing means itself, as URLs are read (WHATWG), and what is no ASCII is UTF-8. */
export function bytesOf(encoded: string): string {
  const bytes = ASCII.test(encoded) ? encoded : Buffer.from(encoded, 'utf8').toString('latin1');
  return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** As people read it: UTF-8 where the bytes are, else Latin-1. */
export function readableName(bytes: string): string {
  if (ASCII.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}

/** What RFC 3986 §2.3 leaves as it is; every other byte of a name is written `%XX`. */
const UNRESERVED = /[^A-Za-z0-9\-._~]/g;

/** One segment of a URL's path for a name whose bytes are the characters of `name` (Latin-1). */
export function segmentOf(name: string): string {
  return name.replace(
    UNRESERVED,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** The bytes that a percent-encoded text stands for, one character each; what is not encoded and not Latin-1 is UTF-8. */
export function bytesOf(encoded: string): string {
  const bytes = Buffer.from(encoded, 'utf8').toString('latin1');
  return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** As people read it: UTF-8 where the bytes are, else Latin-1. */
export function readableName(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}

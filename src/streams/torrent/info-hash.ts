import { hash } from 'node:crypto';
import { BadInput } from '../../kit/errors.ts';

/** A real `.torrent` nests 5 deep; deeper ones exist to overflow a stack. */
const MAX_DEPTH = 32;
const MAX_ITEMS = 2_000_000;

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** An info hash of 40 hex or 32 base32 characters as 40 small hex characters; null when it is neither. */
export function toInfoHash(text: string): string | null {
  const lower = text.toLowerCase();
  if (/^[0-9a-f]{40}$/.test(lower)) return lower;
  if (!/^[a-z2-7]{32}$/.test(lower)) return null;
  let bits = 0n;
  for (const char of lower) bits = (bits << 5n) | BigInt(BASE32.indexOf(char));
  return bits.toString(16).padStart(40, '0');
}

/**
 * The v1 info hash (BEP 3) of a `.torrent`: SHA-1 over the bytes of `info` as they stand in the file. Encoding them
 * anew would change the hash of a file with unsorted keys. It is also the guard before the parser: lengths, nesting
 * and canonical integers are checked, so that what is malformed never reaches it.
 * Throws BadInput `torrent.invalid`, for v2-only torrents (BEP 52) `torrent.v2_only`.
 */
export function infoHashOf(file: Uint8Array): string {
  return hash('sha1', infoOf(file), 'hex');
}

/** The bytes of `info` as they stand in a `.torrent`; throws as `infoHashOf` does. */
export function infoOf(file: Uint8Array): Buffer {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const top = createScanner(bytes).dictionary();
  const span = top.get('info');
  if (span === undefined) throw invalid();
  const info = bytes.subarray(span.start, span.end);
  const keys = createScanner(info).dictionary();
  if (!keys.has('pieces')) throw keys.has('meta version') ? v2Only() : invalid();
  return info;
}

export function v2Only(): BadInput {
  return new BadInput(
    'torrent.v2_only',
    'This torrent is v2 only (BEP 52), which players and engines do not support yet. Use a v1 or hybrid torrent.',
  );
}

export function invalid(): BadInput {
  return new BadInput(
    'torrent.invalid',
    'This is not a valid torrent: give a magnet link, an info hash or a .torrent file.',
  );
}

type Span = { start: number; end: number };

/** Walks bencoded bytes without building anything but the outermost dictionary's map of where its values are. */
function createScanner(bytes: Buffer) {
  let at = 0;
  let items = 0;

  function skipValue(depth: number): void {
    items += 1;
    if (depth > MAX_DEPTH || items > MAX_ITEMS) throw invalid();
    const kind = bytes[at];
    if (kind === 0x69) skipInteger();
    else if (kind === 0x6c || kind === 0x64) skipItems(depth, kind === 0x64);
    else text();
  }

  function skipItems(depth: number, isDictionary: boolean): void {
    at += 1;
    while (bytes[at] !== 0x65) {
      if (isDictionary) text();
      skipValue(depth + 1);
    }
    at += 1;
  }

  function skipInteger(): void {
    const end = bytes.indexOf(0x65, at);
    if (end < 0 || end - at > 20 || !/^i(0|-?[1-9]\d*)$/.test(bytes.toString('latin1', at, end)))
      throw invalid();
    at = end + 1;
  }

  /** Moves past a byte string and returns where it was. */
  function text(): Span {
    const colon = bytes.indexOf(0x3a, at);
    if (colon < 0 || colon - at > 10) throw invalid();
    const digits = bytes.toString('latin1', at, colon);
    if (!/^(0|[1-9]\d*)$/.test(digits)) throw invalid();
    const start = colon + 1;
    const end = start + Number(digits);
    if (end > bytes.length) throw invalid();
    at = end;
    return { start, end };
  }

  return {
    dictionary(): Map<string, Span> {
      if (bytes[at] !== 0x64) throw invalid();
      at += 1;
      const spans = new Map<string, Span>();
      while (bytes[at] !== 0x65) {
        const key = text();
        const start = at;
        skipValue(1);
        spans.set(bytes.toString('latin1', key.start, key.end), { start, end: at });
      }
      if (at + 1 !== bytes.length) throw invalid();
      return spans;
    },
  };
}

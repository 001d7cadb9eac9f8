import { createDecipheriv } from 'node:crypto';
import type { ByteRange } from '../../../kit/range.ts';
import type { Cipher } from './archive.ts';

const BLOCK = 16;

/** The bytes of one encrypted file at any offset: in CBC a block needs only the cipher bytes of the block before it. */
export type Decryptor = {
  /** Cipher bytes (as `Layout` counts them) that the plain bytes `from`–`to` need, half-open: whole blocks and the one before. */
  needs(from: number, to: number): ByteRange;
  /** Decrypts all of `needs(from, to)` at once and writes the plain bytes `from`–`to` to the start of `into`, which may be the same memory. */
  decrypt(from: number, to: number, cipherBytes: Uint8Array, into: Uint8Array): void;
  /**
   * For reading on: is fed the cipher bytes from `needs(from, …).start` on, in pieces of any length, and answers the plain bytes from
   * `from` on that are whole by then. Behind the end of the file it answers the padding too: the reader cuts at `to`.
   */
  stream(from: number): (cipherBytes: Uint8Array) => Buffer;
};

/** AES-CBC without padding by node:crypto. Offsets of plain bytes are the file's own: `skipBytes` are counted in here. */
export function createDecryptor({ algorithm, key, iv, skipBytes }: Cipher): Decryptor {
  return { needs, decrypt, stream };

  function needs(from: number, to: number): ByteRange {
    return cipherRange(from + skipBytes, to + skipBytes);
  }

  function decrypt(from: number, to: number, cipherBytes: Uint8Array, into: Uint8Array): void {
    into.set(stream(from)(cipherBytes).subarray(0, to - from));
  }

  function stream(from: number): (cipherBytes: Uint8Array) => Buffer {
    // The block before is fed in as well, so the IV does not matter then: it only spoils that block, which is thrown away.
    const decipher = createDecipheriv(algorithm, key, iv).setAutoPadding(false);
    let toSkip = from + skipBytes - needs(from, from).start;
    return (cipherBytes) => {
      const plain = decipher.update(cipherBytes);
      const skipped = Math.min(toSkip, plain.length);
      toSkip -= skipped;
      return plain.subarray(skipped);
    };
  }
}

/** What must be fed in for these plain bytes: from the block before on, whole blocks. */
export function cipherRange(from: number, to: number): ByteRange {
  return { start: Math.max(0, from - (from % BLOCK) - BLOCK), end: Math.ceil(to / BLOCK) * BLOCK };
}

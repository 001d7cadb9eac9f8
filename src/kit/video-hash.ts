const PART_BYTES = 65_536;
/** A 64-bit number of 16 hex digits. */
const MODULUS = 1n << 64n;

/** The two parts of a file that its hash is made of; null: shorter than one part, such a file has no hash. */
export function videoHashRanges(
  sizeBytes: number,
): readonly [{ start: number; end: number }, { start: number; end: number }] | null {
  if (sizeBytes < PART_BYTES) return null;
  return [
    { start: 0, end: PART_BYTES },
    { start: sizeBytes - PART_BYTES, end: sizeBytes },
  ];
}

/**
 * The hash by which subtitle collections know a film (OpenSubtitles): size plus the first and the last 64 KiB read as
 * little-endian 64-bit numbers, modulo 2^64, as 16 hex digits. In a file shorter than 128 KiB the parts overlap.
 */
export function videoHash(sizeBytes: number, head: Uint8Array, tail: Uint8Array): string {
  if (head.length !== PART_BYTES || tail.length !== PART_BYTES)
    throw new RangeError('a video hash needs 64 KiB of each end');
  let sum = BigInt(sizeBytes);
  for (const part of [head, tail]) {
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    for (let offset = 0; offset < PART_BYTES; offset += 8) sum += view.getBigUint64(offset, true);
  }
  return (sum % MODULUS).toString(16).padStart(16, '0');
}

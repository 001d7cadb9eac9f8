import { notAManifest } from './mpd.ts';

/** One piece of a file: `sizeBytes` from `offset`, `durationS` long. */
export type SidxEntry = { offset: number; sizeBytes: number; durationS: number };

/**
 * The segment index of an MP4 file (ISO/IEC 14496-12 §8.16.3). `firstByte` is where in the file `bytes` begin; the
 * index counts from the byte after itself. Throws AppError `play.not_a_manifest`.
 */
export function parseSidx(bytes: Buffer, firstByte: number): SidxEntry[] {
  const at = boxAt(bytes, 'sidx');
  try {
    const sizeBytes = bytes.readUInt32BE(at);
    const isLong = bytes.readUInt8(at + 8) > 0;
    const timescale = bytes.readUInt32BE(at + 16);
    const firstOffset = isLong ? Number(bytes.readBigUInt64BE(at + 28)) : bytes.readUInt32BE(at + 24);
    const table = at + (isLong ? 36 : 28) + 4;
    const count = bytes.readUInt16BE(table - 2);
    let offset = firstByte + at + sizeBytes + firstOffset;
    return Array.from({ length: count }, (_, index) => {
      const reference = bytes.readUInt32BE(table + index * 12);
      // A reference to another index instead of to media; players of HLS have no use for it.
      if (reference >= 0x8000_0000 || timescale === 0) throw notAManifest();
      const entry = {
        offset,
        sizeBytes: reference,
        durationS: bytes.readUInt32BE(table + index * 12 + 4) / timescale,
      };
      offset += reference;
      return entry;
    });
  } catch (error) {
    throw error instanceof RangeError ? notAManifest(error) : error;
  }
}

function boxAt(bytes: Buffer, type: string): number {
  for (let at = 0; at + 8 <= bytes.length; ) {
    if (bytes.toString('latin1', at + 4, at + 8) === type) return at;
    const sizeBytes = bytes.readUInt32BE(at);
    if (sizeBytes < 8) break;
    at += sizeBytes;
  }
  throw notAManifest();
}

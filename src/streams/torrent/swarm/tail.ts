/** A half-open range of bytes in the torrent. */
export type Span = { from: number; to: number };

/** Smaller files are soon here as a whole. */
const MIN_FILE_BYTES = 16 * 1024 * 1024;
/** Matroska's cues, AVI's index, the last time stamps of a transport stream lie in so much of the end. */
const INDEX_BYTES = 1024 * 1024;
/** Criterion 27. */
const MAX_TAIL_BYTES = 8 * 1024 * 1024;
const BOX_HEAD_BYTES = 16;

/**
 * The end of a file that players read before they play: an MP4's `moov` where it lies behind `mdat`, else the last MiB. `head` is the
 * file's beginning, as far as it is here. Null: it is small, or an MP4 whose `moov` comes first (ISO/IEC 14496-12 §8.2).
 */
export function tailOf(head: Uint8Array, { from, to }: Span): Span | null {
  if (to - from < MIN_FILE_BYTES) return null;
  const index = indexOf(Buffer.from(head.buffer, head.byteOffset, head.byteLength), to - from);
  if (index === null) return null;
  // A `moov` larger than this is no reason to wait with the film.
  return { from: Math.max(from + index, to - MAX_TAIL_BYTES), to };
}

/** Where the index at the end begins, from the file's beginning; null where it is not at the end. */
function indexOf(head: Buffer, fileBytes: number): number | null {
  const last = fileBytes - INDEX_BYTES;
  if (head.toString('latin1', 4, 8) !== 'ftyp') return last;
  for (let at = 0; at + BOX_HEAD_BYTES <= head.length; ) {
    const type = head.toString('latin1', at + 4, at + 8);
    if (type === 'moov') return null;
    const size = boxBytes(head, at);
    if (size < 8) return last;
    if (type === 'mdat') return at + size < fileBytes ? at + size : null;
    at += size;
  }
  return last;
}

/** 0: to the end of the file; 1: eight bytes behind the type say it. */
function boxBytes(head: Buffer, at: number): number {
  const size = head.readUInt32BE(at);
  if (size === 0) return Number.POSITIVE_INFINITY;
  return size === 1 ? Number(head.readBigUInt64BE(at + 8)) : size;
}

/** A file that does not keep to ISO/IEC 14496-12, or to what is known of it here: the caller says so in words. */
export class BadMp4 extends Error {}

/** A box within a buffer: `start` is its head, its contents are half-open from `begin`. */
export type Mp4Box = { type: string; start: number; begin: number; end: number };

/** The boxes from `from` up to `to`, one after the other. Throws BadMp4 where they do not fit. */
export function* mp4Boxes(bytes: Buffer, from = 0, to = bytes.length): Generator<Mp4Box> {
  for (let start = from; start < to; ) {
    const size = sizeOf(bytes, start, to);
    const isLong = bytes.readUInt32BE(start) === 1;
    const end = start + size;
    const begin = start + (isLong ? 16 : 8);
    if (begin > end || end > to) throw new BadMp4('a box does not fit');
    yield { type: bytes.toString('latin1', start + 4, start + 8), start, begin, end };
    start = end;
  }
}

function sizeOf(bytes: Buffer, start: number, to: number): number {
  if (start + 8 > to) throw new BadMp4('a box is cut off');
  const size = bytes.readUInt32BE(start);
  // 0: to the end of the file; 1: the size does not fit 32 bits.
  if (size === 0) return to - start;
  if (size !== 1) return size;
  if (start + 16 > to) throw new BadMp4('a box is cut off');
  return Number(bytes.readBigUInt64BE(start + 8));
}

/** Every box at this path below `box`, or at the top of the buffer. */
export function mp4BoxesAt(bytes: Buffer, box: Mp4Box | null, path: readonly string[]): Mp4Box[] {
  const [name, ...rest] = path;
  const found = [...mp4Boxes(bytes, box?.begin, box?.end)].filter(({ type }) => type === name);
  return rest.length === 0 ? found : found.flatMap((inner) => mp4BoxesAt(bytes, inner, rest));
}

/** What nobody is to read any more becomes padding: no size changes, so every offset stays true. */
export function blank(bytes: Buffer, { start }: Mp4Box): void {
  bytes.write('free', start + 4, 'latin1');
}

/** Version and flags, with which many boxes begin. */
export function versionOf(bytes: Buffer, { begin, end }: Mp4Box): { version: number; flags: number } {
  if (begin + 4 > end) throw new BadMp4('a box is cut off');
  return { version: bytes.readUInt8(begin), flags: bytes.readUIntBE(begin + 1, 3) };
}

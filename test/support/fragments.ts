import { randomBytes } from 'node:crypto';

// The least that an fMP4 needs to have samples.

/** A track whose sample entry has so many bytes of fields before its boxes. */
export function initOf(type: string, fieldBytes: number): Buffer {
  const entry = box(type, Buffer.alloc(fieldBytes), box('free'));
  return Buffer.concat([
    box('ftyp', Buffer.from('iso5')),
    box(
      'moov',
      box(
        'trak',
        box('tkhd', numbers(0, 0, 0, 7)),
        box('mdia', box('minf', box('stbl', box('stsd', numbers(0, 1), entry)))),
      ),
      box('mvex', box('trex', numbers(0, 7, 1, 0, 0, 0))),
      box('pssh', numbers(0)),
    ),
  ]);
}

/** One NAL unit of so many bytes, its length in front. */
export function nal(size: number): Buffer {
  return Buffer.concat([numbers(size), randomBytes(size)]);
}

/** One fragment whose samples are NAL units of these sizes. */
export function segmentOf(sizes: readonly number[], bytes: Buffer): Buffer {
  const moof = (offset: number) =>
    box(
      'moof',
      box('mfhd', numbers(0, 1)),
      box(
        'traf',
        box('tfhd', numbers(0x20000, 7)),
        box('trun', numbers(0x201, sizes.length, offset, ...sizes.map((size) => size + 4))),
      ),
    );
  return Buffer.concat([box('styp'), moof(moof(0).length + 8), box('mdat', bytes)]);
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4);
  return bytes;
}

function box(type: string, ...bodies: readonly Buffer[]): Buffer {
  const body = Buffer.concat(bodies);
  return Buffer.concat([numbers(8 + body.length), Buffer.from(type), body]);
}

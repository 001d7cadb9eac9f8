import { createDecipheriv } from 'node:crypto';
import { BadMp4, blank, type Mp4Box, mp4Boxes, versionOf } from './mp4-boxes.ts';
import type { ProtectedTrack, Protection } from './mp4-protection.ts';
import { type SampleInfo, sampleInfos } from './mp4-sample-infos.ts';

export type Keys = {
  tracks: ReadonlyMap<number, ProtectedTrack>;
  /** By key id in hex; 16 bytes each. */
  keys: ReadonlyMap<string, Buffer>;
  /** Where in its file the buffer begins. */
  firstByte?: number;
};

type Trun = { at: number | null; sizes: number[] };

/** Ten minutes of sound have 28,000. Samples of no bytes would cost a stranger nothing. */
const MAX_SAMPLES = 100_000;

/**
 * Decrypts the fragments (moof, mdat) in a buffer in place, by Common Encryption (ISO/IEC 23001-7: cenc, cbcs). No size
 * changes; what told of the encryption becomes padding. Throws BadMp4 for what is not known here, key rotation among it.
 * Yields after each sample, which takes some 20 µs, so that the caller can let others have their turn.
 */
export function* unlockFragments(bytes: Buffer, keys: Keys): Generator<void> {
  const count = { samples: 0 };
  try {
    for (const box of mp4Boxes(bytes))
      if (box.type === 'moof') yield* unlockFragment(bytes, box, { ...keys, count });
  } catch (error) {
    throw error instanceof RangeError ? new BadMp4('a fragment is cut off', { cause: error }) : error;
  }
}

type Counted = Keys & { count: { samples: number } };

function* unlockFragment(bytes: Buffer, moof: Mp4Box, keys: Counted): Generator<void> {
  let at = moof.start;
  for (const box of mp4Boxes(bytes, moof.begin, moof.end)) {
    if (box.type === 'pssh') blank(bytes, box);
    if (box.type === 'traf') at = yield* unlockTrack(bytes, { moof, traf: box, before: at }, keys);
  }
}

type Place = { moof: Mp4Box; traf: Mp4Box; before: number };

/** Where the data of the track ended: another one may go on from there. */
function* unlockTrack(bytes: Buffer, { moof, traf, before }: Place, keys: Counted): Generator<void, number> {
  const boxes = [...mp4Boxes(bytes, traf.begin, traf.end)];
  const tfhd = boxes.find(({ type }) => type === 'tfhd');
  if (tfhd === undefined) throw new BadMp4('a fragment has no head');
  const head = headOf(bytes, tfhd, keys);
  const base = head.base ?? (head.isFromMoof ? moof.start : before);
  const truns = boxes
    .filter(({ type }) => type === 'trun')
    .map((box) => trunOf(bytes, box, { sampleBytes: head.sampleBytes, count: keys.count }));
  const samples = placesOf(truns, base);
  const end = samples.reduce((last, { at, size }) => Math.max(last, at + size), base);
  const { protection } = head;
  if (protection === null) return end;
  const key = keys.keys.get(protection.kid);
  if (key === undefined) throw new BadMp4('there is no key for it');
  const infos = sampleInfos(bytes, { moof, boxes, protection, count: samples.length });
  for (const [index, { at, size }] of samples.entries()) {
    const info = infos[index];
    if (info === undefined || at + size > bytes.length) throw new BadMp4('samples are missing');
    unlockSample(bytes.subarray(at, at + size), info, protection, key);
    yield;
  }
  for (const box of boxes) if (/^(senc|saiz|saio)$/.test(box.type)) blank(bytes, box);
  return end;
}

type Head = { base: number | null; isFromMoof: boolean; sampleBytes: number; protection: Protection | null };

function headOf(bytes: Buffer, tfhd: Mp4Box, { tracks, firstByte = 0 }: Keys): Head {
  const { flags } = versionOf(bytes, tfhd);
  const track = tracks.get(bytes.readUInt32BE(tfhd.begin + 4));
  if (track === undefined) throw new BadMp4('a fragment of an unknown track');
  let at = tfhd.begin + 8;
  const next = (flag: number, size: 4 | 8): number | null => {
    if ((flags & flag) === 0) return null;
    at += size;
    return size === 4 ? bytes.readUInt32BE(at - 4) : Number(bytes.readBigUInt64BE(at - 8));
  };
  const base = next(0x1, 8);
  const entry = next(0x2, 4) ?? track.defaults.entry;
  next(0x8, 4);
  const sampleBytes = next(0x10, 4) ?? track.defaults.sampleBytes;
  const protection = track.entries[entry - 1];
  if (protection === undefined) throw new BadMp4('a fragment of an unknown description');
  return {
    base: base === null ? null : base - firstByte,
    isFromMoof: (flags & 0x20000) !== 0,
    sampleBytes,
    protection,
  };
}

type Counting = Pick<Head, 'sampleBytes'> & Pick<Counted, 'count'>;

function trunOf(bytes: Buffer, trun: Mp4Box, { sampleBytes, count: counted }: Counting): Trun {
  const { flags } = versionOf(bytes, trun);
  const count = bytes.readUInt32BE(trun.begin + 4);
  const hasOffset = (flags & 0x1) !== 0;
  const perSample = [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length * 4;
  let at = trun.begin + 8 + (hasOffset ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  counted.samples += count;
  if (counted.samples > MAX_SAMPLES) throw new BadMp4('too many samples');
  if (at + count * perSample > trun.end) throw new BadMp4('a run is cut off');
  const sizes = Array.from({ length: count }, () => {
    const size = flags & 0x200 ? bytes.readUInt32BE(at + (flags & 0x100 ? 4 : 0)) : sampleBytes;
    at += perSample;
    return size;
  });
  return { at: hasOffset ? bytes.readInt32BE(trun.begin + 8) : null, sizes };
}

function placesOf(truns: readonly Trun[], base: number): { at: number; size: number }[] {
  let at = base;
  return truns.flatMap((run) => {
    if (run.at !== null) at = base + run.at;
    if (at < 0) throw new BadMp4('a run begins nowhere');
    return run.sizes.map((size) => {
      at += size;
      return { at: at - size, size };
    });
  });
}

function unlockSample(sample: Buffer, { iv, runs }: SampleInfo, protection: Protection, key: Buffer): void {
  const vector = Buffer.alloc(16);
  iv.copy(vector);
  const whole = runs ?? [{ openBytes: 0, lockedBytes: sample.length }];
  // Of cenc one stream runs through all of a sample's parts; of cbcs each part is a chain of its own.
  const stream = protection.scheme === 'cenc' ? createDecipheriv('aes-128-ctr', key, vector) : null;
  let at = 0;
  for (const { openBytes, lockedBytes } of whole) {
    at += openBytes + lockedBytes;
    if (at > sample.length) throw new BadMp4('a sample is shorter than its encrypted parts');
    const part = sample.subarray(at - lockedBytes, at);
    if (stream !== null) stream.update(part).copy(part);
    else unlockPattern(part, protection.pattern, key, vector);
  }
}

/** Gathered first: a call for each block of ten took more than the decryption. */
function unlockPattern(part: Buffer, { locked, open }: Protection['pattern'], key: Buffer, iv: Buffer): void {
  const step = locked === 0 ? part.length : (locked + open) * 16;
  const take = locked === 0 ? part.length : locked * 16;
  const places: { at: number; size: number }[] = [];
  // What is no whole block at the end is clear.
  for (let at = 0; at + 16 <= part.length; at += step)
    places.push({ at, size: Math.min(take, part.length - at) & ~15 });
  const chain = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  const opened = chain.update(Buffer.concat(places.map(({ at, size }) => part.subarray(at, at + size))));
  let from = 0;
  for (const { at, size } of places) {
    opened.copy(part, at, from, from + size);
    from += size;
  }
}

import { createHash } from 'node:crypto';
import { createSlabMemory, roomOf } from '../../src/streams/slab-memory.ts';
import type { ArticleDecoder, Yenc, YencHeader } from '../../src/streams/usenet/yenc/decoder.ts';
import { createYenc } from '../../src/streams/usenet/yenc/yenc.ts';
import { dotStuffed, yencLines } from './yenc-encode.ts';

/** What must stay as it is around the place of an article. */
const GUARD_BYTES = 64;
const GUARD = 0xa5;

const slabs = createSlabMemory(64 * 1024 * 1024, () => {});
const inSlabs = createYenc();

export const DECODERS = [
  { name: 'SIMD', yenc: createYenc() },
  { name: 'SIMD where it stays', yenc: inSlabs },
  { name: 'plain', yenc: createYenc({ simd: false }) },
];

type Place = { memory: Buffer; end(): void };

/** So many bytes to put an article into; `end` when it has been looked at. */
function memoryFor(yenc: Yenc, length: number): Place {
  if (yenc !== inSlabs) return { memory: Buffer.from(new SharedArrayBuffer(length)), end() {} };
  const slot = slabs.take(length);
  return { memory: roomOf(slot)?.subarray(0, length) ?? slot.bytes, end: () => slabs.give(slot) };
}

export type Decoded = {
  header: YencHeader | null;
  bytes: Buffer;
  fault: string | null;
  isEnded: boolean;
  /** Of the wire, how many were taken. */
  taken: number;
  /** Nothing was written beside the place. */
  isInside: boolean;
};

/** Feeds `wire` in chunks that `cut` gives the lengths of, read to changing places of the input. */
export function decoded(
  yenc: Yenc,
  wire: Buffer,
  cut: (at: number) => number = () => 65_536,
  shift = 3,
): Decoded {
  let place: Place = { memory: Buffer.alloc(0), end() {} };
  const from = GUARD_BYTES + shift;
  let to = from;
  const article = yenc.decoder(({ begin, end }) => {
    // Behind it is room to spare for a vector, or there is not.
    to = from + (end - begin) + ((end - begin) % 3) * 40;
    place = memoryFor(yenc, to + GUARD_BYTES);
    place.memory.fill(GUARD);
    return place.memory.subarray(from, to);
  });
  const taken = feedAll(yenc, article, wire, cut);
  const beside = Buffer.concat([place.memory.subarray(0, from), place.memory.subarray(to)]);
  const bytes = Buffer.from(article.out?.subarray(0, article.written) ?? []);
  place.end();
  return {
    header: article.header,
    bytes,
    fault: article.fault,
    isEnded: article.isEnded,
    taken,
    isInside: beside.every((byte) => byte === GUARD),
  };
}

function feedAll(yenc: Yenc, article: ArticleDecoder, wire: Buffer, cut: (at: number) => number): number {
  let at = 0;
  while (at < wire.length && !article.isEnded) {
    const begin = (at * 7) % 61;
    const length = Math.min(cut(at), wire.length - at, yenc.input.length - begin);
    wire.copy(yenc.input, begin, at, at + length);
    const stop = article.feed(begin, begin + length);
    if (stop !== begin + length && !article.isEnded) throw new Error('stopped before its end');
    at += stop - begin;
  }
  return at;
}

/** Numbers that look random, the same for each seed (xorshift32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Of a test's own choice of bytes: `YENC_SEED` repeats a run. */
export const SEED = Number(process.env.YENC_SEED ?? Date.now() % 1_000_000);

/** Bytes that look random, the same for each name. */
export function bytesOf(length: number, name: string): Buffer {
  return createHash('shake256', { outputLength: Math.max(1, length) })
    .update(name)
    .digest()
    .subarray(0, length);
}

/** Body lines as they go over the wire, latin1. */
export const wireOf = (...lines: string[]) => dotStuffed(Buffer.from(lines.join(''), 'latin1'));

/** An article of two parts, in pieces. */
export const BYTES = bytesOf(1000, 'article');
export const LINES = yencLines(BYTES).toString('latin1');
export const BEGIN = '=ybegin part=1 total=2 line=128 size=2000 name=a b.bin\r\n';
export const PART = '=ypart begin=1 end=1000\r\n';
export const END = '=yend size=1000 part=1\r\n';

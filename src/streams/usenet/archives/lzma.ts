import { damaged } from './header-bytes.ts';

// LZMA as the LZMA SDK's specification (public domain) tells it: for headers of 7z only, whole in memory.
const TOP = 2 ** 24;
const HALF = 1024;
const STATES = 12;
const LEAST_MATCH = 2;

/** Properties of 5 bytes (the dictionary's size does not matter: all that was written is kept), packed bytes, bytes expected. */
export function decodeLzma(properties: Buffer, packed: Buffer, sizeBytes: number): Buffer {
  const byte = properties[0] ?? 255;
  if (properties.length < 5 || byte >= 9 * 5 * 5) throw damaged('its header is packed in an unknown way');
  const literalContext = byte % 9;
  const rest = Math.floor(byte / 9);
  return new LzmaDecoder(packed, sizeBytes, literalContext, rest % 5, Math.floor(rest / 5)).decode();
}

class RangeDecoder {
  readonly #packed: Buffer;
  #at = 5;
  #range = 0xffff_ffff;
  #code: number;

  constructor(packed: Buffer) {
    if (packed.length < 5 || packed[0] !== 0) throw damaged('its packed header does not begin as it should');
    this.#packed = packed;
    this.#code = packed.readUInt32BE(1);
  }

  #normalize(): void {
    if (this.#range >= TOP) return;
    // Behind the end zeros would go on for ever: whoever asks for more has been lied to.
    if (this.#at >= this.#packed.length) throw damaged('its packed header ends too early');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | (this.#packed[this.#at++] ?? 0)) >>> 0;
  }

  bit(probs: Uint16Array, index: number): number {
    const prob = probs[index] ?? HALF;
    const bound = (this.#range >>> 11) * prob;
    const isSet = this.#code >= bound;
    if (isSet) {
      probs[index] = prob - (prob >> 5);
      this.#code = (this.#code - bound) >>> 0;
      this.#range = (this.#range - bound) >>> 0;
    } else {
      probs[index] = prob + ((2048 - prob) >> 5);
      this.#range = bound;
    }
    this.#normalize();
    return isSet ? 1 : 0;
  }

  direct(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left -= 1) {
      this.#range >>>= 1;
      const isSet = this.#code >= this.#range;
      if (isSet) this.#code = (this.#code - this.#range) >>> 0;
      this.#normalize();
      value = value * 2 + (isSet ? 1 : 0);
    }
    return value;
  }

  /** Highest bit first. */
  tree(probs: Uint16Array, bits: number, from = 0): number {
    let node = 1;
    for (let left = bits; left > 0; left -= 1) node = (node << 1) | this.bit(probs, from + node);
    return node - (1 << bits);
  }

  /** Lowest bit first. */
  reverseTree(probs: Uint16Array, bits: number, from = 0): number {
    let [node, value] = [1, 0];
    for (let at = 0; at < bits; at += 1) {
      const bit = this.bit(probs, from + node);
      node = (node << 1) | bit;
      value |= bit << at;
    }
    return value;
  }
}

const probabilities = (count: number) => new Uint16Array(count).fill(HALF);

class LengthDecoder {
  readonly #choice = probabilities(2);
  readonly #low = probabilities(16 * 8);
  readonly #middle = probabilities(16 * 8);
  readonly #high = probabilities(256);

  decode(range: RangeDecoder, position: number): number {
    if (range.bit(this.#choice, 0) === 0) return range.tree(this.#low, 3, position * 8);
    if (range.bit(this.#choice, 1) === 0) return 8 + range.tree(this.#middle, 3, position * 8);
    return 16 + range.tree(this.#high, 8);
  }
}

class LzmaDecoder {
  readonly #range: RangeDecoder;
  readonly #out: Buffer;
  readonly #literalContext: number;
  readonly #literalMask: number;
  readonly #positionMask: number;
  readonly #literals: Uint16Array;
  readonly #isMatch = probabilities(STATES * 16);
  readonly #isRep = probabilities(STATES * 4);
  readonly #isRepLong = probabilities(STATES * 16);
  readonly #slots = [0, 1, 2, 3].map(() => probabilities(64));
  readonly #near = probabilities(115 + 128);
  readonly #align = probabilities(16);
  readonly #length = new LengthDecoder();
  readonly #repLength = new LengthDecoder();
  #reps: [number, number, number, number] = [0, 0, 0, 0];
  #state = 0;
  #at = 0;

  constructor(
    packed: Buffer,
    sizeBytes: number,
    literalContext: number,
    literalPosition: number,
    position: number,
  ) {
    this.#range = new RangeDecoder(packed);
    this.#out = Buffer.alloc(sizeBytes);
    this.#literalContext = literalContext;
    this.#literalMask = (1 << literalPosition) - 1;
    this.#positionMask = (1 << position) - 1;
    this.#literals = probabilities(0x300 << (literalContext + literalPosition));
  }

  /** Each turn writes a byte at least. */
  decode(): Buffer {
    while (this.#at < this.#out.length) {
      const position = this.#at & this.#positionMask;
      if (this.#range.bit(this.#isMatch, this.#state * 16 + position) === 0) this.#literal();
      else if (this.#range.bit(this.#isRep, this.#state) === 0) this.#match(position);
      else this.#repeated(position);
    }
    return this.#out;
  }

  #literal(): void {
    const before = this.#at > 0 ? (this.#out[this.#at - 1] ?? 0) : 0;
    const low = (this.#at & this.#literalMask) << this.#literalContext;
    const from = 0x300 * (low + (before >> (8 - this.#literalContext)));
    let symbol = 1;
    if (this.#state >= 7) symbol = this.#matchedLiteral(from);
    while (symbol < 0x100) symbol = (symbol << 1) | this.#range.bit(this.#literals, from + symbol);
    this.#out[this.#at++] = symbol & 0xff;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  /** After a match the byte that would have come next tells what is likely, until a bit differs from it. */
  #matchedLiteral(from: number): number {
    let expected = this.#out[this.#at - this.#reps[0] - 1] ?? 0;
    let symbol = 1;
    while (symbol < 0x100) {
      const wanted = (expected >> 7) & 1;
      expected <<= 1;
      const bit = this.#range.bit(this.#literals, from + ((1 + wanted) << 8) + symbol);
      symbol = (symbol << 1) | bit;
      if (bit !== wanted) break;
    }
    return symbol;
  }

  #match(position: number): void {
    const length = this.#length.decode(this.#range, position);
    this.#reps = [this.#distance(length), this.#reps[0], this.#reps[1], this.#reps[2]];
    this.#state = this.#state < 7 ? 7 : 10;
    this.#copy(length + LEAST_MATCH);
  }

  #distance(length: number): number {
    const slot = this.#range.tree(this.#slots[Math.min(length, 3)] ?? this.#align, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + this.#range.reverseTree(this.#near, bits, base - slot);
    return base + this.#range.direct(bits - 4) * 16 + this.#range.reverseTree(this.#align, 4);
  }

  #repeated(position: number): void {
    if (this.#range.bit(this.#isRep, STATES + this.#state) === 0) {
      if (this.#range.bit(this.#isRepLong, this.#state * 16 + position) === 0) {
        this.#state = this.#state < 7 ? 9 : 11;
        this.#copy(1);
        return;
      }
    } else {
      this.#reps = this.#reordered();
    }
    const length = this.#repLength.decode(this.#range, position);
    this.#state = this.#state < 7 ? 8 : 11;
    this.#copy(length + LEAST_MATCH);
  }

  #reordered(): [number, number, number, number] {
    const [one, two, three, four] = this.#reps;
    if (this.#range.bit(this.#isRep, STATES * 2 + this.#state) === 0) return [two, one, three, four];
    if (this.#range.bit(this.#isRep, STATES * 3 + this.#state) === 0) return [three, one, two, four];
    return [four, one, two, three];
  }

  #copy(length: number): void {
    const from = this.#at - this.#reps[0] - 1;
    if (from < 0 || length > this.#out.length - this.#at) throw damaged('its packed header is wrong');
    for (let count = 0; count < length; count += 1) this.#out[this.#at++] = this.#out[from + count] ?? 0;
  }
}

import { ArchiveRefused } from './archive.ts';

/** Damage in words: what was read, and what is wrong with it. */
export function damaged(what: string): ArchiveRefused {
  return new ArchiveRefused('damaged', `The archive is damaged: ${what}.`);
}

/** Reads a header front to back. Refuses the archive where it would read behind the end, or a number above 2^53 - 1. */
export class HeaderBytes {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  u8(): number {
    return this.take(1).readUInt8();
  }

  u16(): number {
    return this.take(2).readUInt16LE();
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  u64(): number {
    return safeInteger(this.take(8).readBigUInt64LE());
  }

  /** RAR5's: seven bits a byte, low ones first, at most ten bytes. */
  vint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return safeInteger(value);
    }
    throw damaged('a number in a header has no end');
  }

  /** 7z's: the set bits at the top of the first byte tell how many bytes follow, low ones first. */
  number7z(): number {
    const first = this.u8();
    let value = 0n;
    let mask = 0x80;
    for (let count = 0n; count < 8n; count += 1n, mask >>= 1) {
      if ((first & mask) === 0) return safeInteger(value | (BigInt(first & (mask - 1)) << (8n * count)));
      value |= BigInt(this.u8()) << (8n * count);
    }
    return safeInteger(value);
  }

  /** A view, not a copy. */
  take(length: number): Buffer {
    if (!(length >= 0 && length <= this.left)) throw damaged('a header ends too early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): void {
    this.take(length);
  }
}

function safeInteger(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged('a number in a header is above 2^53');
  return Number(value);
}

import { after, ahead } from './packet.ts';

/** Further ahead nothing is kept: more packets than a window of 1 MiB has at 512 bytes each. */
const MAX_AHEAD = 2048;
/** What one acknowledgement tells of: 512 packets, 700 KB at 1400 bytes each. */
const MAX_SELECTIVE_BYTES = 64;
/** Out of order, of all connections together: a hundred peers that leave a gap each hold no more than this. */
const MAX_SHARED_BYTES = 16 * 1024 * 1024;

/** What all connections of one socket hold out of order. */
export type SharedBytes = { bytes: number };

/** Puts packets that were lost, doubled or late back into their order. */
export class Reassembly {
  /** The last packet before the first missing one. */
  ack: number;
  isEnded = false;
  readonly #early = new Map<number, Buffer>();
  readonly #shared: SharedBytes;
  #earlyBytes = 0;
  /** The number of the FIN, once it has come; nothing after it is taken. */
  #end: number | null = null;

  constructor(ack: number, shared: SharedBytes) {
    this.ack = ack;
    this.#shared = shared;
  }

  get earlyBytes(): number {
    return this.#earlyBytes;
  }

  /** Takes a packet; what is in order now goes to `deliver`. `room` bytes may be kept. */
  take(
    { sequence, payload, isEnd }: { sequence: number; payload: Buffer; isEnd: boolean },
    room: number,
    deliver: (payload: Buffer) => void,
  ): void {
    const distance = ahead(sequence, this.ack);
    if (distance <= 0 || distance > MAX_AHEAD || payload.length > room) return;
    if (this.#end !== null && ahead(sequence, this.#end) > 0) return;
    if (distance > 1) {
      if (this.#keep(sequence, payload) && isEnd) this.#end ??= sequence;
      return;
    }
    if (isEnd) this.#end ??= sequence;
    this.ack = sequence;
    deliver(payload);
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) deliver(next);
    this.isEnded = this.ack === this.#end;
  }

  #keep(sequence: number, payload: Buffer): boolean {
    if (this.#early.has(sequence) || this.#shared.bytes + payload.length > MAX_SHARED_BYTES) return false;
    this.#early.set(sequence, payload);
    this.#count(payload.length);
    return true;
  }

  #takeNext(): Buffer | undefined {
    const next = after(this.ack);
    const payload = this.#early.get(next);
    if (payload === undefined) return undefined;
    this.#early.delete(next);
    this.#count(-payload.length);
    this.ack = next;
    return payload;
  }

  #count(bytes: number): void {
    this.#earlyBytes += bytes;
    this.#shared.bytes += bytes;
  }

  /** Which packets after a gap are here, as a packet carries it; null: there is no gap. */
  selective(): Buffer | null {
    if (this.#early.size === 0) return null;
    const bits = Buffer.alloc(MAX_SELECTIVE_BYTES);
    let used = 0;
    for (const sequence of this.#early.keys()) {
      const bit = ahead(sequence, this.ack) - 2;
      if (bit >= 8 * MAX_SELECTIVE_BYTES) continue;
      bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
      used = Math.max(used, (bit >> 3) + 1);
    }
    // BEP 29: at least four bytes, and a multiple of four.
    return bits.subarray(0, Math.max(4, Math.ceil(used / 4) * 4));
  }

  close(): void {
    this.#early.clear();
    this.#count(-this.#earlyBytes);
  }
}

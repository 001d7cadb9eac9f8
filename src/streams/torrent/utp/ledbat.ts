/** How much may be on its way: LEDBAT (RFC 6817, BEP 29), which gives way to whom it would keep waiting. */

/** Payload of a packet; with its head and those of UDP and IPv6 1448 bytes, which a tunnel of 1460 still carries. */
export const MAX_PAYLOAD_BYTES = 1380;
const FIRST_WINDOW_BYTES = 4 * MAX_PAYLOAD_BYTES;
const MAX_WINDOW_BYTES = 1024 * 1024;
/** The delay that it may add to a line. */
const TARGET_US = 100_000;
/** Most growth a round trip. */
const GAIN_BYTES = 3000;
/** Clocks drift apart: the shortest delay is forgotten after one to two of these. */
const BASE_MS = 120_000;
/** One late packet is no queue. */
const FILTER = 3;

export class Ledbat {
  windowBytes = FIRST_WINDOW_BYTES;
  /** As TCP begins: until something is lost, or a queue is seen. */
  #isStarting = true;
  #bases: number[] = [];
  #baseSince = 0;
  readonly #delays: number[] = [];
  #shrunkAt = Number.NEGATIVE_INFINITY;

  /** `bytes` arrived; `isFull`: the window was what held back the rest. `sample` 0: nothing was measured. */
  acked(bytes: number, sample: number, isFull: boolean, now: number): void {
    const delay = sample === 0 ? 0 : this.#delay(sample, now);
    const share = (TARGET_US - delay) / TARGET_US;
    if (share < 0.1) this.#isStarting = false;
    if (share > 0 && !isFull) return;
    const growth = this.#isStarting ? bytes : (GAIN_BYTES * Math.max(-1, share) * bytes) / this.windowBytes;
    this.windowBytes = Math.min(MAX_WINDOW_BYTES, Math.max(MAX_PAYLOAD_BYTES, this.windowBytes + growth));
  }

  /** Something was lost: half as much, once a round trip. */
  lost(rttMs: number, now: number): void {
    if (now - this.#shrunkAt < rttMs) return;
    this.#shrunkAt = now;
    this.#isStarting = false;
    this.windowBytes = Math.max(2 * MAX_PAYLOAD_BYTES, this.windowBytes / 2);
  }

  timedOut(): void {
    this.windowBytes = MAX_PAYLOAD_BYTES;
    this.#isStarting = true;
  }

  /** What the line adds to its shortest delay, in microseconds. Samples are of two clocks, and wrap around. */
  #delay(sample: number, now: number): number {
    const [base, older] = this.#bases;
    if (base === undefined || now - this.#baseSince > BASE_MS) {
      this.#bases = base === undefined ? [sample] : [sample, base];
      this.#baseSince = now;
    } else if (((sample - base) | 0) < 0) this.#bases = older === undefined ? [sample] : [sample, older];
    this.#delays.push(Math.max(...this.#bases.map((one) => (sample - one) | 0), 0));
    if (this.#delays.length > FILTER) this.#delays.shift();
    return Math.min(...this.#delays);
  }
}

import { after, ahead } from './packet.ts';

const [FIRST_RTO_MS, MIN_RTO_MS, MAX_RTO_MS] = [1000, 500, 60_000];
/** A packet is lost when so many behind it have come (RFC 5681, BEP 29). */
const LOST_AFTER = 3;

type Sent = {
  packet: Buffer;
  bytes: number;
  sequence: number;
  sentAt: number;
  sends: number;
  isLost: boolean;
};

/** What was sent and is not acknowledged yet; finds out what was lost and how long a round trip takes. */
export class Outgoing {
  /** The number of the next packet. */
  next: number;
  /** On its way, what is held for lost not counted. */
  inFlight = 0;
  readonly #sent = new Map<number, Sent>();
  #lostCount = 0;
  #rttMs: number | null = null;
  #varianceMs = 0;
  #rtoMs = FIRST_RTO_MS;
  #timerSince = 0;
  #lastAck: number;
  #repeats = 0;

  constructor(first: number) {
    this.next = first;
    this.#lastAck = after(first, -1);
  }

  get isEmpty(): boolean {
    return this.#sent.size === 0;
  }

  get rttMs(): number {
    return this.#rttMs ?? FIRST_RTO_MS;
  }

  /** A packet with the number `next` goes out for the first time. */
  add(packet: Buffer, bytes: number, now: number): void {
    if (this.isEmpty) this.#timerSince = now;
    const sent = { packet, bytes, sequence: this.next, sentAt: now, sends: 1, isLost: false };
    this.#sent.set(this.next, sent);
    this.inFlight += bytes;
    this.next = after(this.next);
  }

  /** The first of those that were lost. */
  firstLost(): { packet: Buffer; bytes: number; resent(now: number): void } | null {
    if (this.#lostCount === 0) return null;
    for (const sent of this.#sent.values()) {
      if (!sent.isLost) continue;
      return {
        packet: sent.packet,
        bytes: sent.bytes,
        resent: (now) => {
          this.#found(sent);
          this.inFlight += sent.bytes;
          sent.sentAt = now;
          sent.sends += 1;
        },
      };
    }
    return null;
  }

  /** Whether anyone could have sent it who hears us: nothing that was never sent is acknowledged. */
  couldAck(ack: number): boolean {
    return ahead(ack, after(this.next, -1)) <= 0 && ahead(ack, this.#lastAck) > -0x4000;
  }

  /** What an acknowledgement says has come. `isPlain`: the packet carried nothing else, so that a repeated one tells of a loss. */
  acked(
    ack: number,
    selective: Buffer | null,
    isPlain: boolean,
    now: number,
  ): { bytes: number; hasLost: boolean } {
    const isNew = ahead(ack, this.#lastAck) > 0;
    let bytes = 0;
    for (const sent of this.#sent.values()) {
      if (ahead(sent.sequence, ack) > 0) break;
      bytes += this.#arrived(sent, now);
    }
    if (isNew) {
      this.#lastAck = ack;
      this.#repeats = 0;
    }
    const lostBefore = this.#lostCount;
    if (selective !== null && ack === this.#lastAck) bytes += this.#ackedApart(ack, selective, now);
    else if (isPlain && !isNew && ack === this.#lastAck && !this.isEmpty) this.#repeated(ack, now);
    if (bytes > 0) {
      this.#timerSince = now;
      this.#rtoMs = this.#rto();
    }
    return { bytes, hasLost: this.#lostCount > lostBefore };
  }

  /** From the last bit on, so that it is known how many packets behind each missing one have come. */
  #ackedApart(ack: number, selective: Buffer, now: number): number {
    let [bytes, behind] = [0, 0];
    for (let bit = 8 * selective.length - 1; bit >= -1; bit -= 1) {
      const sent = this.#sent.get(after(ack, bit + 2));
      const hasCome = bit >= 0 && ((selective[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
      if (hasCome) behind += 1;
      if (sent === undefined) continue;
      if (hasCome) bytes += this.#arrived(sent, now);
      else if (behind >= LOST_AFTER) this.#lose(sent, now);
    }
    return bytes;
  }

  #repeated(ack: number, now: number): void {
    this.#repeats += 1;
    const sent = this.#sent.get(after(ack));
    if (this.#repeats === LOST_AFTER && sent !== undefined) this.#lose(sent, now);
  }

  #arrived(sent: Sent, now: number): number {
    this.#sent.delete(sent.sequence);
    if (sent.isLost) this.#found(sent);
    else this.inFlight -= sent.bytes;
    // Of one that was sent twice nobody knows which has come (Karn).
    if (sent.sends === 1) this.#measured(now - sent.sentAt);
    return sent.bytes;
  }

  #lose(sent: Sent, now: number): void {
    // Sent again less than a round trip ago: it may still come.
    if (sent.isLost || (sent.sends > 1 && now - sent.sentAt < this.rttMs)) return;
    sent.isLost = true;
    this.#lostCount += 1;
    this.inFlight -= sent.bytes;
  }

  #found(sent: Sent): void {
    sent.isLost = false;
    this.#lostCount -= 1;
  }

  #measured(sampleMs: number): void {
    if (this.#rttMs === null) {
      [this.#rttMs, this.#varianceMs] = [sampleMs, sampleMs / 2];
      return;
    }
    const off = sampleMs - this.#rttMs;
    this.#rttMs += off / 8;
    this.#varianceMs += (Math.abs(off) - this.#varianceMs) / 4;
  }

  #rto(): number {
    return this.#rttMs === null ? FIRST_RTO_MS : Math.max(MIN_RTO_MS, this.#rttMs + 4 * this.#varianceMs);
  }

  /** Nothing was heard for too long: all of it is held for lost, and the next wait is twice as long. */
  timeOut(now: number): boolean {
    if (this.isEmpty || now - this.#timerSince < this.#rtoMs) return false;
    this.#timerSince = now;
    this.#rtoMs = Math.min(MAX_RTO_MS, 2 * this.#rtoMs);
    for (const sent of this.#sent.values()) {
      if (sent.isLost) continue;
      sent.isLost = true;
      this.#lostCount += 1;
    }
    this.inFlight = 0;
    return true;
  }

  close(): void {
    this.#sent.clear();
    this.#lostCount = 0;
    this.inFlight = 0;
  }
}

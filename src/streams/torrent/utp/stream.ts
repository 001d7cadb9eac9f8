import { Duplex } from 'node:stream';
import { Ledbat, MAX_PAYLOAD_BYTES } from './ledbat.ts';
import { Outgoing } from './outgoing.ts';
import { after, KIND, makePacket, microseconds, type Packet, type PacketKind, stamp } from './packet.ts';
import { Reassembly, type SharedBytes } from './reassembly.ts';

/** What a peer may send before it hears from us: 17 MB/s at 60 ms. libtorrent's is the same. */
const WINDOW_BYTES = 1024 * 1024;
/** Waits of 1 and 2 s for an answer to the SYN, as libtorrent's 3 s. */
const MAX_SYN_TIMEOUTS = 2;
/** In a row; 0.5 to 4 s, doubling. Then nobody is there any more. */
const MAX_TIMEOUTS = 4;
/** Routers forget a UDP mapping after 30 s. */
const KEEP_ALIVE_MS = 29_000;
/** A peer whose buffer is full is asked again after so long. */
const PROBE_MS = 2000;

export type UtpStreamOptions = {
  /** The id by which they speak to us; ours to them is one more. */
  receiveId: number;
  firstSequence: number;
  shared: SharedBytes;
  send(packet: Buffer): void;
  onConnected(): void;
  onClosed(): void;
};

/** One connection that we made. What comes in one turn of the event loop is handed on, answered and acknowledged at its end. */
export class UtpStream extends Duplex {
  readonly #options: UtpStreamOptions;
  readonly #outgoing: Outgoing;
  readonly #ledbat = new Ledbat();
  /** Null until they have answered. */
  #incoming: Reassembly | null = null;
  #arrived: Buffer[] = [];
  #arrivedBytes = 0;
  #queue: Buffer = Buffer.alloc(0);
  #onQueueSent: (() => void) | null = null;
  #onAllAcked: (() => void) | null = null;
  #isAckDue = false;
  #isScheduled = false;
  #hasTold = false;
  #isReset = false;
  #timeouts = 0;
  #timestampDifference = 0;
  #theirWindow = MAX_PAYLOAD_BYTES;
  #toldWindow = WINDOW_BYTES;
  #lastSentAt = 0;

  constructor(options: UtpStreamOptions) {
    super({ readableHighWaterMark: 256 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#options = options;
    this.#outgoing = new Outgoing(options.firstSequence);
    this.#sendNumbered(KIND.syn, null, performance.now());
  }

  get isConnecting(): boolean {
    return this.#incoming === null;
  }

  /** A packet from their address with our id. */
  receive(packet: Packet, now: number): void {
    if (this.destroyed || packet.kind === KIND.syn) return;
    if (packet.kind === KIND.reset) this.#onReset(packet.ack);
    else if (this.#outgoing.couldAck(packet.ack)) this.#onPacket(packet, now);
  }

  #onPacket(packet: Packet, now: number): void {
    const incoming = this.#incoming ?? this.#begin(packet);
    if (incoming === null) return;
    this.#timestampDifference = (microseconds() - packet.timestamp) >>> 0;
    this.#onAck(packet, now);
    if (packet.kind !== KIND.state) {
      this.#isAckDue = true;
      const isEnd = packet.kind === KIND.fin;
      const room = WINDOW_BYTES - this.#heldBytes;
      incoming.take({ sequence: packet.sequence, payload: packet.payload, isEnd }, room, (payload) => {
        if (payload.length === 0) return;
        this.#arrived.push(payload);
        this.#arrivedBytes += payload.length;
      });
    }
    this.#schedule();
  }

  /** The answer to the SYN; anything else is not believed before it. */
  #begin({ kind, ack, sequence }: Packet): Reassembly | null {
    if (kind !== KIND.state || ack !== after(this.#outgoing.next, -1)) return null;
    // The number is that of their first packet of data, which is to come.
    this.#incoming = new Reassembly(after(sequence, -1), this.#options.shared);
    this.#options.onConnected();
    return this.#incoming;
  }

  /** Who guesses ends nothing: it names a packet of ours, or, where it answers one without a number, the next. */
  #onReset(ack: number): void {
    if (!this.#outgoing.couldAck(ack) && ack !== this.#outgoing.next) return;
    this.#isReset = true;
    this.destroy(new Error('the peer reset the connection'));
  }

  #onAck({ kind, ack, selective, timestampDifference, windowBytes }: Packet, now: number): void {
    const held = this.#outgoing.inFlight;
    const isPlain = kind === KIND.state;
    const { bytes, hasLost } = this.#outgoing.acked(ack, selective, isPlain, now);
    this.#theirWindow = windowBytes;
    if (hasLost) this.#ledbat.lost(this.#outgoing.rttMs, now);
    if (bytes > 0) {
      this.#timeouts = 0;
      const isFull = held + MAX_PAYLOAD_BYTES > this.#ledbat.windowBytes;
      this.#ledbat.acked(bytes, timestampDifference, isFull, now);
    }
    if (!this.#outgoing.isEmpty) return;
    this.#onAllAcked?.();
    this.#onAllAcked = null;
  }

  /** Taken and not read by whom it is for, or out of order. */
  get #heldBytes(): number {
    return this.readableLength + this.#arrivedBytes + (this.#incoming?.earlyBytes ?? 0);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    this.#deliver();
    if (this.destroyed || this.#incoming === null) return;
    this.#sendWaiting(performance.now());
    if (this.#isAckDue) this.#sendState();
  }

  #deliver(): void {
    const [first] = this.#arrived;
    if (first !== undefined) {
      const bytes = this.#arrived.length === 1 ? first : Buffer.concat(this.#arrived, this.#arrivedBytes);
      this.#arrived = [];
      this.#arrivedBytes = 0;
      this.push(bytes);
    }
    if (this.#incoming?.isEnded !== true || this.#hasTold || this.destroyed) return;
    this.#hasTold = true;
    this.push(null);
  }

  override _read(): void {
    // Who was told of a small window waits until it is told of a larger one.
    if (this.#toldWindow > WINDOW_BYTES / 2 || this.#incoming === null) return;
    this.#isAckDue = true;
    this.#schedule();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#enqueue(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#enqueue(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  #enqueue(bytes: Buffer, done: () => void): void {
    this.#queue = bytes;
    this.#onQueueSent = done;
    this.#schedule();
  }

  override _final(done: () => void): void {
    this.#sendNumbered(KIND.fin, null, performance.now());
    this.#onAllAcked = done;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isReset && this.#incoming !== null)
      this.#send(makePacket(KIND.reset, this.#sendId, this.#outgoing.next));
    this.#outgoing.close();
    this.#incoming?.close();
    this.#arrived = [];
    this.#queue = Buffer.alloc(0);
    this.#options.onClosed();
    done(error);
  }

  get #sendId(): number {
    return after(this.#options.receiveId);
  }

  #hasRoom(bytes: number): boolean {
    const window = Math.min(this.#ledbat.windowBytes, this.#theirWindow);
    return (
      this.#outgoing.inFlight + bytes <= window || (this.#outgoing.inFlight === 0 && this.#theirWindow > 0)
    );
  }

  /** What was lost first, then what was never sent. */
  #sendWaiting(now: number): void {
    for (let lost = this.#outgoing.firstLost(); lost !== null; lost = this.#outgoing.firstLost()) {
      if (!this.#hasRoom(lost.bytes)) return;
      lost.resent(now);
      this.#send(lost.packet);
    }
    if (this.isConnecting) return;
    while (this.#queue.length > 0) {
      const payload = this.#queue.subarray(0, MAX_PAYLOAD_BYTES);
      if (!this.#hasRoom(payload.length)) return;
      this.#queue = this.#queue.subarray(payload.length);
      this.#sendNumbered(KIND.data, payload, now);
    }
    const done = this.#onQueueSent;
    this.#onQueueSent = null;
    done?.();
  }

  #sendNumbered(kind: PacketKind, payload: Buffer | null, now: number): void {
    const id = kind === KIND.syn ? this.#options.receiveId : this.#sendId;
    const packet = makePacket(kind, id, this.#outgoing.next, payload);
    this.#outgoing.add(packet, packet.length, now);
    this.#send(packet);
  }

  #sendState(): void {
    const selective = this.#incoming?.selective() ?? null;
    this.#send(makePacket(KIND.state, this.#sendId, this.#outgoing.next, null, selective));
    this.#isAckDue = false;
  }

  #send(packet: Buffer): void {
    this.#toldWindow = Math.max(0, WINDOW_BYTES - this.#heldBytes);
    this.#lastSentAt = performance.now();
    stamp(packet, {
      timestampDifference: this.#timestampDifference,
      windowBytes: this.#toldWindow,
      ack: this.#incoming?.ack ?? 0,
    });
    // Data acknowledges as well, but it cannot tell of what came out of order.
    if (this.#incoming?.earlyBytes === 0) this.#isAckDue = false;
    this.#options.send(packet);
  }

  /** Several times a second. */
  tick(now: number): void {
    if (this.#outgoing.timeOut(now)) this.#onTimeout(now);
    if (this.destroyed || this.#incoming === null) return;
    if (this.#theirWindow === 0 && now - this.#lastSentAt > PROBE_MS) {
      this.#theirWindow = MAX_PAYLOAD_BYTES;
      this.#schedule();
    }
    if (now - this.#lastSentAt > KEEP_ALIVE_MS) this.#sendState();
  }

  #onTimeout(now: number): void {
    this.#timeouts += 1;
    if (this.#timeouts >= (this.isConnecting ? MAX_SYN_TIMEOUTS : MAX_TIMEOUTS))
      return void this.destroy(new Error('the peer does not answer'));
    this.#ledbat.timedOut();
    this.#sendWaiting(now);
  }
}

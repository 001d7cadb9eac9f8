import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Engine, Wire } from 'torrent-stream';
import type { Layout } from '../swarm/layout.ts';
import { guardWire, type Settle } from './guard-wire.ts';
import type { Library } from './library.ts';
import { PieceStore } from './piece-store.ts';
import { Suspects } from './suspects.ts';

/** Criterion 30: at least 50 at a time. */
const MAX_PEERS = 60;
/** A request that lies longer is given to another peer. */
const LATE_MS = 8000;

export type SessionListener = {
  onPeer(address: string, wire: Wire): void;
  onPeerGone(address: string, wire: Wire): void;
  onBan(address: string): void;
  onExtended(wire: Wire, id: number, payload: Buffer): void;
  onBlock(): void;
  /** Checked, and to be read from now on. */
  onPiece(index: number): void;
  onWrongPiece(bytes: number): void;
  /** The disk takes nothing: what it says it has may not be there. */
  onBroken(error: Error): void;
};

type Known = { info: Uint8Array; layout: Layout };

export type SessionOptions = {
  infoHash: string;
  /** Null: it connects to peers, for whoever asks them for the metadata. */
  known: Known | null;
  /** Its own; empty, or not there. */
  folder: string;
  peerId: Buffer;
  /** A swarm is dead after so long, and one late request must not be what kills it. */
  deadMs: number;
};

/** One run of torrent-stream. It cannot give up a piece, so where that is wanted another run begins with nothing. */
export class Session {
  readonly #library: Library;
  readonly #infoHash: string;
  readonly #engine: Engine;
  /** Of peers met before the pieces were known. */
  readonly #unsettled = new Map<Wire, Settle>();
  #pieceCount: number | null;
  readonly #given = new Set<string>();
  readonly #gave = new WeakSet<Wire>();
  readonly #suspects = new Suspects(() => this.wires);
  #store: PieceStore | null = null;
  #heldCount = 0;
  #isClosed = false;

  constructor(library: Library, options: SessionOptions, listener: SessionListener) {
    const { infoHash, known, folder, peerId, deadMs } = options;
    const engine = library.begin(known === null ? { infoHash } : linkOf(infoHash, known), {
      ...{ id: peerId.toString('latin1'), tmp: folder, path: folder, connections: MAX_PEERS },
      ...{ uploads: false, verify: true, tracker: false, dht: false },
      // It cancels block 0 of the piece, whichever block was meant (`piece.BLOCK_SIZE`, which does not exist).
      hotswap: false,
      timeout: Math.min(LATE_MS, deadMs / 2),
      storage: (pieceLength) => {
        this.#store = new PieceStore(join(folder, 'pieces'), pieceLength, listener.onBroken);
        return this.#store;
      },
    });
    this.#library = library;
    this.#infoHash = infoHash;
    this.#engine = engine;
    this.#pieceCount = known?.layout.pieceCount ?? null;
    this.#listen(listener);
    // It would begin after looking for a file, and then dial one peer of those it was told meanwhile.
    engine.swarm.resume();
  }

  #listen(listener: SessionListener): void {
    const { swarm } = this.#engine;
    this.#engine.on('error', () => {});
    swarm.on('error', () => {});
    this.#engine.on('wire', (wire: Wire) => this.#meet(wire, listener));
    // Requests of 17 bytes, each of which would wait for the last one's acknowledgement (RFC 896).
    swarm.on('wire', (_wire: Wire, connection: Socket) => connection.setNoDelay(true));
    swarm.on('wire-disconnect', (wire: Wire) => {
      this.#suspects.gone(wire);
      this.#unsettled.delete(wire);
      listener.onPeerGone(wire.peerAddress, wire);
    });
    this.#engine.block = () => {};
    this.#engine.on('invalid-piece', (index: number, bytes: Buffer) => {
      listener.onWrongPiece(bytes.length);
      this.#ban(this.#suspects.wrong(index), listener);
    });
    this.#engine.on('verify', (index: number) => {
      this.#heldCount += 1;
      this.#suspects.right(index);
      listener.onPiece(index);
    });
  }

  #meet(wire: Wire, listener: SessionListener): void {
    wire.on('error', () => {});
    // Peers hang up on who says nothing for two minutes (BEP 3).
    wire.setKeepAlive(true);
    // It would dial again by itself, past the check.
    const peer = this.#engine.swarm._peers[wire.peerAddress];
    if (peer !== undefined) peer.reconnect = false;
    const settle = guardWire(wire, {
      pieceCount: this.#pieceCount,
      onBlock: (index) => {
        this.#suspects.gave(index, wire);
        this.#gave.add(wire);
        listener.onBlock();
      },
      onExtended: (id, payload) => listener.onExtended(wire, id, payload),
    });
    if (this.#pieceCount === null) this.#unsettled.set(wire, settle);
    listener.onPeer(wire.peerAddress, wire);
  }

  #ban(wire: Wire | null, listener: SessionListener): void {
    if (wire === null) return;
    listener.onBan(wire.peerAddress);
    // Not in the middle of what it is doing with the block.
    setImmediate(() => this.#engine.disconnect(wire.peerAddress));
  }

  hasGiven(wire: Wire): boolean {
    return this.#gave.has(wire);
  }

  /** What the torrent holds, as `wire` or another gave it; throws where the library cannot go on from here. */
  complete(wire: Wire, known: Known): void {
    this.#pieceCount = known.layout.pieceCount;
    this.#library.complete(wire, linkOf(this.#infoHash, known));
    for (const settle of this.#unsettled.values()) settle(known.layout.pieceCount);
    this.#unsettled.clear();
  }

  get wires(): readonly Wire[] {
    return this.#engine.swarm.wires;
  }

  get bytesPerSecond(): number {
    return this.#engine.swarm.downloadSpeed();
  }

  get downloadedBytes(): number {
    return this.#engine.swarm.downloaded;
  }

  get heldCount(): number {
    return this.#heldCount;
  }

  /** `address` has been checked. */
  connect(address: string): void {
    if (this.#isClosed) return;
    // What is left of an earlier connection would make it do nothing.
    this.#engine.disconnect(address);
    this.#given.add(address);
    this.#engine.connect(address);
  }

  has(index: number): boolean {
    return this.#engine.bitfield?.get(index) === true;
  }

  /** Fetches these pieces, the last one included, until the answer is called. */
  want(from: number, to: number): () => void {
    const notify = () => {};
    this.#engine.select(from, to, true, notify);
    return () => {
      if (!this.#isClosed) this.#engine.deselect(from, to, true, notify);
    };
  }

  /** A part of a piece it has, once the disk is not far behind. */
  async read(index: number, offset: number, length: number): Promise<Buffer> {
    await this.#store?.caughtUp();
    return await new Promise((resolve, reject) => {
      this.#engine.store?.get(index, { offset, length }, (error, bytes) => {
        if (bytes === undefined) reject(error ?? new Error('there is nothing'));
        else resolve(bytes);
      });
    });
  }

  extended(wire: Wire, id: number, payload: Uint8Array): void {
    wire.extended(id, Buffer.from(payload));
  }

  /** Closes all connections; what it has stays. */
  pause(): void {
    this.#engine.swarm.pause();
    this.#hangUp();
  }

  resume(): void {
    this.#engine.swarm.resume();
  }

  #hangUp(): void {
    const connections = [...this.#engine.swarm.connections];
    for (const address of this.#given) this.#engine.disconnect(address);
    this.#given.clear();
    for (const connection of connections) connection.destroy();
  }

  /** Resolves when the file is closed. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = new Promise<void>((resolve) => this.#engine.destroy(resolve));
    this.#hangUp();
    await closed;
  }
}

function linkOf(infoHash: string, { layout, info }: Known) {
  const { hashes, pieceCount, pieceLength, totalBytes: length } = layout;
  return {
    ...{ infoHash, infoBuffer: Buffer.from(info), length, pieceLength },
    pieces: Array.from({ length: pieceCount }, (_, index) =>
      hashes.toString('hex', index * 20, index * 20 + 20),
    ),
    // One behind the other they are one; their names are no business of the disk.
    files: [{ path: 'pieces', length, offset: 0 }],
  };
}

import { BadInput } from '../../../kit/errors.ts';
import type { Announced, TorrentSpec, TorrentState } from '../engine.ts';
import { Announcer, type AnnouncerDeps, type Standing } from './announcer.ts';
import { Bitfield } from './bitfield.ts';
import type { PeerListener } from './connection.ts';
import { deadSwarm } from './dead-swarm.ts';
import type { PeerNet } from './dial-peer.ts';
import { ExtendedTalk } from './extended-talk.ts';
import type { HeldPieces } from './held-pieces.ts';
import { BLOCK_BYTES, type Layout, readLayout } from './layout.ts';
import type { Peer } from './peer.ts';
import type { PieceCache } from './piece-cache.ts';
import type { PieceMemory } from './piece-memory.ts';
import { Playback } from './playback.ts';
import { Swarm } from './swarm.ts';
import { BadPeer, INTERESTED } from './wire.ts';

export type TorrentDeps = {
  net: PeerNet;
  peerId: Buffer;
  memory: PieceMemory;
  /** To a tracker, guarded. */
  announce: AnnouncerDeps['announce'];
  onAnnounced(announced: Announced): void;
  held: HeldPieces;
  cache: PieceCache;
  /** How long nobody may give anything while somebody waits. */
  deadMs: number;
};

const MAX_HAVES_BEFORE_METADATA = 100_000;

/** One torrent: its peers, its metadata, and from then on its playback. */
export class Torrent implements PeerListener {
  readonly infoHash: string;
  readonly peerId: Buffer;
  readonly swarm: Swarm;
  readonly #deps: TorrentDeps;
  readonly #announcer: Announcer;
  readonly #talk: ExtendedTalk;
  #isPrivate: boolean;
  #info: Uint8Array | null = null;
  /** What its peers have is nothing that can be streamed. */
  #refusal: Error | null = null;
  #playback: Playback | null = null;
  #lastByteAt = performance.now();
  readonly #waiting = new Set<{ isHasty: boolean; resolve(): void; reject(error: Error): void }>();

  constructor(spec: TorrentSpec, deps: TorrentDeps) {
    this.infoHash = spec.infoHash;
    this.peerId = deps.peerId;
    this.#deps = deps;
    this.#isPrivate = spec.isPrivate;
    this.#talk = new ExtendedTalk({
      infoHash: spec.infoHash,
      isPrivate: () => this.#isPrivate,
      info: () => this.#info,
      onMetadataPart: (now) => {
        this.#lastByteAt = now;
      },
      onInfo: (info) => this.#onInfo(info),
      onPeers: (peers) => this.swarm.add(peers),
    });
    this.swarm = new Swarm(deps.net, this);
    const { announce, onAnnounced, peerId } = deps;
    this.#announcer = new Announcer({
      ...{ infoHash: spec.infoHash, peerId, announce, onAnnounced },
      onPeers: (peers) => this.swarm.add(peers),
    });
    this.#announcer.add(spec.trackers);
    if (spec.info !== null) this.#begin(spec.info);
    this.swarm.add(spec.peers);
    // Now, not at the next tick: a quarter of a second is half of what a viewer waits for the first byte.
    this.#announcer.tick(performance.now(), this.#standing(), false);
  }

  /** Null until the metadata is here. */
  get playback(): Playback | null {
    return this.#playback;
  }

  get info(): Uint8Array | null {
    return this.#info;
  }

  /** Resolves when the files are known. */
  ready(signal: AbortSignal, isHasty = false): Promise<Playback> {
    signal.throwIfAborted();
    const known = this.#playback;
    if (known !== null) return Promise.resolve(known);
    if (this.#refusal !== null) return Promise.reject(this.#refusal);
    this.#lastByteAt = performance.now();
    return new Promise((fulfil, fail) => {
      const end = (settle: () => void) => {
        this.#waiting.delete(waiter);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const waiter = {
        isHasty,
        resolve: () => end(() => this.#playback !== null && fulfil(this.#playback)),
        reject: (error: Error) => end(() => fail(error)),
      };
      const onAbort = () => end(() => fail(signal.reason));
      this.#waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #begin(info: Uint8Array): void {
    const layout = readLayout(info);
    this.#info = info;
    this.#isPrivate ||= layout.isPrivate;
    this.#playback = new Playback(layout, this.swarm, { ...this.#deps, infoHash: this.infoHash });
    for (const peer of this.swarm.peers) this.#settle(peer, layout);
    for (const { resolve } of [...this.#waiting]) resolve();
    this.#playback.fillAll();
  }

  /** What a peer said before anyone knew how many pieces there are. */
  #settle(peer: Peer, layout: Layout): void {
    const { bits, haves } = peer.early;
    const pieces = bits === null ? new Bitfield(layout.pieceCount) : Bitfield.of(bits, layout.pieceCount);
    if (pieces === null) return void peer.link.destroy();
    for (const index of haves) pieces.set(index);
    peer.pieces = pieces;
    peer.early = { bits: null, haves: [] };
  }

  tick(now: number, seconds: number): void {
    this.swarm.tick(now);
    if (!this.swarm.isResting) this.#announcer.tick(now, this.#standing(), this.swarm.isHungry);
    this.#playback?.tick(now, seconds);
    if (this.#waiting.size === 0) return;
    for (const peer of this.swarm.peers) this.#talk.askMetadata(peer, now);
    const isAlone = this.#announcer.isDone && this.swarm.isAlone;
    const isDead = now - this.#lastByteAt >= this.#deps.deadMs;
    for (const { isHasty, reject } of [...this.#waiting])
      if (isDead || (isAlone && isHasty))
        reject(deadSwarm('No peer has sent what is in this torrent. It may have no seeders at the moment.'));
  }

  /** Somebody came with more trackers or peers. */
  learn({ trackers, peers }: Pick<TorrentSpec, 'trackers' | 'peers'>): void {
    this.#announcer.add(trackers);
    this.swarm.add(peers);
    this.swarm.resume();
  }

  #standing(): Standing {
    const { layout, downloadedBytes = 0 } = this.#playback ?? {};
    // Before the files are known anything but 0 says that we are no seed.
    return { downloaded: downloadedBytes, left: layout?.totalBytes ?? BLOCK_BYTES };
  }

  /** Nobody reads: peers and trackers are left alone until somebody does. */
  rest(): void {
    if (!this.swarm.pause()) return;
    this.#announcer.stop(this.#standing());
  }

  state(): TorrentState {
    const playback = this.#playback;
    const ready = [...this.swarm.peers].filter(({ isReady }) => isReady);
    return {
      infoHash: this.infoHash,
      peers: ready.length,
      utpPeers: ready.filter(({ isUtp }) => isUtp).length,
      unchoked: [...this.swarm.peers].filter(({ isChoking }) => !isChoking).length,
      bannedPeers: this.swarm.bannedCount,
      bytesPerSecond: playback?.rate ?? 0,
      downloadedBytes: playback?.downloadedBytes ?? 0,
      wastedBytes: playback?.wastedBytes ?? 0,
      piecesHeld: playback?.heldCount ?? 0,
      pieceCount: playback?.layout.pieceCount ?? 0,
      readers: playback?.readerCount ?? 0,
    };
  }

  close(): void {
    this.rest();
    this.#playback?.close();
    for (const { reject } of [...this.#waiting]) reject(new Error('the torrent is closed'));
  }

  onReady(peer: Peer, hasExtensions: boolean): void {
    if (this.#playback !== null) this.#settle(peer, this.#playback.layout);
    peer.link.send(hasExtensions ? Buffer.concat([this.#talk.greeting(), INTERESTED]) : INTERESTED);
  }

  onExtended(peer: Peer, id: number, payload: Buffer): void {
    this.#talk.onMessage(peer, id, payload);
  }

  #onInfo(info: Uint8Array): void {
    try {
      this.#begin(info);
    } catch (error) {
      const failed = error instanceof BadInput ? error : new Error(String(error));
      this.#refusal = failed;
      for (const { reject } of [...this.#waiting]) reject(failed);
    }
  }

  onChoke(peer: Peer): void {
    this.#playback?.onChoke(peer);
  }

  onInterest(): void {}

  onHave(peer: Peer, index: number): void {
    if (peer.pieces === null) {
      if (peer.early.haves.length < MAX_HAVES_BEFORE_METADATA) peer.early.haves.push(index);
      return;
    }
    if (index >= peer.pieces.size) throw new BadPeer('a piece that does not exist');
    peer.pieces.set(index);
  }

  onBitfield(peer: Peer, bits: Uint8Array): void {
    const layout = this.#playback?.layout;
    if (layout === undefined) {
      peer.early.bits = Uint8Array.from(bits);
      return;
    }
    const pieces = Bitfield.of(bits, layout.pieceCount);
    if (pieces === null) throw new BadPeer('a bitfield of another torrent');
    peer.pieces = pieces;
  }

  onRequest(): void {}

  onCancel(): void {}

  placeFor(peer: Peer, index: number, begin: number, length: number): Uint8Array | null {
    return this.#playback?.placeFor(peer, index, begin, length) ?? null;
  }

  onBlock(peer: Peer, index: number, begin: number, length: number): void {
    this.#playback?.onBlock(peer, index, begin, length);
  }

  onReadEnd(peer: Peer): void {
    this.#playback?.fill(peer);
  }

  onGone(peer: Peer): void {
    this.swarm.gone(peer);
    this.#playback?.onGone(peer);
  }
}

import type { Socket } from 'node:net';
import { BadInput } from '../../../kit/errors.ts';
import type { Net } from '../../../platform/net.ts';
import type { SlabMemory } from '../../slab-memory.ts';
import type { TorrentSpec, TorrentState } from '../engine.ts';
import { acceptPeer } from './connection.ts';
import { Conversation } from './conversation.ts';
import { deadSwarm } from './dead-swarm.ts';
import type { PeerNet } from './dial-peer.ts';
import type { HeldPieces } from './held-pieces.ts';
import { readLayout } from './layout.ts';
import { Openers } from './openers.ts';
import { pausedTorrent } from './paused.ts';
import { settleEarly } from './peer-pieces.ts';
import { PeerSources, type PeerSourcesDeps } from './peer-sources.ts';
import type { PieceCache } from './piece-cache.ts';
import { Playback } from './playback.ts';
import { Progress } from './standing.ts';
import { Swarm } from './swarm.ts';
import { torrentState } from './torrent-state.ts';
import { Upload } from './upload.ts';

export type TorrentDeps = PeerSourcesDeps & {
  net: PeerNet & Pick<Net, 'http1'>;
  memory: SlabMemory;
  held: HeldPieces;
  cache: PieceCache;
  /** How long nobody may give anything while somebody waits. */
  deadMs: number;
  /** Who takes nothing for so long keeps one piece. */
  idleMs: number;
};

/** One torrent: its peers, its metadata, and from then on its playback. */
export class Torrent {
  readonly infoHash: string;
  readonly spec: TorrentSpec;
  readonly swarm: Swarm;
  readonly #deps: TorrentDeps;
  readonly #sources: PeerSources;
  readonly #conversation: Conversation;
  readonly #upload: Upload;
  readonly #progress: Progress;
  #info: Uint8Array | null = null;
  /** What its peers have is nothing that can be streamed. */
  #refusal: Error | null = null;
  #playback: Playback | null = null;
  #lastByteAt = performance.now();
  readonly #openers = new Openers();
  #isHeld: boolean;

  /** `isHeld`: the owner has paused it. */
  constructor(spec: TorrentSpec, deps: TorrentDeps, isHeld = false) {
    this.infoHash = spec.infoHash;
    this.spec = spec;
    this.#deps = deps;
    this.#isHeld = isHeld;
    this.#conversation = new Conversation({
      ...{ infoHash: spec.infoHash, peerId: deps.peerId, listenPort: deps.listenPort },
      swarm: () => this.swarm,
      sources: () => this.#sources,
      upload: () => this.#upload,
      playback: () => this.#playback,
      info: () => this.#info,
      onMetadataPart: (now) => {
        this.#lastByteAt = now;
      },
      onInfo: (info) => this.#onInfo(info),
    });
    this.swarm = new Swarm(deps.net, this.#conversation);
    if (isHeld) this.swarm.pause();
    this.#progress = new Progress(deps.traffic, spec.earlier);
    this.#upload = new Upload({
      traffic: deps.traffic,
      info: () => this.#info,
      isPrivate: () => this.#sources.isPrivate,
      isRead: () => (this.#playback?.readerCount ?? 0) > 0,
      progress: this.#progress,
    });
    this.#sources = new PeerSources(spec, deps, {
      swarm: this.swarm,
      info: () => this.#info,
      onInfo: (info) => this.#onInfo(info),
      standing: () => this.#progress.standing(this.#upload.uploadedBytes),
    });
    if (spec.info !== null) this.#begin(spec.info);
    this.#sources.learn(spec);
    // Now, not at the next tick: a quarter of a second is half of what a viewer waits for the first byte.
    this.#sources.tick(performance.now());
  }

  /** Null until the metadata is here. */
  get playback(): Playback | null {
    return this.#playback;
  }

  get info(): Uint8Array | null {
    return this.#info;
  }

  /** Somebody reads it, or waits to know what is in it. */
  get isInUse(): boolean {
    return !this.#openers.isEmpty || (this.#playback?.readerCount ?? 0) > 0;
  }

  /** Resolves when the files are known. */
  ready(signal: AbortSignal, isHasty = false): Promise<Playback> {
    signal.throwIfAborted();
    const known = this.#playback;
    if (known !== null) return Promise.resolve(known);
    const refusal = this.#refusal ?? (this.#isHeld ? pausedTorrent() : null);
    if (refusal !== null) return Promise.reject(refusal);
    this.#lastByteAt = performance.now();
    return this.#openers.wait(isHasty, signal).then(() => this.ready(signal));
  }

  #begin(info: Uint8Array): void {
    const layout = readLayout(info);
    this.#info = info;
    if (layout.isPrivate) this.#sources.makePrivate();
    const { traffic } = this.#deps;
    this.#playback = new Playback(layout, this.swarm, {
      ...{ ...this.#deps, infoHash: this.infoHash, downloads: traffic.downloads },
      onStored: (index) => this.#upload.onStored(index),
    });
    if (this.#isHeld) this.#playback.refuse(pausedTorrent());
    this.#upload.begin(this.#playback.pieces);
    this.#progress.begin(this.#playback);
    for (const peer of this.swarm.peers) settleEarly(peer, layout);
    this.swarm.webSeeds.begin(layout);
    this.swarm.dial();
    this.#openers.resolve();
    this.#playback.fillAll();
  }

  tick(now: number, seconds: number): void {
    this.swarm.tick(now);
    this.#sources.tick(now);
    this.#playback?.tick(now, seconds);
    this.#upload.tick(now, seconds);
    if (this.#progress.hasJustCompleted()) this.#sources.completed();
    if (this.#openers.isEmpty) return;
    this.#conversation.askMetadata(now);
    const isDead = now - this.#lastByteAt >= this.#deps.deadMs;
    const dead = deadSwarm('No peer has sent what is in this torrent. It may have no seeders at the moment.');
    if (isDead || this.#sources.isAlone) this.#openers.reject(dead, !isDead);
  }

  /** Somebody came with more trackers or peers. */
  learn(spec: TorrentSpec): void {
    this.wake();
    this.#sources.learn(spec);
  }

  /** Somebody will read: peers are spoken to again, unless the owner has paused it. */
  wake(): void {
    if (this.#isHeld) return;
    this.swarm.resume();
    this.#conversation.want(true);
  }

  /** Nobody reads, and peers may go on taking what they have not had yet. */
  giveOnly(): void {
    this.#conversation.want(false);
  }

  /** What went back is less than the owner wants to give. */
  get isOwing(): boolean {
    return !this.swarm.isResting && this.#upload.isOwing;
  }

  /** The owner's pause, and its end: until then nobody outside hears of us, and viewers get what is here. */
  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.rest();
    this.#playback?.refuse(isHeld ? pausedTorrent() : null);
    if (isHeld) this.#openers.reject(pausedTorrent());
    // Who was reading what is here goes on, and so does what was given back.
    else if (this.isInUse || this.#upload.isOwing) this.wake();
  }

  /** Why nothing of it can be streamed; null: it can, or nobody knows yet. */
  get refusal(): Error | null {
    return this.#refusal;
  }

  /** Nobody reads: peers and trackers are left alone until somebody does. */
  rest(): void {
    if (this.swarm.pause()) this.#sources.stop();
  }

  state(): TorrentState {
    const { infoHash, swarm } = this;
    return torrentState({ infoHash, swarm, playback: this.#playback, upload: this.#upload });
  }

  close(reason = new Error('the torrent is closed')): void {
    this.rest();
    this.#playback?.close(reason);
    this.#openers.reject(reason);
  }

  isWelcome(host: string): boolean {
    return this.swarm.isWelcome(host);
  }

  /** A peer that dialled us. */
  welcome(socket: Socket, host: string, heard: Buffer): void {
    const { peer, feed } = acceptPeer(socket, host, this.#conversation);
    this.swarm.admit(peer);
    feed(heard);
  }

  #onInfo(info: Uint8Array): void {
    try {
      this.#begin(info);
    } catch (error) {
      const failed = error instanceof BadInput ? error : new Error(String(error));
      this.#refusal = failed;
      this.#openers.reject(failed);
    }
  }
}

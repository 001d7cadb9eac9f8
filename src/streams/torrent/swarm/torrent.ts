import type { Socket } from 'node:net';
import { BadInput } from '../../../kit/errors.ts';
import type { Net } from '../../../platform/net.ts';
import type { Dht } from '../dht/index.ts';
import { PeerSearch } from '../dht/peer-search.ts';
import type { Announced, TorrentSpec, TorrentState } from '../engine.ts';
import { namedIn } from '../exact-source.ts';
import { infoOf } from '../info-hash.ts';
import { Announcer, type AnnouncerDeps, type Standing } from './announcer.ts';
import { acceptPeer, type PeerListener } from './connection.ts';
import { deadSwarm } from './dead-swarm.ts';
import type { PeerNet } from './dial-peer.ts';
import { ExactSources } from './exact-sources.ts';
import { ExtendedTalk } from './extended-talk.ts';
import { Gossip } from './gossip.ts';
import type { HeldPieces } from './held-pieces.ts';
import { readLayout } from './layout.ts';
import { Openers } from './openers.ts';
import { pausedTorrent } from './paused.ts';
import type { Peer } from './peer.ts';
import { settleEarly, takeBitfield, takeHave } from './peer-pieces.ts';
import type { PieceCache } from './piece-cache.ts';
import type { PieceMemory } from './piece-memory.ts';
import { Playback } from './playback.ts';
import { Progress } from './standing.ts';
import { hostOf, Swarm } from './swarm.ts';
import type { Traffic } from './traffic.ts';
import { Upload } from './upload.ts';
import { BadPeer, type BlockRequest, INTERESTED, NOT_INTERESTED } from './wire.ts';

export type TorrentDeps = {
  net: PeerNet & Pick<Net, 'http1' | 'request'>;
  peerId: Buffer;
  memory: PieceMemory;
  /** To a tracker, guarded. */
  announce: AnnouncerDeps['announce'];
  onAnnounced(announced: Announced): void;
  /** Null: it is off. */
  dht: Dht | null;
  held: HeldPieces;
  cache: PieceCache;
  /** How long nobody may give anything while somebody waits. */
  deadMs: number;
  /** Who takes nothing for so long keeps one piece. */
  idleMs: number;
  /** What may go out and in. */
  traffic: Traffic;
  /** Where peers can dial us; null: nowhere. */
  listenPort(): number | null;
};

/** One torrent: its peers, its metadata, and from then on its playback. */
export class Torrent implements PeerListener {
  readonly infoHash: string;
  readonly spec: TorrentSpec;
  readonly peerId: Buffer;
  readonly swarm: Swarm;
  readonly #deps: TorrentDeps;
  readonly #announcer: Announcer;
  readonly #talk: ExtendedTalk;
  /** Null: the DHT is off, or none of this torrent's business (BEP 27). */
  #search: PeerSearch | null = null;
  readonly #sources: ExactSources;
  readonly #upload: Upload;
  readonly #gossip: Gossip;
  readonly #progress: Progress;
  /** Something is wanted of peers; without readers they are told so, and their places at others are free. */
  #isWanting = true;
  #isPrivate: boolean;
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
    this.peerId = deps.peerId;
    this.#deps = deps;
    this.#isPrivate = spec.isPrivate;
    this.#isHeld = isHeld;
    this.#talk = new ExtendedTalk({
      infoHash: spec.infoHash,
      isPrivate: () => this.#isPrivate,
      info: () => this.#info,
      giveMetadata: (peer, piece) => this.#upload.giveMetadata(peer, piece),
      listenPort: deps.listenPort,
      onListenPort: (peer) => this.swarm.knowAt(peer, peer.listenPort),
      onMetadataPart: (now) => {
        this.#lastByteAt = now;
      },
      onInfo: (info) => this.#onInfo(info),
      onPeers: (peers) => this.swarm.add(peers),
    });
    this.swarm = new Swarm(deps.net, this);
    if (isHeld) this.swarm.pause();
    this.#gossip = new Gossip(this.swarm.peers);
    this.#progress = new Progress(deps.traffic, spec.earlier);
    this.#upload = new Upload({
      traffic: deps.traffic,
      info: () => this.#info,
      isPrivate: () => this.#isPrivate,
      isRead: () => (this.#playback?.readerCount ?? 0) > 0,
      progress: this.#progress,
    });
    const { announce, onAnnounced, peerId, listenPort } = deps;
    this.#announcer = new Announcer({
      ...{ infoHash: spec.infoHash, peerId, announce, onAnnounced, listenPort },
      onPeers: (peers) => this.swarm.add(peers),
    });
    if (deps.dht !== null && !spec.isPrivate)
      this.#search = new PeerSearch({
        ...{ infoHash: spec.infoHash, dht: deps.dht },
        onPeers: (peers) => this.swarm.add(peers),
      });
    this.#sources = new ExactSources(deps.net, spec.infoHash, (file) => this.#onTorrent(file));
    this.#announcer.add(spec.trackers);
    this.swarm.webSeeds.add(spec.webSeeds ?? []);
    if (spec.info !== null) this.#begin(spec.info);
    else this.#sources.ask(spec.exactSources ?? []);
    this.swarm.add(spec.peers);
    // Now, not at the next tick: a quarter of a second is half of what a viewer waits for the first byte.
    if (isHeld) return;
    this.#announcer.tick(performance.now(), this.#standing(), false);
    this.#search?.tick(performance.now(), false);
  }

  get hasDht(): boolean {
    return this.#search?.hasDht === true;
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
    this.#isPrivate ||= layout.isPrivate;
    if (this.#isPrivate) {
      this.#search?.stop();
      this.#search = null;
    }
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
    if (!this.swarm.isResting) {
      this.#announcer.tick(now, this.#standing(), this.swarm.isHungry);
      this.#search?.tick(now, this.swarm.hasFewPeers);
    }
    this.#playback?.tick(now, seconds);
    this.#upload.tick(now, seconds);
    if (!this.#isPrivate && !this.#deps.traffic.isOff) this.#gossip.tick(now);
    if (this.#progress.hasJustCompleted()) this.#announcer.completed();
    if (this.#openers.isEmpty) return;
    for (const peer of this.swarm.peers) this.#talk.askMetadata(peer, now);
    const isDone = this.#announcer.isDone && this.#search?.isDone !== false && !this.#sources.isAsking;
    const isAlone = isDone && this.swarm.isAlone;
    const isDead = now - this.#lastByteAt >= this.#deps.deadMs;
    const dead = deadSwarm('No peer has sent what is in this torrent. It may have no seeders at the moment.');
    if (isDead || isAlone) this.#openers.reject(dead, !isDead);
  }

  /** Somebody came with more trackers or peers. */
  learn({ trackers, peers, webSeeds, exactSources }: TorrentSpec): void {
    this.#announcer.add(trackers);
    this.swarm.webSeeds.add(webSeeds ?? []);
    if (this.#info === null) this.#sources.ask(exactSources ?? []);
    this.swarm.add(peers);
    this.wake();
  }

  /** Somebody will read: peers are spoken to again, unless the owner has paused it. */
  wake(): void {
    if (this.#isHeld) return;
    this.swarm.resume();
    this.#want(true);
  }

  /** Nobody reads, and peers may go on taking what they have not had yet. */
  giveOnly(): void {
    this.#want(false);
  }

  /** What went back is less than the owner wants to give. */
  get isOwing(): boolean {
    return !this.swarm.isResting && this.#upload.isOwing;
  }

  #want(isWanting: boolean): void {
    if (this.#isWanting === isWanting) return;
    this.#isWanting = isWanting;
    for (const { isReady, link } of this.swarm.peers)
      if (isReady) link.send(isWanting ? INTERESTED : NOT_INTERESTED);
  }

  /** The owner's pause, and its end: until then nobody outside hears of us, and viewers get what is here. */
  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.rest();
    this.#playback?.refuse(isHeld ? pausedTorrent() : null);
    if (isHeld) this.#openers.reject(pausedTorrent());
  }

  /** Why nothing of it can be streamed; null: it can, or nobody knows yet. */
  get refusal(): Error | null {
    return this.#refusal;
  }

  #standing(): Standing {
    return this.#progress.standing(this.#upload.uploadedBytes);
  }

  /** Nobody reads: peers and trackers are left alone until somebody does. */
  rest(): void {
    if (!this.swarm.pause()) return;
    this.#announcer.stop(this.#standing());
    this.#search?.stop();
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
      bytesPerSecond: playback?.intake.rate ?? 0,
      downloadedBytes: playback?.intake.downloadedBytes ?? 0,
      wastedBytes: playback?.intake.wastedBytes ?? 0,
      uploadedBytes: this.#upload.uploadedBytes,
      uploadRate: this.#upload.rate,
      piecesHeld: playback?.pieces.heldCount ?? 0,
      pieceCount: playback?.layout.pieceCount ?? 0,
      readers: playback?.readerCount ?? 0,
    };
  }

  close(reason = new Error('the torrent is closed')): void {
    this.rest();
    this.#sources.close();
    this.#playback?.close(reason);
    this.#openers.reject(reason);
  }

  onReady(peer: Peer, hasExtensions: boolean): void {
    if (!this.swarm.isKept(peer, this.peerId.toString('hex'))) throw new BadPeer('connected twice');
    if (this.#playback !== null) settleEarly(peer, this.#playback.layout);
    const said = [this.#upload.greeting(peer)];
    if (hasExtensions) said.push(this.#talk.greeting());
    if (this.#isWanting) said.push(INTERESTED);
    peer.link.send(Buffer.concat(said));
  }

  isWelcome(host: string): boolean {
    return this.swarm.isWelcome(host);
  }

  /** A peer that dialled us. */
  welcome(socket: Socket, host: string, heard: Buffer): void {
    const { peer, feed } = acceptPeer(socket, host, this);
    this.swarm.admit(peer);
    feed(heard);
  }

  onExtended(peer: Peer, id: number, payload: Buffer): void {
    this.#talk.onMessage(peer, id, payload);
  }

  onDhtPort(peer: Peer, port: number): void {
    this.#search?.noteNode({ host: hostOf(peer.address), port });
  }

  #onTorrent(file: Uint8Array): void {
    const { trackers, webSeeds } = namedIn(file);
    if (this.#info === null) this.#onInfo(infoOf(file));
    this.#announcer.add(trackers);
    if (!this.#isPrivate) this.swarm.webSeeds.add(webSeeds);
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

  onChoke(peer: Peer): void {
    this.#playback?.onChoke(peer);
  }

  onInterest(): void {}

  onHave(peer: Peer, index: number): void {
    takeHave(peer, index);
  }

  onBitfield(peer: Peer, bits: Uint8Array): void {
    takeBitfield(peer, bits, this.#playback?.layout);
  }

  onRequest(peer: Peer, request: BlockRequest): void {
    this.#upload.onRequest(peer, request);
  }

  onCancel(peer: Peer, request: BlockRequest): void {
    this.#upload.onCancel(peer, request);
  }

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
    this.#upload.onGone(peer);
    this.#playback?.onGone(peer);
  }
}

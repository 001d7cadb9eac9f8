import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Wire } from 'torrent-stream';
import { BadInput, UpstreamFailed } from '../../../kit/errors.ts';
import type { Net } from '../../../platform/net.ts';
import type { SlabMemory } from '../../slab-memory.ts';
import type { Announced, TorrentSpec, TorrentState } from '../engine.ts';
import { Announcer, type AnnouncerDeps } from '../swarm/announcer.ts';
import { deadSwarm } from '../swarm/dead-swarm.ts';
import { BLOCK_BYTES, readLayout } from '../swarm/layout.ts';
import { KnownPeers } from './known-peers.ts';
import type { Library } from './library.ts';
import { MetadataExchange } from './metadata-exchange.ts';
import { Reading } from './reading.ts';
import { Session, type SessionListener } from './session.ts';

export type StreamedTorrentDeps = {
  library: Library;
  net: Pick<Net, 'addressesOf'>;
  peerId: Buffer;
  memory: SlabMemory;
  /** Of the engine; each session has its own below. */
  folder: string;
  windowBytes: number;
  announce: AnnouncerDeps['announce'];
  onAnnounced(announced: Announced): void;
  deadMs: number;
};

/** One torrent: its peers, its metadata, and from then on its readers. */
export class StreamedTorrent {
  readonly infoHash: string;
  readonly #deps: StreamedTorrentDeps;
  readonly #announcer: Announcer;
  readonly #peers: KnownPeers;
  readonly #exchange: MetadataExchange;
  #session: Session;
  /** Its pieces; no two ever have the same, as what ends is removed while the next one begins, of the same torrent too. */
  #folder = '';
  readonly #closing = new Set<Promise<void>>();
  #info: Uint8Array | null = null;
  #reading: Reading | null = null;
  /** What its peers have is nothing that can be streamed. */
  #refusal: Error | null = null;
  #wastedBytes = 0;
  #downloadedBefore = 0;
  #lastByteAt = performance.now();
  readonly #waiting = new Set<{ isHasty: boolean; resolve(): void; reject(error: Error): void }>();

  constructor(spec: TorrentSpec, deps: StreamedTorrentDeps) {
    const { infoHash } = spec;
    const { announce, onAnnounced, peerId, net } = deps;
    this.infoHash = infoHash;
    this.#deps = deps;
    this.#exchange = new MetadataExchange(infoHash);
    this.#peers = new KnownPeers({ net, connect: (address) => this.#session.connect(address) });
    this.#announcer = new Announcer({
      ...{ infoHash, peerId, announce, onAnnounced },
      onPeers: (peers) => this.#peers.add(peers),
      listenPort: () => null,
    });
    this.#announcer.add(spec.trackers);
    this.#session = this.#newSession(spec.info);
    this.#peers.add(spec.peers);
    this.#announcer.tick(performance.now(), this.#standing(), false);
  }

  /** Whoever reads goes on with it. */
  #newSession(info: Uint8Array | null): Session {
    const { library, folder, peerId, deadMs, memory, windowBytes } = this.#deps;
    const known = info === null ? null : { info, layout: readLayout(info) };
    this.#folder = join(folder, `${this.infoHash}-${randomBytes(8).toString('hex')}`);
    const session: Session = new Session(
      library,
      {
        ...{ infoHash: this.infoHash, peerId, deadMs },
        folder: this.#folder,
        known,
      },
      this.#listener(() => session === this.#session),
    );
    this.#info = info;
    if (known !== null) this.#reading ??= new Reading(known.layout, session, { memory, deadMs, windowBytes });
    return session;
  }

  /** Of a session that is over nothing is heard. */
  #listener(isCurrent: () => boolean): SessionListener {
    const heard =
      <A extends unknown[]>(hear: (...told: A) => void) =>
      (...told: A) => {
        if (isCurrent()) hear(...told);
      };
    return {
      onPeer: heard((address) => this.#peers.connected(address)),
      onPeerGone: heard((address: string, wire: Wire) => {
        this.#exchange.gone(wire);
        this.#peers.gone(address, this.#session.hasGiven(wire));
      }),
      onBan: heard((address) => this.#peers.ban(address)),
      onExtended: heard((wire: Wire, id: number, payload: Buffer) => this.#onExtended(wire, id, payload)),
      onBlock: heard(() => this.#reading?.onBlock()),
      onPiece: heard(() => this.#reading?.onChange()),
      onWrongPiece: heard((bytes) => {
        this.#wastedBytes += bytes;
      }),
      onBroken: heard((cause) => {
        this.#reading?.fail(
          new UpstreamFailed('The disk takes no more of this torrent.', {
            ...{ retryable: false, status: 503, cause },
          }),
        );
        this.startOver();
      }),
    };
  }

  /** Resolves when the files are known. */
  ready(signal: AbortSignal, isHasty = false): Promise<{ info: Uint8Array; reading: Reading }> {
    signal.throwIfAborted();
    const known = this.#known();
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
        resolve: () => {
          const now = this.#known();
          end(() => now !== null && fulfil(now));
        },
        reject: (error: Error) => end(() => fail(error)),
      };
      const onAbort = () => end(() => fail(signal.reason));
      this.#waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #known(): { info: Uint8Array; reading: Reading } | null {
    const [info, reading] = [this.#info, this.#reading];
    return info === null || reading === null ? null : { info, reading };
  }

  get reading(): Reading | null {
    return this.#reading;
  }

  /** Of pieces on disk. */
  get heldBytes(): number {
    return this.#session.heldCount * (this.#reading?.layout.pieceLength ?? 0);
  }

  #onExtended(wire: Wire, id: number, payload: Buffer): void {
    if (this.#reading !== null) return;
    const info = this.#exchange.take(wire, id, payload, performance.now());
    if (this.#exchange.hasHeard) this.#lastByteAt = performance.now();
    if (info !== null) this.#begin(info, wire);
  }

  /** `wire`: by which it came. */
  #begin(info: Uint8Array, wire: Wire | null): void {
    try {
      if (wire === null || !this.#goOnKnowing(info, wire)) this.#replaceSession(info);
      for (const { resolve } of [...this.#waiting]) resolve();
    } catch (error) {
      const failed = error instanceof BadInput ? error : new Error(String(error));
      this.#refusal = failed;
      for (const { reject } of [...this.#waiting]) reject(failed);
    }
  }

  /** On the connections there are: Transmission refuses who comes back at once. False: it has to begin anew. */
  #goOnKnowing(info: Uint8Array, wire: Wire): boolean {
    const { memory, deadMs, windowBytes } = this.#deps;
    const layout = readLayout(info);
    try {
      this.#session.complete(wire, { info, layout });
    } catch {
      return false;
    }
    this.#info = info;
    this.#reading = new Reading(layout, this.#session, { memory, deadMs, windowBytes });
    return true;
  }

  /** Forgets all pieces: torrent-stream can give up none, and the disk has its limit. Who reads goes on. */
  startOver(): void {
    this.#replaceSession(this.#info);
  }

  #replaceSession(info: Uint8Array | null): void {
    const old = this.#session;
    const oldFolder = this.#folder;
    this.#session = this.#newSession(info);
    this.#downloadedBefore += old.downloadedBytes;
    this.#end(old, oldFolder);
    this.#reading?.goOnWith(this.#session);
    this.#peers.begin();
  }

  #end(session: Session, folder: string): void {
    const ending = session
      .close()
      .then(() => rm(folder, { recursive: true, force: true }))
      .catch(() => {})
      .finally(() => this.#closing.delete(ending));
    this.#closing.add(ending);
  }

  tick(now: number): void {
    this.#peers.dial();
    if (!this.#peers.isResting) this.#announcer.tick(now, this.#standing(), this.#peers.isHungry);
    this.#reading?.tick(now);
    if (this.#waiting.size === 0) return;
    this.#exchange.ask(now);
    const isAlone = this.#announcer.isDone && this.#peers.isAlone;
    const isDead = now - this.#lastByteAt >= this.#deps.deadMs;
    for (const { isHasty, reject } of [...this.#waiting])
      if (isDead || (isAlone && isHasty))
        reject(deadSwarm('No peer has sent what is in this torrent. It may have no seeders at the moment.'));
  }

  /** Somebody came, perhaps with more than was known. */
  learn({ trackers, peers, info }: Pick<TorrentSpec, 'trackers' | 'peers' | 'info'>): void {
    this.#announcer.add(trackers);
    this.#peers.add(peers);
    this.resume();
    if (info !== null && this.#reading === null) this.#begin(info, null);
  }

  #standing() {
    // Before the files are known anything but 0 says that we are no seed.
    const left = this.#reading?.layout.totalBytes ?? BLOCK_BYTES;
    return { uploaded: 0, downloaded: this.#downloadedBefore + this.#session.downloadedBytes, left };
  }

  /** Nobody reads: peers and trackers are left alone until somebody does. */
  rest(): void {
    if (this.#peers.isResting) return;
    this.#peers.rest();
    this.#session.pause();
    this.#announcer.stop(this.#standing());
  }

  resume(): void {
    if (!this.#peers.isResting) return;
    this.#session.resume();
    this.#peers.begin();
  }

  state(): TorrentState {
    const { wires } = this.#session;
    return {
      infoHash: this.infoHash,
      peers: wires.length,
      unchoked: wires.filter(({ peerChoking }) => !peerChoking).length,
      bytesPerSecond: this.#session.bytesPerSecond,
      downloadedBytes: this.#downloadedBefore + this.#session.downloadedBytes,
      wastedBytes: this.#wastedBytes,
      piecesHeld: this.#session.heldCount,
      pieceCount: this.#reading?.layout.pieceCount ?? 0,
      readers: this.#reading?.readerCount ?? 0,
      bannedPeers: this.#peers.bannedCount,
      ...{ utpPeers: 0, uploadedBytes: 0, uploadRate: 0 },
    };
  }

  /** Resolves when its connections are closed and its pieces gone. */
  async close(): Promise<void> {
    this.rest();
    const error = new Error('the torrent is closed');
    this.#reading?.fail(error);
    for (const { reject } of [...this.#waiting]) reject(error);
    this.#end(this.#session, this.#folder);
    await Promise.all(this.#closing);
  }
}

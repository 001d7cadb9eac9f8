import { Advertised } from './advertised.ts';
import { METADATA_PIECE_BYTES, metadataData } from './extensions.ts';
import { pieceBytesOf } from './layout.ts';
import type { Peer } from './peer.ts';
import type { Pieces } from './pieces.ts';
import type { Progress } from './standing.ts';
import type { Traffic } from './traffic.ts';
import { type Contender, chooseUnchoked, MAX_UNCHOKED } from './unchoke.ts';
import { BadPeer, type BlockRequest, blockHead, CHOKE, extended, MAX_BLOCK_BYTES, UNCHOKE } from './wire.ts';

/** Requests of one peer that wait; what libtorrent asks for at most (`reqq`), and what we say we take. */
const MAX_OWED = 250;
/** BEP 3: who may ask is thought over so often; more often makes peers that never get up to speed. */
const ROUND_MS = 10_000;
/** Players read a film range by range: in between nobody reads it, and it is still watched. */
const BETWEEN_RANGES_MS = 1000;
/** Of one peer, beyond the whole of it once. */
const METADATA_REQUESTS_PER_S = 10;
const NOTHING = Buffer.alloc(0);

export type UploadDeps = {
  traffic: Traffic;
  info(): Uint8Array | null;
  isPrivate(): boolean;
  /** Somebody reads the torrent now. */
  isRead(): boolean;
  progress: Progress;
};

type Served = Contender & {
  readonly peer: Peer;
  isUnchoked: boolean;
  /** Asked for and not yet sent, oldest first. */
  readonly owed: BlockRequest[];
  readonly owedMetadata: number[];
  metadataAsked: number;
  /** More than its connection takes: until that has drained. */
  isFull: boolean;
  /** The piece it waits for is on its way from the disk. */
  isFetching: boolean;
  bytesSinceTick: number;
  takes: number;
  goOn(): void;
};

/**
 * What a torrent gives to its peers (BEP 3). Only what lies on disk is told of: a piece in memory alone is gone when the viewer is
 * past it. What the disk had to give up since is the one thing a peer may ask for in vain, and BEP 3 has no word to take a `have`
 * back (we do not speak BEP 6). Silence would cost that peer its time-out, and a choke would have it ask again: its connection is
 * closed, which frees what it asked for at once, and the next one begins with a bitfield that is true.
 */
export class Upload {
  readonly #deps: UploadDeps;
  readonly #served = new Map<Peer, Served>();
  #pieces: Pieces | null = null;
  #advertised: Advertised | null = null;
  #roundAt = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #bytesSinceTick = 0;
  rate = 0;
  /** Since it was opened. */
  uploadedBytes = 0;

  constructor(deps: UploadDeps) {
    this.#deps = deps;
  }

  /** The files are known, and with them what may be asked for. */
  begin(pieces: Pieces): void {
    this.#pieces = pieces;
    this.#advertised = new Advertised(pieces);
  }

  /** A piece came to the disk. */
  onStored(index: number): void {
    this.#advertised?.onStored(index);
  }

  get #mayGive(): boolean {
    const isRead = this.#deps.isRead() || performance.now() - this.#readAt < BETWEEN_RANGES_MS;
    const { traffic, progress } = this.#deps;
    return traffic.mayGive(isRead, progress.downloadedInAll, progress.uploadedInAll(this.uploadedBytes));
  }

  /** Without a reader it goes on giving. */
  get isOwing(): boolean {
    const isAny = this.#pieces !== null && this.#pieces.storedCount > 0;
    const { traffic, progress } = this.#deps;
    return isAny && traffic.owes(progress.downloadedInAll, progress.uploadedInAll(this.uploadedBytes));
  }

  /** The first message to a peer that is ready: what we have. Empty where nothing is given, or there is nothing. */
  greeting(peer: Peer): Uint8Array {
    const served: Served = {
      ...{ peer, isUnchoked: false, owed: [], owedMetadata: [], metadataAsked: 0 },
      ...{ isFull: false, isFetching: false, bytesSinceTick: 0, takes: 0, optimisticAt: 0 },
      get givesUs() {
        return peer.rate;
      },
      goOn: () => this.#serve(served),
    };
    this.#served.set(peer, served);
    peer.link.onDrain?.(() => {
      served.isFull = false;
      this.#serve(served);
    });
    return this.#mayGive ? (this.#advertised?.bitfieldFor(peer) ?? NOTHING) : NOTHING;
  }

  /** Throws BadPeer where nobody could have such a block. */
  onRequest(peer: Peer, request: BlockRequest): void {
    const served = this.#served.get(peer);
    if (this.#pieces === null || served === undefined) return;
    const { layout } = this.#pieces;
    const { index, begin, length } = request;
    const isInside = index < layout.pieceCount && begin + length <= pieceBytesOf(layout, index);
    if (!isInside || length === 0 || length > MAX_BLOCK_BYTES)
      throw new BadPeer('a request for what is not there');
    // Sent before our choke was heard, or beyond what anyone may ask for.
    if (!served.isUnchoked || served.owed.length >= MAX_OWED) return;
    served.owed.push(request);
    this.#serve(served);
  }

  onCancel(peer: Peer, { index, begin, length }: BlockRequest): void {
    const served = this.#served.get(peer);
    if (served === undefined) return;
    const place = served.owed.findIndex(
      (one) => one.index === index && one.begin === begin && one.length === length,
    );
    if (place >= 0) served.owed.splice(place, 1);
  }

  /** BEP 9: false where it is refused. Members of a private torrent have its `.torrent`. */
  giveMetadata(peer: Peer, piece: number): boolean {
    const served = this.#served.get(peer);
    const count = Math.ceil((this.#deps.info()?.length ?? 0) / METADATA_PIECE_BYTES);
    if (served === undefined || piece >= count || this.#deps.isPrivate() || !this.#mayGive) return false;
    served.metadataAsked += 1;
    const seconds = (performance.now() - peer.connectedAt) / 1000;
    const isTooMuch = served.metadataAsked > count + METADATA_REQUESTS_PER_S * seconds;
    // Who reads nothing for hours has asked for no end of it.
    if (isTooMuch || served.owedMetadata.length >= Math.max(count, MAX_OWED)) return false;
    served.owedMetadata.push(piece);
    this.#serve(served);
    return true;
  }

  /** Sends what is owed until it is full, the limit is reached, or a piece must come from the disk first. */
  #serve(served: Served): void {
    const { owed, owedMetadata, peer } = served;
    while (!served.isFull && !served.isFetching && !peer.isClosed && owed.length + owedMetadata.length > 0)
      if (!this.#giveNext(served)) return;
  }

  /** False: not now. */
  #giveNext(served: Served): boolean {
    if (!this.#mayGive) return this.#stop(served);
    const { uploads } = this.#deps.traffic;
    if (!uploads.isOpen) {
      uploads.wait(served.goOn);
      return false;
    }
    return served.owedMetadata.length > 0 ? this.#giveMetadataPiece(served) : this.#giveBlock(served);
  }

  #giveMetadataPiece(served: Served): boolean {
    const piece = served.owedMetadata.shift() ?? 0;
    const message = metadataData(this.#deps.info() ?? NOTHING, piece);
    this.#deps.traffic.uploads.take(message.length);
    return this.#send(served, [extended(served.peer.metadataId, message)], () => {});
  }

  #giveBlock(served: Served): boolean {
    const [request] = served.owed;
    const pieces = this.#pieces;
    if (request === undefined || pieces === null) return false;
    const piece = pieces.lend(request.index);
    if (piece === null) return this.#bring(served, pieces, request.index);
    served.owed.shift();
    const { begin, length } = request;
    this.#deps.traffic.uploads.take(length);
    this.uploadedBytes += length;
    this.#bytesSinceTick += length;
    served.bytesSinceTick += length;
    const bytes = piece.buffer.bytes.subarray(begin, begin + length);
    return this.#send(served, [blockHead(request), bytes], () => pieces.unpin(piece));
  }

  #send(served: Served, parts: readonly Uint8Array[], done: () => void): boolean {
    served.isFull = served.peer.link.give?.(parts, done) === false;
    return !served.isFull;
  }

  #bring(served: Served, pieces: Pieces, index: number): boolean {
    if (!pieces.isStored(index)) {
      served.peer.link.destroy();
      return false;
    }
    served.isFetching = true;
    void pieces.load(index).then((isRead) => {
      // Viewers need the memory: it is tried again at the next tick.
      served.isFetching = false;
      if (isRead) this.#serve(served);
    });
    return false;
  }

  onGone(peer: Peer): void {
    this.#served.delete(peer);
  }

  tick(now: number, seconds: number): void {
    if (this.#deps.isRead()) this.#readAt = now;
    this.#measure(seconds);
    const isGiving = this.#mayGive;
    for (const served of this.#served.values())
      if (!isGiving || !served.peer.isInterested) this.#stop(served);
    if (!isGiving) return;
    this.#advertised?.tell(this.#served.keys());
    this.#round(now);
    for (const served of this.#served.values()) this.#serve(served);
  }

  #measure(seconds: number): void {
    const measured = this.#bytesSinceTick / seconds;
    this.#bytesSinceTick = 0;
    this.rate = measured > this.rate ? measured : this.rate * 0.8 + measured * 0.2;
    for (const served of this.#served.values()) {
      served.takes = served.takes * 0.9 + (served.bytesSinceTick / seconds) * 0.1;
      served.bytesSinceTick = 0;
    }
  }

  /** BEP 3: a choke forgets what was asked for. */
  #stop(served: Served): false {
    served.owed.length = 0;
    if (served.isUnchoked) served.peer.link.send(CHOKE);
    served.isUnchoked = false;
    return false;
  }

  /** Who may ask: thought over in turn, and when a place is free. */
  #round(now: number): void {
    const interested = [...this.#served.values()].filter(({ peer }) => peer.isInterested && peer.isReady);
    const isFree =
      interested.filter(({ isUnchoked }) => isUnchoked).length < Math.min(MAX_UNCHOKED, interested.length);
    if (!isFree && now - this.#roundAt < ROUND_MS) return;
    this.#roundAt = now;
    const chosen = chooseUnchoked(interested, now);
    for (const served of interested) {
      if (!chosen.has(served)) this.#stop(served);
      else if (!served.isUnchoked) served.peer.link.send(UNCHOKE);
      served.isUnchoked = chosen.has(served);
    }
  }
}

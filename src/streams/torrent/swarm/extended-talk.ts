import type { PeerAddress } from '../engine.ts';
import {
  extendedHandshake,
  METADATA_ID,
  metadataReject,
  metadataRequest,
  PEX_ID,
  readExtendedHandshake,
  readMetadataMessage,
  readPex,
} from './extensions.ts';
import { Metadata } from './metadata.ts';
import type { Peer } from './peer.ts';
import { extended } from './wire.ts';

export type ExtendedTalkDeps = {
  infoHash: string;
  /** BEP 27: peers are not told of each other. */
  isPrivate(): boolean;
  /** The `info` dictionary, once it is known. */
  info(): Uint8Array | null;
  /** Sends a peer a piece of it; false: it is refused. */
  giveMetadata(peer: Peer, piece: number): boolean;
  /** Where peers may dial us; null: nowhere. */
  listenPort(): number | null;
  /** A peer said where it can be dialled. */
  onListenPort(peer: Peer): void;
  /** A part of it came. */
  onMetadataPart(now: number): void;
  /** All of it came, and its hash is right. */
  onInfo(info: Uint8Array): void;
  onPeers(peers: readonly PeerAddress[]): void;
};

/** What is spoken with a torrent's peers beyond BEP 3 (BEP 10): its metadata (BEP 9), and whom they know (BEP 11). */
export class ExtendedTalk {
  readonly #deps: ExtendedTalkDeps;
  readonly #metadata: Metadata;

  constructor(deps: ExtendedTalkDeps) {
    this.#deps = deps;
    this.#metadata = new Metadata(deps.infoHash);
  }

  /** What is said to a peer first. */
  greeting(): Uint8Array {
    const { isPrivate, info, listenPort } = this.#deps;
    const said = {
      hasPex: !isPrivate(),
      metadataBytes: info()?.length ?? null,
      listenPort: listenPort(),
    };
    return extended(0, extendedHandshake(said));
  }

  onMessage(peer: Peer, id: number, payload: Buffer): void {
    if (id === 0) this.#onHandshake(peer, payload);
    else if (id === METADATA_ID) this.#onMetadata(peer, payload);
    else if (id === PEX_ID && !this.#deps.isPrivate()) this.#deps.onPeers(readPex(payload));
  }

  #onHandshake(peer: Peer, payload: Buffer): void {
    const said = readExtendedHandshake(payload);
    if (said === null) return;
    peer.metadataId = said.metadataId;
    peer.pexId = said.pexId;
    peer.maxQueue = said.maxQueue;
    peer.metadataBytes = said.metadataBytes;
    if (said.listenPort > 0 && peer.isIncoming) {
      peer.listenPort = said.listenPort;
      this.#deps.onListenPort(peer);
    }
    this.askMetadata(peer, performance.now());
  }

  /** Asks the peer for the `info` dictionary, where it is wanted and nobody else is being asked. */
  askMetadata(peer: Peer, now: number): void {
    if (this.#deps.info() !== null) return;
    for (const piece of this.#metadata.wanted(peer, now))
      peer.link.send(extended(peer.metadataId, metadataRequest(piece)));
  }

  #onMetadata(peer: Peer, payload: Buffer): void {
    const message = readMetadataMessage(payload);
    if (message === null) return;
    if (message.type === 0 && peer.metadataId > 0 && !this.#deps.giveMetadata(peer, message.piece))
      peer.link.send(extended(peer.metadataId, metadataReject(message.piece)));
    if (message.type !== 1 || this.#deps.info() !== null) return;
    const now = performance.now();
    this.#deps.onMetadataPart(now);
    const info = this.#metadata.take(peer, message.piece, payload, now);
    if (info !== null) this.#deps.onInfo(info);
  }
}

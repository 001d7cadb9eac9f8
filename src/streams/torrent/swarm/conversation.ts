import type { PeerListener } from './connection.ts';
import { ExtendedTalk, type ExtendedTalkDeps } from './extended-talk.ts';
import type { Peer } from './peer.ts';
import { settleEarly, takeBitfield, takeHave } from './peer-pieces.ts';
import type { PeerSources } from './peer-sources.ts';
import type { Playback } from './playback.ts';
import type { Swarm } from './swarm.ts';
import type { Upload } from './upload.ts';
import { BadPeer, type BlockRequest, INTERESTED, NOT_INTERESTED } from './wire.ts';

export type ConversationDeps = Pick<
  ExtendedTalkDeps,
  'infoHash' | 'info' | 'listenPort' | 'onMetadataPart' | 'onInfo'
> & {
  peerId: Buffer;
  swarm(): Swarm;
  sources(): PeerSources;
  upload(): Upload;
  /** Null until the metadata is here. */
  playback(): Playback | null;
};

/** What one torrent says to its peers, and who is told what they say. */
export class Conversation implements PeerListener {
  readonly infoHash: string;
  readonly peerId: Buffer;
  readonly #deps: ConversationDeps;
  readonly #talk: ExtendedTalk;
  /** Something is wanted of peers; without readers they are told so, and their places at others are free. */
  #isWanting = true;

  constructor(deps: ConversationDeps) {
    const { infoHash, peerId, info, listenPort, onMetadataPart, onInfo, swarm, sources, upload } = deps;
    this.infoHash = infoHash;
    this.peerId = peerId;
    this.#deps = deps;
    this.#talk = new ExtendedTalk({
      ...{ infoHash, info, listenPort, onMetadataPart, onInfo },
      isPrivate: () => sources().isPrivate,
      giveMetadata: (peer, piece) => upload().giveMetadata(peer, piece),
      onListenPort: (peer) => swarm().knowAt(peer, peer.listenPort),
      onPeers: (peers) => swarm().add(peers),
    });
  }

  get hasDht(): boolean {
    return this.#deps.sources().hasDht;
  }

  /** Whether something is wanted of peers, who are told when that changes. */
  want(isWanting: boolean): void {
    if (this.#isWanting === isWanting) return;
    this.#isWanting = isWanting;
    for (const { isReady, link } of this.#deps.swarm().peers)
      if (isReady) link.send(isWanting ? INTERESTED : NOT_INTERESTED);
  }

  /** Somebody waits for the metadata: whoever has it is asked. */
  askMetadata(now: number): void {
    for (const peer of this.#deps.swarm().peers) this.#talk.askMetadata(peer, now);
  }

  onReady(peer: Peer, hasExtensions: boolean): void {
    const { swarm, upload, playback } = this.#deps;
    if (!swarm().isKept(peer, this.peerId.toString('hex'))) throw new BadPeer('connected twice');
    const layout = playback()?.layout;
    if (layout !== undefined) settleEarly(peer, layout);
    const said = [upload().greeting(peer)];
    if (hasExtensions) said.push(this.#talk.greeting());
    if (this.#isWanting) said.push(INTERESTED);
    peer.link.send(Buffer.concat(said));
  }

  onExtended(peer: Peer, id: number, payload: Buffer): void {
    this.#talk.onMessage(peer, id, payload);
  }

  onDhtPort(peer: Peer, port: number): void {
    this.#deps.sources().noteNode(peer, port);
  }

  onChoke(peer: Peer): void {
    this.#deps.playback()?.onChoke(peer);
  }

  onInterest(): void {}

  onHave(peer: Peer, index: number): void {
    takeHave(peer, index);
  }

  onBitfield(peer: Peer, bits: Uint8Array): void {
    takeBitfield(peer, bits, this.#deps.playback()?.layout);
  }

  onRequest(peer: Peer, request: BlockRequest): void {
    this.#deps.upload().onRequest(peer, request);
  }

  onCancel(peer: Peer, request: BlockRequest): void {
    this.#deps.upload().onCancel(peer, request);
  }

  placeFor(peer: Peer, index: number, begin: number, length: number): Uint8Array | null {
    return this.#deps.playback()?.placeFor(peer, index, begin, length) ?? null;
  }

  onBlock(peer: Peer, index: number, begin: number, length: number): void {
    this.#deps.playback()?.onBlock(peer, index, begin, length);
  }

  onReadEnd(peer: Peer): void {
    this.#deps.playback()?.fill(peer);
  }

  onGone(peer: Peer): void {
    this.#deps.swarm().gone(peer);
    this.#deps.upload().onGone(peer);
    this.#deps.playback()?.onGone(peer);
  }
}

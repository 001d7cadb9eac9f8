import type { Wire } from 'torrent-stream';
import {
  METADATA_ID,
  metadataRequest,
  readExtendedHandshake,
  readMetadataMessage,
} from '../swarm/extensions.ts';
import { Metadata, type MetadataPeer } from '../swarm/metadata.ts';

/** Asks the peers of a magnet for the `info` dictionary (BEP 9), each for all of it; the library has told them that we speak it. */
export class MetadataExchange {
  readonly #metadata: Metadata;
  readonly #peers = new Map<Wire, MetadataPeer>();
  /** The last message was a piece of it. */
  hasHeard = false;

  constructor(infoHash: string) {
    this.#metadata = new Metadata(infoHash);
  }

  gone(wire: Wire): void {
    const peer = this.#peers.get(wire);
    if (peer !== undefined) peer.isClosed = true;
    this.#peers.delete(wire);
  }

  /** Answers the whole when it is here and right. */
  take(wire: Wire, id: number, payload: Buffer, now: number): Uint8Array | null {
    this.hasHeard = false;
    if (id === 0) {
      const said = readExtendedHandshake(payload);
      if (said !== null) this.#peers.set(wire, { ...said, isClosed: false });
      this.ask(now);
      return null;
    }
    const [peer, message] = [this.#peers.get(wire), readMetadataMessage(payload)];
    if (id !== METADATA_ID || peer === undefined || message?.type !== 1) return null;
    this.hasHeard = true;
    return this.#metadata.take(peer, message.piece, payload, now);
  }

  /** Those who were not, as far as others do not do. */
  ask(now: number): void {
    for (const [wire, peer] of this.#peers)
      for (const piece of this.#metadata.wanted(peer, now))
        wire.extended(peer.metadataId, Buffer.from(metadataRequest(piece)));
  }
}

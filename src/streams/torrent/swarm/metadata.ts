import { hash } from 'node:crypto';
import { METADATA_PIECE_BYTES } from './extensions.ts';
import type { Peer } from './peer.ts';

/** Asked at a time, each for all of it: it is small, and of what several gave nobody could tell who lied. */
const MOST_PEERS = 3;
/**
 * One that gives nothing for so long makes room for another; what it gives later is taken all the same: Transmission lets requests lie for
 * 3 to 5 s, and may be the only one there is.
 */
const SILENT_MS = 3000;
/** Of those that gave nothing in time so many are still listened to. */
const MOST_LATE = 3;

/** What it has to know of a peer. */
export type MetadataPeer = Pick<Peer, 'metadataId' | 'metadataBytes' | 'isClosed'>;

type Gathering = { pieces: (Buffer | undefined)[]; left: number; heardAt: number };

/** The `info` dictionary of a magnet, from one peer or another (BEP 9); its hash says who has the right one. */
export class Metadata {
  readonly #infoHash: string;
  readonly #gatherings = new Map<MetadataPeer, Gathering>();

  constructor(infoHash: string) {
    this.#infoHash = infoHash;
  }

  /** The pieces to ask this peer for now; none where it was asked, or others are. */
  wanted(peer: MetadataPeer, now: number): number[] {
    const late = this.#late(now);
    if (peer.metadataId === 0 || peer.metadataBytes === 0) return [];
    if (this.#gatherings.has(peer) || this.#gatherings.size - late.length >= MOST_PEERS) return [];
    for (const other of late.slice(0, Math.max(0, late.length - MOST_LATE))) this.#giveUp(other);
    const count = Math.ceil(peer.metadataBytes / METADATA_PIECE_BYTES);
    this.#gatherings.set(peer, { pieces: Array(count).fill(undefined), left: count, heardAt: now });
    return [...Array(count).keys()];
  }

  /** Those that were asked and are silent, the longest first. */
  #late(now: number): MetadataPeer[] {
    for (const other of this.#gatherings.keys()) if (other.isClosed) this.#giveUp(other);
    return [...this.#gatherings]
      .filter(([, { heardAt }]) => now - heardAt > SILENT_MS)
      .sort(([, one], [, other]) => one.heardAt - other.heardAt)
      .map(([other]) => other);
  }

  /** It is not asked again. */
  #giveUp(peer: MetadataPeer): void {
    this.#gatherings.delete(peer);
    peer.metadataBytes = 0;
  }

  /** A piece, at the end of the message. Answers the whole when it is here and right. */
  take(peer: MetadataPeer, piece: number, payload: Buffer, now: number): Uint8Array | null {
    const gathering = this.#gatherings.get(peer);
    if (gathering === undefined || piece >= gathering.pieces.length || gathering.pieces[piece] !== undefined)
      return null;
    const size = Math.min(METADATA_PIECE_BYTES, peer.metadataBytes - piece * METADATA_PIECE_BYTES);
    if (payload.length <= size) return null;
    gathering.pieces[piece] = Buffer.from(payload.subarray(payload.length - size));
    gathering.left -= 1;
    gathering.heardAt = now;
    if (gathering.left > 0) return null;
    const info = Buffer.concat(gathering.pieces.filter((part) => part !== undefined));
    this.#giveUp(peer);
    return hash('sha1', info, 'hex') === this.#infoHash ? info : null;
  }
}

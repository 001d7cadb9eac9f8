import { Bitfield } from './bitfield.ts';
import type { Layout } from './layout.ts';
import type { Peer } from './peer.ts';
import { BadPeer } from './wire.ts';

const MAX_HAVES_BEFORE_METADATA = 100_000;

/** What a peer said before anyone knew how many pieces there are. */
export function settleEarly(peer: Peer, layout: Layout): void {
  const { bits, haves } = peer.early;
  const pieces = bits === null ? new Bitfield(layout.pieceCount) : Bitfield.of(bits, layout.pieceCount);
  if (pieces === null) return void peer.link.destroy();
  for (const index of haves) pieces.set(index);
  peer.pieces = pieces;
  peer.early = { bits: null, haves: [] };
}

/** It has one piece more. */
export function takeHave(peer: Peer, index: number): void {
  if (peer.pieces === null) {
    if (peer.early.haves.length < MAX_HAVES_BEFORE_METADATA) peer.early.haves.push(index);
    return;
  }
  if (index >= peer.pieces.size) throw new BadPeer('a piece that does not exist');
  peer.pieces.set(index);
}

/** What it has, of a torrent that may not be known yet. */
export function takeBitfield(peer: Peer, bits: Uint8Array, layout: Layout | undefined): void {
  if (layout === undefined) {
    peer.early.bits = Uint8Array.from(bits);
    return;
  }
  const pieces = Bitfield.of(bits, layout.pieceCount);
  if (pieces === null) throw new BadPeer('a bitfield of another torrent');
  peer.pieces = pieces;
}

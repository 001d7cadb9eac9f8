import { expect, test } from 'vitest';
import { ActivePiece } from '../../src/streams/torrent/swarm/active-piece.ts';
import { Bitfield } from '../../src/streams/torrent/swarm/bitfield.ts';
import { Peer } from '../../src/streams/torrent/swarm/peer.ts';
import { type Field, pick } from '../../src/streams/torrent/swarm/picker.ts';

const MIB = 1024 * 1024;

function peerWith(suspicion: number): Peer {
  const peer = new Peer({ request() {}, cancel() {}, send() {}, destroy() {} }, '127.0.0.2:6881');
  peer.pieces = Bitfield.of(Uint8Array.of(0b1110_0000), 3);
  peer.isChoking = false;
  peer.suspicion = suspicion;
  return peer;
}

/** Three pieces of 1 MiB, a reader at the first. */
function fieldOf(peers: readonly Peer[]): Field {
  const active = new Map<number, ActivePiece>();
  return {
    ...{ peers, rate: MIB, isLast: false, spare: 0, isWaitedFor: false, most: 1000 },
    order: [0, 1, 2].map((index) => ({ index, distance: index * MIB })),
    begin(index) {
      const slot = { bytes: Buffer.alloc(MIB), slotBytes: MIB, slab: 0, offset: index * MIB };
      const piece = active.get(index) ?? new ActivePiece(index, MIB, slot);
      active.set(index, piece);
      return piece;
    },
  };
}

const piecesAskedOf = (peer: Peer, field: Field) => [
  ...new Set(pick(peer, field, performance.now()).blocks.map(({ index }) => index)),
];

test('a piece that a viewer waits for is not the one a suspect is tried with', () => {
  const [liar, other] = [peerWith(2), peerWith(0)];
  expect(piecesAskedOf(liar, fieldOf([liar, other]))).toEqual([1]);
  expect(piecesAskedOf(other, fieldOf([liar, other]))).toEqual([0]);
});

test('where several are suspected, it is for the one that has not been found out', () => {
  const [liar, other] = [peerWith(2), peerWith(1)];
  expect(piecesAskedOf(liar, fieldOf([liar, other]))).toEqual([1]);
  expect(piecesAskedOf(other, fieldOf([liar, other]))).toEqual([0]);
});

test('nobody waits for a better peer that cannot give it soon', () => {
  const suspect = peerWith(1);
  const [choking, snubbed, without] = [peerWith(0), peerWith(0), peerWith(0)];
  choking.isChoking = true;
  snubbed.isSnubbed = true;
  without.pieces = Bitfield.of(Uint8Array.of(0), 3);
  expect(piecesAskedOf(suspect, fieldOf([suspect, choking, snubbed, without]))).toEqual([0]);
});

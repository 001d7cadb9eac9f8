import { expect, test } from 'vitest';
import type { Layout } from '../../src/streams/torrent/swarm/layout.ts';
import { type Active, edgeBytes, isAhead } from '../../src/streams/torrent/swarm/readers.ts';

const MIB = 1024 * 1024;
const layout: Layout = {
  ...{ name: 'Pack', pieceLength: MIB, pieceCount: 200, totalBytes: 200 * MIB },
  ...{ hashes: Buffer.alloc(0), files: [], isPrivate: false, isSingleFile: true, padding: new Set<number>() },
};
/** Of a film that lies from 50 to 150 MiB of its torrent. */
const reader = (at: number, end: number): Active => ({
  ...{ at: at * MIB, end: end * MIB, file: { from: 50 * MIB, to: 150 * MIB } },
  ...{ stop: new AbortController(), tail: null, waitingSince: null, movedAt: 0 },
});
const ahead = (readers: Active[], edge = 8 * MIB) =>
  Array.from({ length: 200 }, (_, index) => index).filter((index) => isAhead(readers, layout, index, edge));
const pieces = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

test('what a reader has yet to come by is kept, and both ends of its film', () => {
  expect(ahead([reader(100, 120)])).toEqual([...pieces(50, 58), ...pieces(100, 120), ...pieces(142, 150)]);
  expect(ahead([reader(60.5, 62.5)])).toEqual([...pieces(50, 58), 60, 61, 62, ...pieces(142, 150)]);
  expect(ahead([])).toEqual([]);
});

test('a small disk is for what is played', () => {
  expect([0, 6 * MIB, 64 * MIB, 256 * MIB, 50 * 1024 * MIB].map(edgeBytes)).toEqual([
    0,
    0,
    MIB,
    4 * MIB,
    8 * MIB,
  ]);
  expect(ahead([reader(100, 120)], 0)).toEqual(pieces(100, 120));
});

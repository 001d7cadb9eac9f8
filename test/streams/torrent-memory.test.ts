import { expect, test } from 'vitest';
import { createSlabMemory } from '../../src/streams/slab-memory.ts';
import { createHeldPieces } from '../../src/streams/torrent/swarm/held-pieces.ts';

const MIB = 1024 * 1024;

/** Room for four pieces of a megabyte, and what has become of those that were taken. */
function openMemory() {
  const memory = createSlabMemory(4 * MIB, () => {});
  const held = createHeldPieces(memory);
  const gone: string[] = [];
  return {
    held,
    gone,
    /** `distance` null: nobody is on the way to it. */
    gather(name: string, distance: number | null) {
      const buffer = memory.take(MIB);
      held.gather(
        buffer,
        () => distance,
        () => {
          held.gathered(buffer);
          memory.give(buffer);
          gone.push(name);
        },
      );
    },
    keep(name: string, distance: number | null) {
      held.keep(
        memory.take(MIB),
        MIB,
        () => distance,
        () => gone.push(name),
      );
    },
  };
}

test('what one torrent began for a reader that went elsewhere makes room for another torrent', () => {
  const { held, gone, gather, keep } = openMemory();
  gather('of a seek', null);
  gather('on its way', 5 * MIB);
  keep('behind', null);
  keep('ahead', MIB);
  expect(held.makeRoom(MIB)).toBe(true);
  expect(gone).toEqual(['behind']);
  expect(held.makeRoom(2 * MIB)).toBe(true);
  expect(gone).toEqual(['behind', 'of a seek']);
});

test('what somebody is on the way to stays, unless it is urgent', () => {
  const { held, gone, gather, keep } = openMemory();
  for (const distance of [3 * MIB, MIB]) keep(`${distance / MIB} ahead`, distance);
  for (const distance of [0, 2 * MIB]) gather(`gathered ${distance / MIB}`, distance);
  expect(held.makeRoom(MIB)).toBe(false);
  expect(gone).toEqual([]);
  expect(held.makeRoom(MIB, true)).toBe(true);
  expect(gone).toEqual(['3 ahead']);
});

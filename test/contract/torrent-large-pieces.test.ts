import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTorrent, type TestTorrent } from '../support/seed-peer.ts';
import { NEVER, readBytes, specOf, swarmRoom } from '../support/swarm-room.ts';

// Pieces nearly as large as all the memory there is for them: two viewers far from each other, and none may wait for ever.

const MIB = 1024 * 1024;
const room = swarmRoom();
let bytes = Buffer.alloc(0);
beforeAll(() => {
  const block = randomBytes(MIB);
  bytes = Buffer.alloc(144 * MIB + 4711);
  // No two MiB alike.
  for (let at = 0; at < bytes.length; at += MIB) {
    block.copy(bytes, at);
    if (at + 8 <= bytes.length) bytes.writeDoubleBE(at, at);
  }
});
afterAll(() => {
  bytes = Buffer.alloc(0);
});

describe.each([16, 32])('pieces of %i MiB', (pieceMib) => {
  let film: TestTorrent;
  beforeAll(() => {
    film = makeTorrent(bytes, pieceMib * MIB);
  });

  test.each([32, 96])(
    'play for two viewers with %i MiB of memory, and take no more than it or two pieces each',
    async (memoryMib) => {
      const seeds = [await room.seedOf(film, '127.0.1.1'), await room.seedOf(film, '127.0.1.2')];
      const { engine } = await room.startEngine({ memoryBytes: memoryMib * MIB, deadMs: 20_000 });
      await engine.open(specOf(film, seeds), NEVER);
      let most = 0;
      const watching = setInterval(() => {
        most = Math.max(most, engine.memory.usedBytes());
      }, 2);
      const first = { start: 5 * MIB, end: 72 * MIB };
      const second = { start: 72 * MIB + 77, end: 141 * MIB };
      // What a viewer has not read yet stays in memory; this one stops with its first part, until the other has seen it all.
      const [stopped, seen] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const pace = () => {
        stopped.resolve();
        return seen.promise;
      };
      const held = readBytes(engine, film, { range: second, pace, isHeld: true });
      await stopped.promise;
      const got = await readBytes(engine, film, { range: first });
      expect(got.equals(bytes.subarray(first.start, first.end))).toBe(true);
      seen.resolve();
      expect((await held).equals(bytes.subarray(second.start, second.end))).toBe(true);
      clearInterval(watching);
      expect(most / MIB).toBeGreaterThanOrEqual(pieceMib);
      expect(most / MIB).toBeLessThanOrEqual(Math.max(memoryMib, 4 * pieceMib));
    },
  );
});

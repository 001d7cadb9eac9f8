import { describe, expect, test } from 'vitest';
import { createKeptMemory } from '../../src/platform/kept-memory.ts';

/** Different for each salt, at all places. */
function bytes(length: number, salt: number): Buffer {
  const pattern = Buffer.from(Array.from({ length: 251 }, (_, index) => (index * 31 + salt) % 256));
  return Buffer.alloc(length, pattern);
}
const LENGTHS = [0, 1, 8191, 8192, 8193, 100_000];

describe('kept memory', () => {
  test('more than a slab holds', () => {
    const memory = createKeptMemory();
    const large = bytes(4 * 1024 * 1024 + 5, 3);
    expect(memory.keep(large).read().equals(large)).toBe(true);
  });

  test('gives back what it was given, whatever is kept and freed beside it', () => {
    const memory = createKeptMemory();
    const kept = Array.from({ length: 200 }, (_, salt) => {
      const length = LENGTHS[salt % LENGTHS.length] ?? 0;
      return { salt, length, held: memory.keep(bytes(length, salt)) };
    });
    for (const { held } of kept.filter(({ salt }) => salt % 3 === 0)) held.free();
    const more = kept.map(({ salt, length }) => ({
      ...{ salt: salt + 7, length },
      held: memory.keep(bytes(length, salt + 7)),
    }));
    for (const { salt, length, held } of [...kept.filter(({ salt }) => salt % 3 !== 0), ...more])
      expect(held.read().equals(bytes(length, salt))).toBe(true);
  });

  test('what was read stays as it is when its memory is used for others', () => {
    const memory = createKeptMemory();
    const held = memory.keep(bytes(20_000, 1));
    const read = held.read();
    held.free();
    memory.keep(bytes(20_000, 2));
    expect(read.equals(bytes(20_000, 1))).toBe(true);
    expect(() => held.read()).toThrow('freed');
  });

  test('takes no new memory where some was freed', () => {
    const memory = createKeptMemory();
    const source = bytes(100_000, 0);
    const fill = () => Array.from({ length: 100 }, () => memory.keep(source));
    for (const held of fill()) held.free();
    const before = process.memoryUsage().arrayBuffers;
    const [first, ...others] = fill();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
    // Twice: to free a thing twice gives its memory to nobody twice.
    first?.free();
    first?.free();
    const [a, b] = [memory.keep(bytes(100_000, 201)), memory.keep(bytes(100_000, 202))];
    expect(a.read().equals(bytes(100_000, 201))).toBe(true);
    expect(b.read().equals(bytes(100_000, 202))).toBe(true);
    for (const held of others) expect(held.read().equals(source)).toBe(true);
  });
});

import { expect, test } from 'vitest';
import { ReadPace } from '../../src/platform/http1/read-pace.ts';

const MIB = 1024 * 1024;

function paceAfter(...reads: number[]): ReadPace {
  const pace = new ReadPace();
  for (const bytes of reads) pace.count(bytes);
  return pace;
}

test('who reads 12 MiB within a tick is fast, short reads among them or not', () => {
  expect(paceAfter(6 * MIB, 1, 6 * MIB).isFast).toBe(true);
  // What the kernel takes of a viewer who reads nothing.
  expect(paceAfter(9 * MIB, MIB).isFast).toBe(false);
});

test('it is fast until a tick in which less comes', () => {
  const pace = paceAfter(12 * MIB);
  pace.tick(true);
  expect(pace.isFast).toBe(true);
  pace.count(11 * MIB);
  pace.tick(true);
  expect(pace.isFast).toBe(false);
});

test('who goes on after a connection that broke off is as fast as before', () => {
  const pace = new ReadPace();
  pace.begin(12 * MIB);
  expect(pace.isFast).toBe(true);
});

test('ticks of silence are counted in a row, and those only in which it was read', () => {
  const pace = new ReadPace();
  expect([pace.tick(true), pace.tick(true), pace.tick(false), pace.tick(true)]).toEqual([1, 2, 0, 1]);
  pace.count(1);
  expect([pace.tick(true), pace.tick(true)]).toEqual([0, 1]);
  pace.begin();
  expect(pace.tick(true)).toBe(1);
});

import { expect, test } from 'vitest';
import { jittered, nextCheckInterval, swarmChange } from '../../src/streams/torrent/health/check-schedule.ts';

const HOUR_S = 3600;

test.each([
  [12, 0, 24],
  [12, 0.049, 24],
  [12, 0.05, 12],
  [12, 0.099, 12],
  [12, 0.1, 9],
  [12, 0.199, 9],
  [24, 0.2, 12],
  [24, 0.5, 12],
  [24, 0.501, 6],
  [72, 7, 6],
  [48, 0, 72],
  [72, 0, 72],
  [6, 0.3, 6],
  [7, 0.15, 6],
])('after %d h and a change of %d it is %d h', (before, change, after) =>
  expect(nextCheckInterval(before * HOUR_S, change)).toBe(after * HOUR_S),
);

test.each([
  [100, 100, 0],
  [100, 95, 0.05],
  [100, 0, 1],
  [0, 3, 3],
  [0, 0, 0],
])('%d seeders that became %d changed by %d', (before, after, change) =>
  expect(swarmChange(before, after)).toBeCloseTo(change),
);

test('is due within 20 % of it and within 6 to 72 h, and not all at one moment', () => {
  for (const hours of [6, 7, 12, 30, 60, 72]) {
    const due = Array.from({ length: 101 }, (_, n) => jittered(hours * HOUR_S, n / 101) / HOUR_S);
    expect(Math.min(...due)).toBeGreaterThanOrEqual(Math.max(6, hours * 0.8) - 0.001);
    expect(Math.max(...due)).toBeLessThanOrEqual(Math.min(72, hours * 1.2) + 0.001);
    expect(new Set(due).size).toBe(101);
  }
});

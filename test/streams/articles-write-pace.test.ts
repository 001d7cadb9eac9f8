import { describe, expect, test } from 'vitest';
import { WritePace } from '../../src/streams/usenet/articles/write-pace.ts';

const MB = 1_000_000;
/** Which of the articles of one megabyte are kept that come at so many a second, over `seconds`. */
function keptOf(perSecond: number, seconds: number): boolean[] {
  const pace = new WritePace(0, 100 * MB, 20 * MB);
  return Array.from({ length: perSecond * seconds }, (_, index) =>
    pace.spend(MB, (index / perSecond) * 1000),
  );
}
const countOf = (kept: readonly boolean[]) => kept.filter(Boolean).length;

describe('how fast articles go to the disk', () => {
  test.each([1, 50, 99])('%i MB/s is within the pace: all of it is kept', (perSecond) => {
    expect(countOf(keptOf(perSecond, 10))).toBe(perSecond * 10);
  });

  test.each([200, 700, 2000])('of %i MB/s as much is kept as the pace allows', (perSecond) => {
    const count = countOf(keptOf(perSecond, 10));
    // What is kept in a run may be told at its end only.
    expect(count).toBeGreaterThan(950);
    expect(count).toBeLessThanOrEqual(1021);
  });

  test('what is kept of more lies together', () => {
    const kept = keptOf(700, 10);
    const begun = kept.filter((isKept, index) => isKept && kept[index - 1] !== true).length;
    expect(countOf(kept) / begun).toBeGreaterThanOrEqual(20);
  });

  test('one that is longer than a run is kept when a whole run is due', () => {
    const pace = new WritePace(0, 100 * MB, 20 * MB);
    expect(pace.spend(30 * MB, 0)).toBe(true);
    expect([pace.spend(MB, 290), pace.spend(MB, 310)]).toEqual([false, true]);
  });
});

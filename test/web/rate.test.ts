import { expect, test } from 'vitest';
import { etaOf, nextSamples, rateOf, type Sample } from '../../src/web/ui/rate.ts';

const after = (...samples: Sample[]) =>
  samples.reduce<Sample[]>((before, sample) => nextSamples(before, sample), []);

test('is that of the last half minute, and of nothing less than a second and a half', () => {
  expect(rateOf([])).toBeNull();
  expect(rateOf(after({ at: 0, done: 0 }, { at: 1000, done: 50 }))).toBeNull();
  expect(rateOf(after({ at: 0, done: 0 }, { at: 2000, done: 50 }))).toBe(25);
  // What went fast a minute ago counts no more.
  expect(
    rateOf(
      after(
        { at: 0, done: 0 },
        { at: 1000, done: 9000 },
        { at: 31_000, done: 9000 },
        { at: 61_000, done: 9060 },
      ),
    ),
  ).toBe(2);
});

test('stands when nothing is done, and begins anew with a new count', () => {
  expect(rateOf(after({ at: 0, done: 7 }, { at: 10_000, done: 7 }))).toBe(0);
  const anew = after({ at: 0, done: 900 }, { at: 5000, done: 1000 }, { at: 6000, done: 0 });
  expect(rateOf(anew)).toBeNull();
  expect(rateOf(nextSamples(anew, { at: 8000, done: 20 }))).toBe(10);
  // The same answer told twice is one.
  expect(after({ at: 5, done: 1 }, { at: 5, done: 1 })).toHaveLength(1);
});

test('the time left is told only while it goes on', () => {
  expect(etaOf(100, 4)).toBe(25_000);
  expect(etaOf(100, 0)).toBeNull();
  expect(etaOf(100, null)).toBeNull();
});

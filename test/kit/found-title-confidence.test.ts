import { expect, test } from 'vitest';
import { confidence, titleConfidence } from '../../src/kit/match-confidence.ts';

const likeness = (one: string, other: string) => confidence(one, [other]);

test.each([
  ['The Matrx', 'The Matrix', 94.74],
  ['Avatar', 'Avatar: The Way of Water', 40],
  ['the matrix ', 'The Matrix', 100],
  ['World', 'Word', 88.89],
  ['', 'x', 0],
  ['', '', 0],
  ['映画', '映画', 100],
])('%j and %j are %d %% alike, either way round', (one, other, percent) => {
  expect(Math.round(likeness(one, other) * 10_000) / 100).toBe(percent);
  expect(likeness(other, one)).toBeCloseTo(likeness(one, other), 6);
});

test('the best of its names counts, and another year keeps it from being sure', () => {
  const found = { title: 'La vita è bella', names: ['Life Is Beautiful'], year: 1997 };
  expect(titleConfidence({ title: 'Life is Beautiful' }, found)).toBe(1);
  expect(titleConfidence({ title: 'Life is Beautiful', year: 1998 }, found)).toBe(1);
  expect(titleConfidence({ title: 'Life is Beautiful', year: 2010 }, found)).toBeLessThan(0.8);
});

test('the longest names are compared in bounded time', () => {
  const began = performance.now();
  likeness('ab'.repeat(50_000), 'ba'.repeat(50_000));
  expect(performance.now() - began).toBeLessThan(1000);
});

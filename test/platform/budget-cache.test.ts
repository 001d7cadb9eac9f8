import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createBudget } from '../../src/platform/budget.ts';
import { createBudgetCache } from '../../src/play/budget-cache.ts';

const MIB = 1024 * 1024;
type Thing = { name: string };

function cacheIn(limitBytes: number, maxBytes = 64 * MIB) {
  const budget = createBudget({ limitBytes });
  const dropped: string[] = [];
  const cache = createBudgetCache<Thing>({
    budget,
    maxBytes,
    maxCount: 10,
    onDropped: ({ name }) => dropped.push(name),
  });
  const keep = (name: string, bytes: number) => {
    const thing = { name };
    cache.set(name, thing, bytes);
    return thing;
  };
  const names = (...all: string[]) => all.filter((name) => cache.get(name) !== undefined).join('');
  return { budget, cache, dropped, keep, names };
}

test('what is kept counts in the budget, and what was not used longest gives way to streams', () => {
  const { budget, cache, dropped, keep } = cacheIn(16 * MIB);
  for (const name of 'abc') keep(name, 2 * MIB);
  expect(budget.cachedBytes()).toBe(6 * MIB);
  cache.get('a');
  const stream = budget.open(16 * MIB);
  stream.hold(11 * MIB);
  expect([dropped.join(''), budget.cachedBytes()]).toEqual(['b', 4 * MIB]);
  stream.hold(5 * MIB);
  expect([dropped.join(''), budget.cachedBytes()]).toEqual(['bca', 0]);
  keep('d', 1);
  expect(cache.get('d')).toBeUndefined();
  stream.close();
  keep('e', 1);
  expect(cache.get('e')).toEqual({ name: 'e' });
});

test('the newest is kept, in half of the budget or less, unless it alone is too large: then all stays as it is', () => {
  const { budget, keep, names } = cacheIn(16 * MIB);
  for (const name of 'abcde') keep(name, 2 * MIB);
  expect(names(...'abcde')).toBe('bcde');
  keep('f', 8 * MIB + 1);
  expect(names(...'bcdef')).toBe('bcde');
  keep('g', 7 * MIB);
  expect([names(...'bcdefg'), budget.cachedBytes()]).toEqual(['g', 7 * MIB]);
  const small = cacheIn(16 * MIB, MIB);
  small.keep('a', MIB);
  small.keep('b', 1);
  expect([small.names('a', 'b'), small.budget.cachedBytes()]).toEqual(['b', 1]);
});

test('what grows pushes others out, and goes itself where it does not fit any more', () => {
  const { budget, cache, keep, names } = cacheIn(16 * MIB);
  const a = keep('a', 2 * MIB);
  keep('b', 2 * MIB);
  const c = keep('c', 2 * MIB);
  cache.grow(c, 3 * MIB);
  expect([names('a', 'b', 'c'), budget.cachedBytes()]).toEqual(['bc', 7 * MIB]);
  cache.grow(a, MIB);
  cache.grow({ name: 'never kept' }, MIB);
  expect(budget.cachedBytes()).toBe(7 * MIB);
  cache.grow(c, 4 * MIB);
  expect([names('b', 'c'), budget.cachedBytes()]).toEqual(['b', 2 * MIB]);
});

test('the same thing again is measured anew and was not dropped; another in its place drops it', () => {
  const { budget, cache, dropped, keep } = cacheIn(16 * MIB);
  const a = keep('a', 2 * MIB);
  cache.set('a', a, 3 * MIB);
  expect([dropped.length, budget.cachedBytes()]).toEqual([0, 3 * MIB]);
  cache.set('a', { name: 'another a' }, MIB);
  expect([dropped, budget.cachedBytes()]).toEqual([['a'], MIB]);
  cache.clear();
  expect([dropped, budget.cachedBytes()]).toEqual([['a', 'another a'], 0]);
});

test('what is over is not given out, and so many are kept', async () => {
  const { budget, cache, keep, names } = cacheIn(16 * MIB);
  cache.set('short', { name: 'short' }, MIB, 20);
  expect(cache.get('short')).toBeDefined();
  await sleep(40);
  expect(cache.get('short')).toBeUndefined();
  expect(budget.cachedBytes()).toBe(0);
  for (const name of 'abcdefghijk') keep(name, 1);
  expect([names(...'abcdefghijk'), budget.cachedBytes()]).toEqual(['bcdefghijk', 10]);
});

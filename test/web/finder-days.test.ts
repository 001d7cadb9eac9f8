import { expect, test } from 'vitest';
import type { Finder } from '../../src/web/ui/finder-api.ts';
import { finderLines, finderPlot, secondsIn } from '../../src/web/ui/finder-days.ts';

const DAY = '2026-11-25';
const finder = (finderId: string, name: string): Finder => ({
  ...{ finderId, name, kind: 'torznab', host: 'a.example', hasKey: true, categories: [], state: 'approved' },
  ...{ patterns: [], asked: 0, found: 0, failures: 0, lastError: null, lastFailure: null },
  ...{ lastAskedAt: null, restUntil: null, nextPollAt: null },
});

test('failures are no answers, and a day without an answer has no time to one', () => {
  const days = [
    { day: DAY, asked: 5, failures: 1, found: 30, answerMs: 2000 },
    { day: '2026-11-26', asked: 2, failures: 2, found: 0, answerMs: 0 },
  ];
  // Two of one name are two; one that was never asked has no line.
  const finders = [finder('a', 'Same'), finder('b', 'Same'), finder('c', 'Idle')];
  const lines = finderLines(finders, [
    { finderId: 'b', days },
    { finderId: 'a', days: days.slice(0, 1) },
    { finderId: 'removed meanwhile', days },
  ]);
  expect(lines.map(({ key, of }) => [key, ...of])).toEqual([
    ['p0', 'a'],
    ['p1', 'b'],
  ]);
  expect(finderPlot(lines, [DAY, '2026-11-26'])).toEqual({
    answered: [
      { day: DAY, p0: 4, p1: 4 },
      { day: '2026-11-26', p0: 0, p1: 0 },
    ],
    failed: [
      { day: DAY, p0: 1, p1: 1 },
      { day: '2026-11-26', p0: 0, p1: 2 },
    ],
    waited: [
      { day: DAY, p0: 0.5, p1: 0.5 },
      { day: '2026-11-26', p0: null, p1: null },
    ],
  });
  expect(secondsIn([])).toBeNull();
});

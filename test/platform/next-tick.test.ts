import { expect, test } from 'vitest';
import { jobs } from '../../src/jobs.ts';
import { nextTick } from '../../src/platform/next-tick.ts';

const at = (text: string) => Date.parse(`${text}Z`);

test.each([
  ['42 * * * *', '2026-11-27T08:41:59', '2026-11-27T08:42:00'],
  ['42 * * * *', '2026-11-27T08:42:00', '2026-11-27T09:42:00'],
  ['*/30 * * * *', '2026-11-27T23:30:01', '2026-11-28T00:00:00'],
  ['10 4 * * *', '2026-12-31T04:10:00', '2027-01-01T04:10:00'],
  ['* * * * *', '2026-11-27T08:00:30', '2026-11-27T08:01:00'],
])('%s after %s is %s', (every, after, next) => {
  expect(nextTick(every, at(after))).toBe(at(next));
});

test('every schedule of ours is understood', () => {
  const now = at('2026-11-27T08:00:00');
  for (const { name, every } of jobs)
    if (every !== null) expect(nextTick(every, now), name).toBeGreaterThan(now);
});

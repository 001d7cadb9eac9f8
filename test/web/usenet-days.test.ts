import { expect, test } from 'vitest';
import { colorsIn, daysOf, sumOf } from '../../src/web/ui/day-lines.ts';
import type { Provider } from '../../src/web/ui/usenet-api.ts';
import { missingShare, providerLines, usagePlot } from '../../src/web/ui/usenet-days.ts';

const DAY = '2026-11-25';

const provider = (name: string, gigabytes: number, missing = 0, articles = 9): Provider => ({
  name,
  state: null,
  usage: [{ day: DAY, bytes: gigabytes * 1e9, articles, missing, failures: 0 }],
});

test('the last 30 days end today, in UTC', () => {
  const days = daysOf(Date.parse('2026-11-26T00:30:00Z'));
  expect([days.length, days[0], days.at(-1)]).toEqual([30, '2026-10-28', '2026-11-26']);
});

test('a day on which nobody was asked gave nothing, and lacked neither all nor nothing', () => {
  const lines = providerLines([provider('news.a', 2, 1)]);
  expect(lines).toMatchObject([{ key: 'p0', name: 'news.a', color: 'river.6' }]);
  expect(usagePlot(lines, [DAY, '2026-11-26'])).toEqual({
    used: [
      { day: DAY, p0: 2 },
      { day: '2026-11-26', p0: 0 },
    ],
    lacked: [
      { day: DAY, p0: 10 },
      { day: '2026-11-26', p0: null },
    ],
  });
  expect(missingShare([])).toBeNull();
});

test('of more providers than colours those that gave least are one line', () => {
  const lines = providerLines(Array.from({ length: 10 }, (_, index) => provider(`p${index}`, 10 - index)));
  expect(lines.map(({ name }) => name)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', '3 others']);
  const others = lines.at(-1)?.byDay.get(DAY) ?? [];
  expect([sumOf(others, 'bytes'), sumOf(others, 'articles')]).toEqual([6e9, 27]);
  const colors = colorsIn(lines);
  expect(new Set(colors.values()).size).toBe(8);
  expect(colors.get('p9')).toBe(lines.at(-1)?.color);
});

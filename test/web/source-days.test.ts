import { expect, test } from 'vitest';
import { newest, probePlot, providerPlots } from '../../src/web/ui/source-days.ts';

const DAYS = ['2026-11-25', '2026-11-26', '2026-11-27'];
const probes = [
  {
    ...{ day: '2026-11-26', probes: 4, successes: 3, connectMs: 2, listingMs: 30 },
    ...{ firstByteMs: 40, bytesPerSecond: 1_250_000 },
  },
];
const isp = (ispName: string | null, day: string, reports: number, reachable: number) => ({
  ...{ ispName, day, reports, reachable, responseMs: reachable > 0 ? 80 : null },
});

test('each provider and this server have a line of percents and one of milliseconds, with nothing where nobody spoke', () => {
  const isps = [isp('a.b', '2026-11-25', 4, 1), isp(null, '2026-11-27', 2, 0)];
  const { lines, reached, answered } = providerPlots({ probes, isps }, DAYS);
  expect(lines.map(({ key, name }) => [key, name])).toEqual([
    ['own', 'this server'],
    ['p0', 'a.b'],
    ['p1', 'all others'],
  ]);
  expect(new Set(lines.map(({ color }) => color)).size).toBe(3);
  expect(reached).toEqual([
    { day: '2026-11-25', own: null, p0: 25, p1: null },
    { day: '2026-11-26', own: 75, p0: null, p1: null },
    { day: '2026-11-27', own: null, p0: null, p1: 0 },
  ]);
  expect(answered.map(({ own, p0, p1 }) => [own, p0, p1])).toEqual([
    [null, 80, null],
    [30, null, null],
    [null, null, null],
  ]);
});

test('what lies before the days that are shown is left out', () => {
  const old = [isp('a', '2026-01-01', 1, 1)];
  expect(providerPlots({ probes: [], isps: old }, DAYS).reached.every(({ p0 }) => p0 === null)).toBe(true);
});

test('probes are milliseconds and Mbit/s; the newest known value is told', () => {
  const plot = probePlot(probes, DAYS);
  expect(plot[1]).toEqual({ day: '2026-11-26', connectMs: 2, listingMs: 30, firstByteMs: 40, mbit: 10 });
  expect([newest(plot, 'mbit'), newest(plot, 'connectMs'), newest([], 'mbit')]).toEqual([10, 2, null]);
});

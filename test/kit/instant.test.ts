import { expect, test } from 'vitest';
import { instantOf } from '../../src/kit/instant.ts';

test.each([
  ['2026-01-31T20:15:00Z', '2026-01-31T20:15:00.000Z'],
  ['2026-01-31T20:15:00.123456789+01:00', '2026-01-31T19:15:00.123Z'],
  ['2024-02-29T23:30:00-0200', '2024-03-01T01:30:00.000Z'],
  [' Sat, 31 Jan 2026 20:15:00 GMT\n', '2026-01-31T20:15:00.000Z'],
  ['Sat, 31 Jan 2026 23:15:00 -0300', '2026-02-01T02:15:00.000Z'],
  ['Saturday, 31-Jan-26 20:15:00 GMT', '2026-01-31T20:15:00.000Z'],
  ['2026-02-31T20:15:00Z', null],
  ['2025-02-29T20:15:00Z', null],
  ['Sat, 31 Feb 2026 20:15:00 GMT', null],
  ['2026-13-01T00:00:00Z', null],
  ['2026-01-31T25:00:00Z', null],
  ['2026-01-31 20:15', null],
  ['yesterday', null],
  ['', null],
])('%j is %s', (text, instant) => {
  expect(instantOf(text)?.toISOString() ?? null).toBe(instant);
});

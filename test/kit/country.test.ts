import { expect, test } from 'vitest';
import { countryOf } from '../../src/kit/country.ts';

test.each([
  ['US', 'US'],
  ['usa', 'US'],
  ['gbr', 'GB'],
  ['United Kingdom', 'GB'],
  ['UK', 'GB'],
  ['Germany', 'DE'],
  ['West Germany', 'DE'],
  ['Türkiye', 'TR'],
  ['turkiye', 'TR'],
  ['South Korea', 'KR'],
  ['Bosnia & Herzegovina', 'BA'],
  [' Côte d’Ivoire ', 'CI'],
  ['Soviet Union', null],
  ['', null],
  ['XX', null],
  ['a'.repeat(10_000), null],
])('%s is %s', (spelling, code) => {
  expect(countryOf(spelling)).toBe(code);
});

test('every country has two and three letters of its own', () => {
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
  const codes = letters.flatMap((a) => letters.map((b) => a + b)).filter((code) => countryOf(code) === code);
  expect(codes).toHaveLength(249);
  for (const code of codes) expect(countryOf(names.of(code) ?? ''), code).toBe(code);
  const three = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
  expect(new Set(three.flatMap((spelling) => countryOf(spelling) ?? [])).size).toBe(249);
});

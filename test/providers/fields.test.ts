import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { knownFields } from '../../src/kit/known-fields.ts';
import {
  day,
  distinct,
  endAfter,
  idNumber,
  line,
  listOf,
  minutes,
  prose,
  ratingOf,
  webUrl,
  wholeListOf,
  yearOf,
  youtubeOf,
} from '../../src/providers/fields.ts';
import { byNumber, pagesOf, untilOlder } from '../../src/providers/pages.ts';
import { all } from './provider-contract.ts';

describe('fields of an answer', () => {
  const Fields = z.object({
    line: line(10),
    prose: prose(),
    day: day(),
    minutes: minutes(),
    url: webUrl(),
    id: idNumber(),
    list: listOf(z.string()),
  });

  test('that are missing or null are left out', () => {
    const nothing = { list: [] };
    expect(Fields.parse({})).toEqual(nothing);
    const nulls = Object.fromEntries(Object.keys(Fields.shape).map((name) => [name, null]));
    expect(Fields.parse(nulls)).toEqual(nothing);
    expect(Fields.parse({ line: ' \0 ', prose: '<p></p>', day: '', minutes: 0, url: '', id: 0 })).toEqual(
      nothing,
    );
  });

  test('of another type are left out, of a list the entries that are not so', () => {
    for (const [name, value] of Object.entries({
      line: 7,
      prose: [],
      day: 2008,
      minutes: '47',
      url: {},
      id: true,
      list: 'x',
    }))
      expect(Fields.parse({ [name]: value }), name).toEqual({ list: [] });
    expect(Fields.parse({ list: ['a', 7, null, 'b'] }).list).toEqual(['a', 'b']);
  });

  test('a list that is the whole answer has an entry that is so, or none at all', () => {
    const Whole = wholeListOf(z.object({ id: z.int() }));
    expect(Whole.parse([{ id: 1 }, { id: 'x' }, 7])).toEqual([{ id: 1 }]);
    expect(Whole.parse([])).toEqual([]);
    for (const other of [[{ id: 'x' }, 7], {}, null, 'text', undefined])
      expect(Whole.safeParse(other).success, JSON.stringify(other)).toBe(false);
  });

  test('hold no markup, no null characters and no half letter', () => {
    const html = '<p>One <b>two</b> &amp; three &lt;3.<br/>Four</p>\r\n\r\n\r\n\r\n<p>1 < 2</p>';
    expect(Fields.parse({ prose: html }).prose).toBe('One two & three <3.\nFour\n1 < 2');
    expect(Fields.parse({ line: '123456789😀' }).line).toBe('123456789');
    expect(Fields.parse({ line: 'a\0b' }).line).toBe('ab');
    const began = performance.now();
    Fields.parse({ prose: '<a'.repeat(500_000) + '&'.repeat(500_000) });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test.each([
    ['2008-01-20', '2008-01-20'],
    ['2008-01-21T02:00:00.000Z', '2008-01-21'],
    ['0000-00-00', undefined],
    ['2008-02-30', undefined],
    ['2008', undefined],
    ['20080120', undefined],
    ['1066-10-14', undefined],
  ])('the day of %s is %s', (text, expected) => {
    expect(Fields.parse({ day: text }).day).toBe(expected);
  });

  test('are addresses of the web only', () => {
    for (const url of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      '//cdn/x.jpg',
      'https://',
      `https://x/${'y'.repeat(3000)}`,
    ])
      expect(Fields.parse({ url }).url, url).toBeUndefined();
  });
});

test('what a title is made of', () => {
  expect(knownFields({ a: 1, b: undefined, c: [], d: '' })).toEqual({ a: 1, d: '' });
  expect(distinct(['b', null, 'a', undefined, 'b', '', 'c'], { max: 2 })).toEqual(['b', 'a']);
  expect([yearOf('2008–2013'), yearOf('20081'), yearOf('12'), yearOf(undefined)]).toEqual([
    2008,
    undefined,
    undefined,
    undefined,
  ]);
  expect([endAfter('2008-01-01', '2007-01-01'), endAfter(undefined, '2007-01-01')]).toEqual([
    undefined,
    '2007-01-01',
  ]);
  expect(ratingOf('imdb', 8.1, { max: 10, votes: 5 })).toEqual([{ provider: 'imdb', rating: 8.1, votes: 5 }]);
  for (const rating of [0, -1, 11, Number.NaN, undefined])
    expect(ratingOf('imdb', rating, { max: 10 })).toEqual([]);
  for (const address of [
    'XZ8daibM3AE',
    'https://youtu.be/XZ8daibM3AE?t=1',
    'http://www.youtube.com/watch?a=b&v=XZ8daibM3AE',
  ])
    expect(youtubeOf(address), address).toEqual({ youtube: 'XZ8daibM3AE' });
  for (const other of ['https://vimeo.com/1', 'XZ8daibM3AEx', '', null])
    expect(youtubeOf(other)).toBeUndefined();
});

test('pages end with one that is not full, and never go on for ever', async () => {
  const asked: number[] = [];
  const page = (sizes: readonly number[]) => async (number: number) => {
    asked.push(number);
    return Array.from({ length: sizes[number] ?? 2 }, (_, index) => number * 10 + index);
  };
  expect(await all(pagesOf({ size: 2, max: 9 }, page([2, 2, 1])))).toEqual([0, 1, 10, 11, 20]);
  expect(await all(pagesOf({ size: 2, max: 3 }, page([])))).toHaveLength(6);
  expect(asked).toEqual([0, 1, 2, 0, 1, 2]);
  const episodes = pagesOf({ size: 2, max: 1 }, async () => [
    { number: 2, title: 'old' },
    { number: 1 },
    { number: 2, title: 'new' },
  ]);
  expect(await byNumber(episodes)).toEqual([{ number: 1 }, { number: 2, title: 'new' }]);
  const changes = pagesOf({ size: 1, max: 5 }, async (number) => [[5, 5, 4, 3, 2][number] ?? 0]);
  const told = untilOlder(changes, new Date(3), (atMs) => ({
    id: atMs === 4 ? null : { provider: 'x', value: String(atMs) },
    atMs,
  }));
  expect(await all(told)).toEqual([
    { provider: 'x', value: '5' },
    { provider: 'x', value: '3' },
  ]);
});

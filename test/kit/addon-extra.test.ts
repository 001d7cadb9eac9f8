import { describe, expect, test } from 'vitest';
import { parseAddonPath, skipOf } from '../../src/addon/extra.ts';
import { AppError } from '../../src/kit/errors.ts';

const extras = (path: string) => Object.fromEntries(parseAddonPath(path)?.extra ?? []);
function codeOf(work: () => unknown): string {
  try {
    work();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe('a path', () => {
  test('is read into resource, type, id and extras', () => {
    expect(parseAddonPath('/catalog/movie/popular/genre=Drama&skip=100.json')).toEqual({
      resource: 'catalog',
      type: 'movie',
      id: 'popular',
      extra: new Map([
        ['genre', 'Drama'],
        ['skip', '100'],
      ]),
    });
    expect(parseAddonPath('/meta/movie/tt0063350.json')?.extra.size).toBe(0);
  });

  test.each([
    ['/meta/movie/trib%3Aa.json', 'trib:a'],
    ['/meta/movie/trib:a.json', 'trib:a'],
    ['/meta/movie/a%2Fb.json', 'a/b'],
    ['/meta/movie/a%252Fb.json', 'a%2Fb'],
    ['/meta/movie/%E6%98%A0%E7%94%BB.json', '映画'],
    ['/meta/movie/a+b.json', 'a+b'],
    ['/meta/movie/a%20b.json', 'a b'],
    ['/meta/movie/.json.json', '.json'],
  ])('%s has the id %s, decoded once', (path, id) => {
    expect(parseAddonPath(path)?.id).toBe(id);
  });

  test.each([
    '/meta/movie/tt1',
    '/meta/movie.json',
    '/meta.json',
    '/',
    '',
    '/other/movie/tt1.json',
    '/Meta/movie/tt1.json',
    '/meta/movie/tt1/a=1/b=2.json',
    '/meta%2Fmovie/tt1.json',
    'meta/movie/tt1.json?x.json',
    '/meta/movie/tt1?x.json',
    '/__proto__/movie/tt1.json',
  ])('%s is none of ours', (path) => {
    expect(parseAddonPath(path)).toBeNull();
  });

  test.each(['/meta/movie/%.json', '/meta/%zz/a.json', '/meta/movie/%C3%28.json', '/meta/movie/a%00.json'])(
    '%s is refused with a reason',
    (path) => {
      expect(codeOf(() => parseAddonPath(path))).toBe('addon.bad_path');
    },
  );

  test('has no part longer than 2,048 characters', () => {
    expect(parseAddonPath(`/meta/movie/${'a'.repeat(2048)}.json`)?.id).toHaveLength(2048);
    expect(codeOf(() => parseAddonPath(`/meta/movie/${'a'.repeat(2049)}.json`))).toBe('addon.bad_path');
    expect(codeOf(() => extras(`/catalog/movie/search/search=${'%20'.repeat(700)}.json`))).toBe(
      'addon.bad_path',
    );
  });
});

describe('extras', () => {
  test.each([
    ['search=a%26b&skip=100', { search: 'a&b', skip: '100' }],
    ['search=a%3Db=c', { search: 'a=b=c' }],
    ['search=%2B+%20', { search: '+  ' }],
    ['search=film%202%26%C3%A9', { search: 'film 2&é' }],
    ['a%3Db=c', { 'a=b': 'c' }],
    ['search=', { search: '' }],
    ['&skip=1&&', { skip: '1' }],
    ['skip=1&skip=2', { skip: '2' }],
    ['search=50%25', { search: '50%' }],
  ])('%s are split before they are decoded', (text, expected) => {
    expect(extras(`/catalog/movie/search/${text}.json`)).toEqual(expected);
  });

  test('end where a query begins', () => {
    expect(extras('/catalog/movie/search/skip=1.json?skip=2&search=x.json')).toEqual({ skip: '1' });
  });

  test('are names with values: no name is refused, and so is no equals sign', () => {
    for (const text of ['=1', 'skip', 'skip=1&x'])
      expect(codeOf(() => extras(`/catalog/movie/search/${text}.json`))).toBe('addon.bad_extra');
  });

  test('named like a part of every object are plain names', () => {
    const { extra } = parseAddonPath('/catalog/movie/search/__proto__=1&constructor=2.json') ?? {};
    expect([...(extra ?? [])]).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });
});

describe('skip', () => {
  const skip = (text?: string) => skipOf(new Map(text === undefined ? [] : [['skip', text]]));

  test('is a number of items, 0 when nothing is said', () => {
    expect([skip(), skip('0'), skip('100'), skip('007'), skip('123456789012345')]).toEqual([
      0, 0, 100, 7, 123_456_789_012_345,
    ]);
  });

  test.each(['', '-1', '1.5', '1e3', '0x10', ' 1', '１００', 'NaN', '1234567890123456'])(
    '%j is refused',
    (text) => {
      expect(codeOf(() => skip(text))).toBe('addon.bad_skip');
    },
  );
});

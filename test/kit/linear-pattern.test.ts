import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../src/kit/linear-pattern.ts';

describe('a pattern of a user', () => {
  test('tells what its named groups hold, case not minded', () => {
    const pattern = compilePattern('^(?P<title>.+?) s(?P<season>\\d+)e(?P<episode>\\d+)(?P<rest>x)?');
    expect(pattern.find('Some Show S02E05 1080p')).toEqual({
      title: 'Some Show',
      season: '02',
      episode: '05',
    });
    expect(pattern.find('Some Film 2020')).toBeNull();
  });

  test.each([
    ['(a+)+$'],
    ['(a|aa)+$'],
    ['(.*a){15}b$'],
    ['(x+x+)+y'],
    ['([a-zA-Z]+)*$'],
    ['(?:a?){100}a{100}$'],
    ['^(?:.*,){11}P'],
    ['[\\p{L}]{900}z'],
  ])('%s ends in time', (source) => {
    const begun = performance.now();
    const pattern = compilePattern(source);
    for (const text of [`${'a'.repeat(100_000)}!`, 'x'.repeat(100_000), '1,'.repeat(50_000)])
      pattern.find(text);
    // A backtracking engine takes longer than the sun burns.
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  test.each([
    ['(?=a)'],
    ['(a)\\1'],
    ['('],
    ['a{2000}'],
    ['((a{1,100}){1,100}){1,100}'],
    ['(?:a?){500}(?:a?){500}'],
    ['x'.repeat(301)],
    ['[[:nothing:]]'],
  ])('%s is refused', (source) => {
    expect(() => compilePattern(source)).toThrow(expect.objectContaining({ code: 'pattern.invalid' }));
  });
});

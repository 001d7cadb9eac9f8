import { expect, test } from 'vitest';
import { wholeSize } from '../../src/kit/whole-size.ts';

test.each([
  ['0', 0],
  ['9007199254740991', 2 ** 53 - 1],
  ['9007199254740992', null],
  ['99999999999999999999', null],
  ['-1', null],
  ['1.5', null],
  ['1e3', null],
  ['', null],
])('%j is a size of %s', (text, size) => expect(wholeSize(text)).toBe(size));

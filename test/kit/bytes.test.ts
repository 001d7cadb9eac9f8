import { describe, expect, it } from 'vitest';
import { formatBytes, parseSize } from '../../src/kit/bytes.ts';

describe('parseSize', () => {
  it.each([
    ['1.4 GB', 1_400_000_000],
    ['1,4 GB', 1_400_000_000],
    ['700MB', 700_000_000],
    ['700 mib', 734_003_200],
    ['1.4G', 1_503_238_554],
    ['512', 512],
    ['512 B', 512],
    ['512 bytes', 512],
    ['1,234,567', 1_234_567],
    ['1.234.567', 1_234_567],
    ['1,234.5 MB', 1_234_500_000],
    ['2 TB', 2_000_000_000_000],
    ['0', 0],
  ])('%s = %i bytes', (text, expected) => expect(parseSize(text)).toBe(expected));

  it.each(['', '-', 'GB', '1.2.3 GB', '-1 GB', '1 XB', '1e9', '99999999999999 PB', 'NaN', '1 GB 2'])(
    'refuses %j',
    (text) => expect(parseSize(text)).toBeNull(),
  );
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1_400_000_000, '1.4 GB'],
    [14_200_000_000, '14 GB'],
    [999_999_999, '1 GB'],
    [9_960_000, '10 MB'],
    [Number.MAX_SAFE_INTEGER, '9 PB'],
    [-1, ''],
    [Number.NaN, ''],
  ])('%d → %j', (sizeBytes, expected) => expect(formatBytes(sizeBytes)).toBe(expected));

  it('prints what it can read back', () => {
    for (const text of ['512 B', '1.4 GB', '14 GB', '999 kB', '3.2 TB']) {
      expect(formatBytes(parseSize(text) ?? -1)).toBe(text);
    }
  });
});

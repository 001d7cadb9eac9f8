import { describe, expect, it } from 'vitest';
import { contentRange, parseRangeHeader, unsatisfiedContentRange } from '../../src/kit/range.ts';

const SIZE = 1000;
const NONE = { kind: 'none' };
const UNSATISFIABLE = { kind: 'unsatisfiable' };
const ranges = (...pairs: [number, number][]) => ({
  kind: 'ranges',
  ranges: pairs.map(([start, end]) => ({ start, end })),
});

describe('parseRangeHeader', () => {
  it.each([
    ['bytes=0-', [0, 1000]],
    ['bytes=0-999', [0, 1000]],
    ['bytes=0-0', [0, 1]],
    ['bytes=10-19', [10, 20]],
    ['bytes=999-', [999, 1000]],
    ['bytes=990-5000', [990, 1000]],
    ['bytes=-5', [995, 1000]],
    ['bytes=-1000', [0, 1000]],
    ['bytes=-5000', [0, 1000]],
    ['Bytes=5-6', [5, 7]],
    ['bytes=00005-006', [5, 7]],
    ['bytes= 5-6 ', [5, 7]],
    ['bytes=5-6,', [5, 7]],
    ['bytes=0-99999999999999999999999999', [0, 1000]],
    ['bytes=-99999999999999999999999999', [0, 1000]],
  ] as [string, [number, number]][])('reads %s as one range', (header, pair) => {
    expect(parseRangeHeader(header, SIZE)).toEqual(ranges(pair));
  });

  it.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=-0', 'bytes=9007199254740993-', 'bytes=-0,2000-'])(
    'answers 416 to %s',
    (header) => expect(parseRangeHeader(header, SIZE)).toEqual(UNSATISFIABLE),
  );

  it.each(['bytes=0-', 'bytes=-1', 'bytes=0-0'])('answers 416 to %s on an empty file', (header) => {
    expect(parseRangeHeader(header, 0)).toEqual(UNSATISFIABLE);
  });

  it.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=a-b',
    'bytes=NaN-1',
    'bytes=5-4',
    'bytes=1-2-3',
    'bytes=1 - 2',
    'bytes=--5',
    'bytes=+1-2',
    'bytes=0x1-2',
    'bytes=1.5-2',
    'bytes:0-1',
    'bytes =0-1',
    'seconds=0-1',
    'bytes=0-1;2-3',
    'bytes=0-1, bytes=2-3',
    'bytes=0-1,5-4',
    'bytes=9007199254740993-9007199254740992',
  ])('ignores %s', (header) => expect(parseRangeHeader(header, SIZE)).toEqual(NONE));

  it('keeps positions near 2^53 exact', () => {
    const size = Number.MAX_SAFE_INTEGER;
    expect(parseRangeHeader('bytes=9007199254740989-9007199254740990', size)).toEqual(
      ranges([9007199254740989, 9007199254740991]),
    );
    expect(parseRangeHeader('bytes=9007199254740990-', size)).toEqual(ranges([size - 1, size]));
    expect(parseRangeHeader('bytes=9007199254740991-', size)).toEqual(UNSATISFIABLE);
  });

  it('coalesces overlapping and adjacent ranges and sorts the rest, so that one pass upstream is enough', () => {
    expect(parseRangeHeader('bytes=0-9,10-19', SIZE)).toEqual(ranges([0, 20]));
    expect(parseRangeHeader('bytes=0-9,5-19,100-', SIZE)).toEqual(ranges([0, 20], [100, 1000]));
    expect(parseRangeHeader('bytes=0-9,11-19', SIZE)).toEqual(ranges([0, 10], [11, 20]));
    expect(parseRangeHeader('bytes=-1,0-0', SIZE)).toEqual(ranges([0, 1], [999, 1000]));
    expect(parseRangeHeader('bytes=0-499,100-199', SIZE)).toEqual(ranges([0, 500]));
  });

  it('drops unsatisfiable members of a set that has satisfiable ones', () => {
    expect(parseRangeHeader('bytes=5000-,0-1,-0', SIZE)).toEqual(ranges([0, 2]));
  });

  it('takes eight disjoint ranges and answers nine with the whole body', () => {
    const set = (count: number) =>
      Array.from({ length: count }, (_, i) => `${i * 10}-${i * 10 + 4}`).join(',');
    expect(parseRangeHeader(`bytes=${set(8)}`, SIZE)).toMatchObject({ kind: 'ranges' });
    expect(parseRangeHeader(`bytes=${set(9)}`, SIZE)).toEqual(NONE);
  });

  it('counts ranges after coalescing: nine adjacent ones are one', () => {
    const set = Array.from({ length: 9 }, (_, i) => `${i * 10}-${i * 10 + 9}`).join(',');
    expect(parseRangeHeader(`bytes=${set}`, SIZE)).toEqual(ranges([0, 90]));
  });

  it('answers more than two overlaps with the whole body', () => {
    expect(parseRangeHeader('bytes=0-9,5-14,10-19', SIZE)).toEqual(ranges([0, 20]));
    expect(parseRangeHeader('bytes=0-9,1-10,2-11,3-12', SIZE)).toEqual(NONE);
    expect(parseRangeHeader('bytes=0-,0-,0-,0-', SIZE)).toEqual(NONE);
  });

  it('answers 416, not 200, when none of very many is satisfiable', () => {
    const set = Array.from({ length: 50 }, () => '2000-3000').join(',');
    expect(parseRangeHeader(`bytes=${set}`, SIZE)).toEqual(UNSATISFIABLE);
  });

  it('gives ranges inside the file, ascending and apart, for any header of digits and separators', () => {
    let seed = 20_240_601;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 5000; round += 1) {
      const size = random(50);
      const header = `bytes=${Array.from({ length: 1 + random(12) }, () => '0123456789--,, '[random(15)]).join('')}`;
      const parsed = parseRangeHeader(header, size);
      if (parsed.kind !== 'ranges') continue;
      let previousEnd = -1;
      for (const { start, end } of parsed.ranges) {
        expect(start, header).toBeGreaterThan(previousEnd);
        expect(end, header).toBeGreaterThan(start);
        expect(end, header).toBeLessThanOrEqual(size);
        previousEnd = end;
      }
    }
  });
});

describe('Content-Range', () => {
  it('is inclusive on the wire', () => {
    expect(contentRange({ start: 0, end: 1 }, 10)).toBe('bytes 0-0/10');
    expect(contentRange({ start: 5, end: 10 }, null)).toBe('bytes 5-9/*');
    expect(unsatisfiedContentRange(10)).toBe('bytes */10');
  });
});

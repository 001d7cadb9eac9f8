import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { releaseKey } from '../../src/streams/usenet/nzb/key.ts';
import type { Nzb } from '../../src/streams/usenet/nzb/nzb.ts';
import { packNzb, unpackNzb } from '../../src/streams/usenet/nzb/pack.ts';

const odd: Nzb = {
  ...{ title: null, password: 'ä"\n' },
  files: [
    {
      ...{ subject: 'a "b" ü', poster: null, postedAt: null, groups: [] },
      segments: [1, 2, 3, 7, 9, 10].map((number) => ({
        number,
        bytes: 700 + (number % 3),
        id: `${number}@x`,
      })),
      missing: [4, 5, 6, 8, 11],
    },
    {
      ...{ subject: '', poster: 'p', postedAt: 1_764_000_000, groups: ['a', 'b'] },
      segments: [{ number: 1, bytes: 5, id: 'z@x' }],
      missing: [],
    },
  ],
};

describe('an NZB that is kept', () => {
  test('comes back as it was', async () => {
    expect(await unpackNzb(await packNzb(odd))).toEqual(odd);
  });

  test('takes little more than its ids', async () => {
    const segments = Array.from({ length: 7000 }, (_, index) => ({
      ...{ number: index + 1, bytes: 740_000, id: `${randomBytes(12).toString('hex')}@x.invalid` },
    }));
    const packed = await packNzb({
      title: null,
      password: null,
      files: [{ subject: 's', poster: 'p', postedAt: 1, groups: ['g'], segments, missing: [] }],
    });
    // 12 random bytes each; 36 characters in the NZB, in a line of 90.
    expect(packed.length).toBeLessThan(7000 * 16);
  });

  test.each([
    ['noise', randomBytes(100)],
    ['nothing', Buffer.alloc(0)],
  ])('is refused where it is %s', async (_what, bytes) => {
    await expect(unpackNzb(bytes)).rejects.toThrow();
  });

  test('goes by the same key from whatever indexer, and by another in another order', async () => {
    const again = {
      ...odd,
      title: 'Other',
      files: odd.files.map((one) => ({ ...one, subject: 'x', poster: 'y' })),
    };
    expect(releaseKey(again)).toBe(releaseKey(odd));
    expect(releaseKey(odd)).toMatch(/^[\w-]{22}$/);
    expect(releaseKey({ files: odd.files.toReversed() })).not.toBe(releaseKey(odd));
  });
});

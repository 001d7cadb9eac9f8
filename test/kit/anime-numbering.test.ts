import { describe, expect, test } from 'vitest';
import { type Numbering, numberInEntry, placeInSeries } from '../../src/kit/anime-numbering.ts';
import { BadInput } from '../../src/kit/errors.ts';
import { jsonItems } from '../../src/kit/json-items.ts';

const plain: Numbering = { season: 2, isAbsolute: false, offset: 12, rules: [] };
const ruled: Numbering = {
  ...{ season: 1, isAbsolute: false, offset: 0 },
  rules: [
    { scheme: 'tvdb', season: 0, pairs: { 3: 2, 4: 0 } },
    { scheme: 'tvdb', season: 5, from: 13, to: 24, offset: -12 },
  ],
};
const through: Numbering = { season: null, isAbsolute: true, offset: 277, rules: [] };

describe('an episode of an entry stands in its series', () => {
  test.each([
    [plain, 1, { season: 2, episode: 13 }],
    [ruled, 1, { season: 1, episode: 1 }],
    [ruled, 3, { season: 0, episode: 2 }],
    [ruled, 4, null],
    [ruled, 13, { season: 5, episode: 1 }],
    [ruled, 25, { season: 1, episode: 25 }],
    [through, 1, { absolute: 278 }],
    [{ ...plain, season: null }, 1, null],
    [{ ...plain, offset: -12 }, 12, null],
  ])('case %#', (numbering, n, place) => {
    expect(placeInSeries(numbering, n)).toEqual(place);
  });

  test('and back, where the entry holds it', () => {
    for (const n of [1, 2, 3, 5, 13, 24]) {
      const place = placeInSeries(ruled, n);
      if (place === null || !('season' in place)) throw new Error('no place');
      expect(numberInEntry(ruled, place)).toBe(n);
    }
    expect(numberInEntry(plain, { season: 2, episode: 12 })).toBeNull();
    expect(numberInEntry(plain, { season: 1, episode: 13 })).toBeNull();
    expect(numberInEntry(ruled, { season: 1, episode: 3 })).toBeNull();
  });
});

async function itemsOf(text: string, chunkBytes: number, maxBytes = 1000): Promise<unknown[]> {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const items: unknown[] = [];
  for await (const item of jsonItems(chunks(), maxBytes)) items.push(item);
  return items;
}

describe('the objects of a large JSON document', () => {
  const ITEMS = [{ a: 'x}"]\\' }, { b: [{ c: 'é[' }] }, {}];

  test.each([1, 3, 7, 10_000])('come one by one from chunks of %i bytes', async (chunkBytes) => {
    expect(await itemsOf(JSON.stringify(ITEMS), chunkBytes)).toEqual(ITEMS);
    expect(await itemsOf(JSON.stringify({ license: { a: [1] }, data: ITEMS }, null, 1), chunkBytes)).toEqual(
      ITEMS,
    );
    expect(await itemsOf(ITEMS.map((item) => JSON.stringify(item)).join('\n'), chunkBytes)).toEqual(ITEMS);
  });

  test.each(['[{"a":1},{"b":', '[{"a":1}', '{"data":[{"a":1}', '[{"a"1}]', ']', '['.repeat(100), '[{"a":"b'])(
    'of %s is refused',
    async (text) => {
      await expect(itemsOf(text, 5)).rejects.toBeInstanceOf(BadInput);
    },
  );

  test('past the bound are refused before they stand in memory', async () => {
    await expect(itemsOf(`[{"a":"${'x'.repeat(5000)}"}]`, 100)).rejects.toMatchObject({
      code: 'json.broken',
    });
  });
});

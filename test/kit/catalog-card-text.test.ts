import { describe, expect, test } from 'vitest';
import { cutCards } from '../../src/catalogs/card-text.ts';

const ROW = [
  ...['tt1', 'A film', '=It "flows".', '1999', '1999-02-28', '2001-12-31', '90'],
  ...['=https://a.example/p.jpg', '=asset:b.jpg', '=', '["Drama","Sci-Fi"]', '7.0', '=tt1'],
];
const BARE = ['trib:1', 'B', '', '', '', '', '', '', '', '', '[]', '', ''];

describe('cards cut out of one text', () => {
  test('each field as what it is; none is told from an empty one', () => {
    expect(cutCards([...ROW, ...BARE].join('|'), '|', 2)).toEqual([
      {
        ...{ canonicalId: 'tt1', title: 'A film', overview: 'It "flows".', year: 1999 },
        ...{ releaseDate: '1999-02-28', endDate: '2001-12-31', runtimeMinutes: 90 },
        ...{ posterUrl: 'https://a.example/p.jpg', backgroundUrl: 'asset:b.jpg', logoUrl: '' },
        ...{ genres: ['Drama', 'Sci-Fi'], rating: 7, imdbId: 'tt1' },
      },
      {
        ...{ canonicalId: 'trib:1', title: 'B', overview: null, year: null },
        ...{ releaseDate: null, endDate: null, runtimeMinutes: null },
        ...{ posterUrl: null, backgroundUrl: null, logoUrl: null },
        ...{ genres: [], rating: null, imdbId: null },
      },
    ]);
    expect(cutCards('', '|', 0)).toEqual([]);
  });

  test('none at all when a title holds what stands between them', () => {
    const odd = ROW.with(1, 'A|film');
    expect(cutCards(odd.join('|'), '|', 1)).toBeNull();
    expect(cutCards(odd.join('+-+'), '+-+', 1)?.[0]?.title).toBe('A|film');
  });
});

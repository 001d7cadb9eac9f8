import { describe, expect, test } from 'vitest';
import type { AddonContext } from '../../src/addon/context.ts';
import { MetaPreview } from '../../src/addon/objects.ts';
import { isSurelyValid, previewer } from '../../src/addon/preview.ts';
import type { Card } from '../../src/catalogs/catalog.ts';

const context: AddonContext = {
  baseUrl: 'https://films.example',
  visibility: 'all',
  language: 'en',
  region: '',
  watching: null,
};

const card: Card = {
  ...{ canonicalId: 'tt0000001', title: 'Film', overview: 'It flows.', year: 2008 },
  ...{ releaseDate: '2008-02-29', endDate: null, runtimeMinutes: 90 },
  ...{ posterUrl: 'https://posters.example/1.jpg', backgroundUrl: 'asset:starter/a b.jpg', logoUrl: null },
  ...{ genres: ['Drama', 'Sci-Fi & "Fantasy"'], rating: 7.5, imdbId: 'tt0000001' },
};
const made = (more: Partial<Card> = {}) => previewer('movie', context)({ ...card, ...more });

/** What stands in databases, and what does not but could. */
const ODD: Partial<Card>[] = [
  ...['', ' ', 'custom:\u0001"\\'].flatMap((text) => [{ canonicalId: text }, { title: text }]),
  ...[
    '',
    'poster.jpg',
    'http://',
    'http://1.2.3.999/a',
    'https://a b/',
    'https://xn--/',
    'data:,',
    '//a/b',
  ].flatMap((url) => [{ posterUrl: url }, { backgroundUrl: url }, { logoUrl: url }]),
  ...['infinity', '-infinity', '0044-03-15 BC', '10000-01-01', '2024-02-29', '0001-01-01'].map((day) => ({
    releaseDate: day,
  })),
  ...[[], [''], ['Drama', ''], ['Drama', 'ドラマ'], ['%', '#?/&']].map((genres) => ({ genres })),
  ...['', 'no id', '%', '#\\'].map((imdbId) => ({ imdbId })),
  { rating: null, genres: [''] },
];

describe('a preview', () => {
  test('as most are is taken without the schema', () => {
    expect(isSurelyValid(made())).toBe(true);
    expect(isSurelyValid(made({ rating: null, posterUrl: null, releaseDate: null }))).toBe(true);
  });

  test('that is taken so is one the schema keeps as it is', () => {
    const taken = ODD.map((more) => made(more)).filter(isSurelyValid);
    expect(taken.length).toBeGreaterThan(10);
    for (const preview of taken)
      expect(JSON.stringify(MetaPreview.parse(preview))).toBe(JSON.stringify(preview));
  });

  test('that the schema refuses is not', () => {
    const refused = ODD.map((more) => made(more)).filter(
      (preview) => !MetaPreview.safeParse(preview).success,
    );
    expect(refused.length).toBeGreaterThan(15);
    expect(refused.filter(isSurelyValid)).toEqual([]);
  });
});

import { expect, test } from 'vitest';
import { outsideId, pageOf } from '../../src/web/ui/outside-id.ts';

test.each([
  ['tt0133093', 'imdb', 'tt0133093'],
  [' tmdb:603 ', 'tmdb', '603'],
  ['tmdb:tv:1396', 'tmdb', '1396'],
  ['https://www.imdb.com/title/tt0133093/?ref_=fn', 'imdb', 'tt0133093'],
  ['https://m.imdb.com/de/title/tt0133093', 'imdb', 'tt0133093'],
  ['https://www.themoviedb.org/movie/603-the-matrix', 'tmdb', '603'],
  ['https://www.themoviedb.org/tv/1396', 'tmdb', '1396'],
  ['https://myanimelist.net/anime/1/Cowboy_Bebop', 'mal', '1'],
  ['https://anilist.co/anime/1/', 'anilist', '1'],
  ['https://kitsu.app/anime/1', 'kitsu', '1'],
  ['https://www.tvmaze.com/shows/169/breaking-bad', 'tvmaze', '169'],
  ['Q83495', 'wikidata', 'Q83495'],
])('%s is %s %s', (text, provider, value) => {
  expect(outsideId(text)).toEqual({ provider, value });
});

test.each(['', '603', 'The Matrix', 'tmdb:', 'tmdb:0', 'tt12', 'https://example.com/title/tt', 'mal:x'])(
  '%s is none',
  (text) => {
    expect(outsideId(text)).toBeNull();
  },
);

test('the page of an id reads back to the id', () => {
  for (const [provider, value] of [
    ['imdb', 'tt0133093'],
    ...['tmdb', 'tvdb', 'kitsu', 'mal', 'anilist', 'tvmaze'].map((name) => [name, '603'] as const),
    ['wikidata', 'Q83495'],
  ] as const)
    for (const kind of ['movie', 'series'])
      expect(outsideId(pageOf(provider, value, kind) ?? '')).toEqual({ provider, value });
  expect(pageOf('xmltv', 'bbc', 'tv')).toBeNull();
});

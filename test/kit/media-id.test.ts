import { describe, expect, it } from 'vitest';
import { type MediaId, parseMediaId, printMediaId } from '../../src/kit/media-id.ts';

const UUID = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('parseMediaId', () => {
  it.each([
    ['tt0063350', { provider: 'imdb', value: 'tt0063350' }],
    ['tt0903747:1:2', { provider: 'imdb', value: 'tt0903747', season: 1, episode: 2 }],
    ['tt0903747:0:0', { provider: 'imdb', value: 'tt0903747', season: 0, episode: 0 }],
    ['tmdb:603', { provider: 'tmdb', value: '603' }],
    ['tmdb:movie:603', { provider: 'tmdb', value: '603', namespace: 'movie' }],
    ['tmdb:tv:1399:1:2', { provider: 'tmdb', value: '1399', namespace: 'tv', season: 1, episode: 2 }],
    ['tmdb:1399:1:2', { provider: 'tmdb', value: '1399', season: 1, episode: 2 }],
    ['tvdb:121361:8:6', { provider: 'tvdb', value: '121361', season: 8, episode: 6 }],
    ['tvdb:series:121361', { provider: 'tvdb', value: '121361', namespace: 'tv' }],
    ['kitsu:1', { provider: 'kitsu', value: '1' }],
    ['kitsu:1:5', { provider: 'kitsu', value: '1', episode: 5 }],
    ['kitsu:1:2:3', { provider: 'kitsu', value: '1', season: 2, episode: 3 }],
    ['mal:5114:64', { provider: 'mal', value: '5114', episode: 64 }],
    ['anilist:21:1071', { provider: 'anilist', value: '21', episode: 1071 }],
    [`trib:${UUID}`, { provider: 'tributary', value: UUID }],
    [`trib:${UUID.toUpperCase()}:1:2`, { provider: 'tributary', value: UUID, season: 1, episode: 2 }],
    [`mf:${UUID}`, { provider: 'tributary', value: UUID }],
  ] as [string, MediaId][])('reads %s', (id, expected) => expect(parseMediaId(id)).toEqual(expected));

  it.each([
    '',
    ':',
    'tt',
    'tt1234567890123',
    'ttabc',
    'TT0063350',
    'tt0063350:1',
    'tt0063350:1:2:3',
    'tt0063350:-1:2',
    'tt0063350:1:2.5',
    'tt0063350:1:100000',
    'tt0063350: 1:2',
    'tt0063350:1:',
    'tt0063350\n',
    'tmdb',
    'tmdb:',
    'tmdb:movie',
    'tmdb:movie:',
    'tmdb:person:1',
    'tmdb:0603',
    'tmdb:6e3',
    'tmdb:1234567890',
    'tmdb:1399:1',
    'kitsu:movie:1',
    'trib:1',
    `trib:${UUID}x`,
    `trib:${UUID}:1`,
    `tributary:${UUID}`,
    'imdb:tt0063350',
    'constructor:1',
    '__proto__:1',
    `tmdb:${'1'.repeat(200)}`,
    `tt0063350:1:2${' '.repeat(200)}`,
  ])('refuses %j', (id) => expect(parseMediaId(id)).toBeNull());
});

describe('printMediaId', () => {
  it.each([
    'tt0063350',
    'tt0903747:1:2',
    'tmdb:603',
    'tmdb:movie:603',
    'tmdb:tv:1399:1:2',
    'tvdb:121361:8:6',
    'kitsu:1:5',
    'mal:5114:64',
    'anilist:21',
    `trib:${UUID}:0:12`,
  ])('prints %s as it was read', (id) => {
    const parsed = parseMediaId(id);
    expect(parsed && printMediaId(parsed)).toBe(id);
  });

  it('prints one spelling for an id that has several', () => {
    const spell = (id: string) => {
      const parsed = parseMediaId(id);
      return parsed && printMediaId(parsed);
    };
    expect(spell(`mf:${UUID.toUpperCase()}`)).toBe(`trib:${UUID}`);
    expect(spell('tmdb:series:1399:01:02')).toBe('tmdb:tv:1399:1:2');
  });
});

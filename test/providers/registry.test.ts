import nock from 'nock';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/platform/config.ts';
import { METADATA_PROVIDERS } from '../../src/platform/config-metadata.ts';
import { openProviders } from '../../src/providers/index.ts';
import { endOutside, outsideNet } from '../support/outside-api.ts';
import { NEVER } from './provider-contract.ts';

const net = outsideNet();
afterAll(async () => {
  endOutside();
  await net.close();
});

function opened(env: Record<string, string>) {
  return openProviders({ net }, loadConfig(env).metadata);
}
const names = (env: Record<string, string>) => opened(env).map(({ name }) => name);

const KEYS = {
  TMDB_API_KEY: 'a',
  TVDB_API_KEY: 'b',
  OMDB_API_KEY: 'c',
  TRAKT_CLIENT_ID: 'd',
  FANART_API_KEY: 'e',
};

test('without a key those that need none are asked', () => {
  expect(names({})).toEqual(expect.arrayContaining(['tvmaze', 'kitsu', 'anilist', 'mal']));
  for (const name of ['tvdb', 'omdb', 'trakt', 'fanart']) expect(names({})).not.toContain(name);
});

test('with keys all are, most trusted first, and each by its own name', () => {
  const all = names(KEYS);
  expect(all).toEqual(METADATA_PROVIDERS.filter((name) => all.includes(name)));
  expect(all).toEqual(
    expect.arrayContaining(['tvdb', 'tvmaze', 'trakt', 'omdb', 'kitsu', 'anilist', 'mal', 'fanart']),
  );
});

test('the owner says who is asked, and in which order', () => {
  expect(names({ ...KEYS, METADATA_PROVIDERS: 'mal,tvdb' })).toEqual(['mal', 'tvdb']);
  expect(names({ METADATA_PROVIDERS: 'mal,tvdb' })).toEqual(['mal']);
  expect(names({ ...KEYS, METADATA_PROVIDERS: 'none' })).toEqual([]);
});

test('a day’s requests are not used up in an hour', async () => {
  const [omdb] = opened({ OMDB_API_KEY: 'c', OMDB_REQUESTS_PER_DAY: '10', METADATA_PROVIDERS: 'omdb' });
  const ask = () =>
    omdb?.byId({ provider: 'imdb', value: 'tt0017136' }, { kind: 'movie', language: 'en' }, NEVER);
  nock('https://www.omdbapi.com')
    .get('/')
    .query(true)
    .times(5)
    .reply(200, { Response: 'False', Error: 'Movie not found!' });
  for (let count = 0; count < 5; count += 1) expect(await ask()).toBeNull();
  await expect(ask()).rejects.toThrow(/^omdb wants no more requests for 17\d\d\d s\.$/);
});

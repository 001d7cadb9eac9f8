import nock from 'nock';
import { expect, test } from 'vitest';
import { tvdb } from '../../src/providers/tvdb/index.ts';
import { KEY, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://api4.thetvdb.com';
const login = (token: string) =>
  nock(HOST).post('/v4/login', { apikey: KEY }).reply(200, { status: 'success', data: { token } });
const film = {
  id: 603,
  name: 'Матрица',
  year: '1999',
  first_release: { country: 'usa', date: '1999-03-31' },
  runtime: 136,
  status: { name: 'Released' },
};
const byId = (provider = openAlone(tvdb), id = { provider: 'tvdb', value: '603' }) =>
  provider.byId(id, { kind: 'movie', language: 'en' }, NEVER);

test('one login is for all who ask meanwhile, and a token that is no longer taken is renewed once', async () => {
  const provider = openAlone(tvdb);
  login('old');
  const withBearer = (token: string) =>
    nock(HOST, { reqheaders: { authorization: `Bearer ${token}` } })
      .get('/v4/movies/603/extended')
      .query(true);
  withBearer('old').times(2).reply(200, { data: film });
  const [one, two] = await Promise.all([byId(provider), byId(provider)]);
  expect(one).toEqual({
    kind: 'movie',
    title: 'Матрица',
    ids: { tvdb: '603' },
    year: 1999,
    releaseDate: '1999-03-31',
    runtimeMinutes: 136,
    status: 'Released',
  });
  expect(two).toEqual(one);
  withBearer('old').times(2).reply(401, { status: 'failure', message: 'Unauthorized' });
  login('new');
  withBearer('new').times(2).reply(200, { data: film });
  expect(await Promise.all([byId(provider), byId(provider)])).toEqual([one, one]);
});

test('a wrong key is said after one login, which the next who asks tries again', async () => {
  const provider = openAlone(tvdb);
  nock(HOST)
    .post('/v4/login')
    .reply(401, { status: 'failure', message: `InvalidAPIKey: ${KEY}` });
  await expect(byId(provider)).rejects.toThrow(/^tvdb refused the request \(401\): is its key right\?$/);
  login('bearer');
  nock(HOST).get('/v4/movies/603/extended').query(true).reply(200, { data: film });
  expect((await byId(provider))?.title).toBe('Матрица');
});

test('one who gives up while the login lasts harms nobody else', async () => {
  const provider = openAlone(tvdb);
  const known = Promise.withResolvers<void>();
  nock(HOST)
    .post('/v4/login')
    .reply(async () => {
      await known.promise;
      return [200, { data: { token: 'late' } }];
    });
  nock(HOST).get('/v4/movies/603/extended').query(true).reply(200, { data: film });
  const gone = new AbortController();
  const given = provider.byId(
    { provider: 'tvdb', value: '603' },
    { kind: 'movie', language: 'en' },
    gone.signal,
  );
  const patient = byId(provider);
  gone.abort(new Error('nobody waits'));
  await expect(given).rejects.toThrow('nobody waits');
  known.resolve();
  expect((await patient)?.title).toBe('Матрица');
});

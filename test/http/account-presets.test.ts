import nock from 'nock';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createOAuthProvider } from '../../src/features/accounts/index.ts';
import type { LoginProvider } from '../../src/platform/config-login.ts';
import { endOutside, outsideNet } from '../support/outside-api.ts';

const outside = outsideNet();
const net = { ...outside, permitting: () => net } as typeof outside;
afterEach(() => {
  nock.cleanAll();
});
afterAll(async () => {
  endOutside();
  await outside.close();
});

const CALLBACK = 'https://films.example/api/auth/with/x/callback';
const checks = { state: 'a-state-of-tests', nonce: 'a-nonce', verifier: 'v'.repeat(43) };
const providerOf = (kind: 'github' | 'discord' | 'trakt') => {
  const given: LoginProvider = { kind, id: kind, name: kind, clientId: 'an-id', clientSecret: 'a-secret' };
  return createOAuthProvider(net, given);
};
/** The token endpoint, which wants the code, the verifier and the secret in the body. */
function takesCode(origin: string, path: string) {
  return nock(origin)
    .post(
      path,
      (body: Record<string, string>) =>
        body.code === 'a-code' &&
        body.code_verifier === checks.verifier &&
        body.client_secret === 'a-secret' &&
        body.redirect_uri === CALLBACK &&
        body.grant_type === 'authorization_code',
    )
    .reply(200, { access_token: 'a-token', token_type: 'bearer', scope: 'x' });
}
const back = (more = '') => new URL(`${CALLBACK}?code=a-code&state=${checks.state}${more}`);
const AUTH = { reqheaders: { authorization: 'Bearer a-token' } };

describe('GitHub', () => {
  const user = () =>
    nock('https://api.github.com', AUTH)
      .get('/user')
      .reply(200, { id: 583231, login: 'octocat', email: null });
  const emails = (verified: boolean) =>
    nock('https://api.github.com', AUTH)
      .get('/user/emails')
      .reply(200, [
        { email: 'other@example.org', primary: false, verified: true },
        { email: 'octocat@example.org', primary: true, verified },
      ]);

  test('is asked with PKCE and state for who somebody is and their addresses', async () => {
    const url = await providerOf('github').begin(CALLBACK, checks);
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ client_id: 'an-id', redirect_uri: CALLBACK, response_type: 'code', state: checks.state },
      ...{ code_challenge_method: 'S256', code_challenge: expect.any(String), scope: 'read:user user:email' },
    });
  });

  test.each([true, false])(
    'tells the number, the name and the first address, verified: %s',
    async (verified) => {
      takesCode('https://github.com', '/login/oauth/access_token');
      user();
      emails(verified);
      expect(await providerOf('github').finish(back(), checks)).toEqual({
        ...{ issuer: 'https://github.com/login/oauth', subject: '583231', name: 'octocat' },
        ...{ email: 'octocat@example.org', isEmailVerified: verified },
      });
      expect(nock.isDone()).toBe(true);
    },
  );

  test('that sends an error in a 200 is not believed', async () => {
    nock('https://github.com')
      .post('/login/oauth/access_token')
      .reply(200, { error: 'bad_verification_code' });
    await expect(providerOf('github').finish(back(), checks)).rejects.toMatchObject({
      code: 'auth.external_refused',
    });
  });

  test('is asked nothing where the state is another', async () => {
    const other = { ...checks, state: 'another-state' };
    await expect(providerOf('github').finish(back(), other)).rejects.toMatchObject({
      code: 'auth.external_refused',
    });
  });

  test('that does not answer is told without what was asked', async () => {
    nock('https://github.com').post('/login/oauth/access_token').replyWithError('reset a-secret');
    const failure: unknown = await providerOf('github')
      .finish(back(), checks)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      status: expect.any(Number),
      code: expect.stringMatching(/^(auth|upstream)\./),
    });
    expect(String(failure)).not.toContain('a-secret');
  });
});

test.each([true, false])(
  'Discord tells the number, the name and the address, verified: %s',
  async (verified) => {
    takesCode('https://discord.com', '/api/oauth2/token');
    nock('https://discord.com', AUTH)
      .get('/api/users/@me')
      .reply(200, { id: '80351110224678912', username: 'nelly', email: 'nelly@example.org', verified });
    expect(await providerOf('discord').finish(back(), checks)).toEqual({
      ...{ issuer: 'https://discord.com', subject: '80351110224678912', name: 'nelly' },
      ...{ email: 'nelly@example.org', isEmailVerified: verified },
    });
  },
);

test('Trakt tells the name, and no address', async () => {
  const url = await providerOf('trakt').begin(CALLBACK, checks);
  expect(url.searchParams.has('scope')).toBe(false);
  takesCode('https://api.trakt.tv', '/oauth/token');
  const reqheaders = { ...AUTH.reqheaders, 'trakt-api-key': 'an-id', 'trakt-api-version': '2' };
  nock('https://api.trakt.tv', { reqheaders })
    .get('/users/settings')
    .reply(200, {
      user: { username: 'justin', ids: { slug: 'justin', uuid: 'b6589fc6ab0dc82cf12099d1c2d40ab994e8410c' } },
    });
  expect(await providerOf('trakt').finish(back(), checks)).toEqual({
    ...{ issuer: 'https://trakt.tv', subject: 'b6589fc6ab0dc82cf12099d1c2d40ab994e8410c', name: 'justin' },
    ...{ email: null, isEmailVerified: false },
  });
});

test('an API that answers in another shape signs nobody in', async () => {
  takesCode('https://discord.com', '/api/oauth2/token');
  nock('https://discord.com').get('/api/users/@me').reply(200, { id: 5 });
  await expect(providerOf('discord').finish(back(), checks)).rejects.toMatchObject({
    code: 'auth.external_refused',
  });
});

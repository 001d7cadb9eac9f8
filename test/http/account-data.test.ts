import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AccountRoom, openAccountRoom, type Signed } from '../support/account-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: AccountRoom;
let parent: Signed;
let other: Signed;
beforeAll(async () => {
  room = await openAccountRoom({
    ownedParts: [
      { name: 'profiles', read: async (_db, { publicId }) => [{ of: publicId }] },
      {
        name: 'plays',
        async *read() {
          yield [1, 2];
          yield [];
          yield [3];
        },
      },
      { name: 'nothing', async *read() {} },
    ],
  });
});
beforeEach(async () => {
  await room.empty();
  parent = await room.add('parent');
  other = await room.add('other');
});
afterAll(() => room.close());

const by = (who: Signed, method: string, path: string, body?: unknown) =>
  room.ask(method, path, body, room.bearer(who.accessToken));
const remove = (who: Signed, password = 'other has a password') =>
  by(who, 'DELETE', '/auth/account', { password });
const codeOf = (answer: { body: unknown }) => problemIn(answer.body).code;

test('a user is given all that is kept of them, what other rooms hold too, and nothing of others or secret', async () => {
  const made = await by(other, 'POST', '/auth/tokens', { name: 'backups' });
  const { body, headers } = await by(other, 'GET', '/auth/data');
  expect(headers.get('content-disposition')).toContain('my-data.json');
  expect(body).toMatchObject({
    ...{ account: { username: 'other' }, sessions: [{}], tokens: [{ name: 'backups' }], identities: [] },
    ...{
      log: [{ action: 'account.data_exported' }, { action: 'account.token_made' }],
      profiles: [{ of: other.user.userId }],
    },
  });
  const text = JSON.stringify(body);
  for (const secret of ['argon2', 'parent', (made.body as { token: string }).token, other.refreshToken])
    expect(text).not.toContain(secret);
});

test('a user deletes the account with its password, and is signed out everywhere', async () => {
  const wrong = await remove(other, 'a wrong password');
  expect([wrong.status, codeOf(wrong)]).toEqual([403, 'auth.wrong_password']);
  expect((await by(other, 'GET', '/auth/sessions')).status).toBe(200);
  expect((await remove(other)).status).toBe(204);
  expect((await by(other, 'GET', '/auth/sessions')).status).toBe(401);
  expect((await room.signIn('other')).status).toBe(401);
  expect(await room.count('app_user')).toBe(1);
  expect(await room.dump('auth_token')).not.toContain(other.user.userId);
});

test('the last administrator is not deleted, one of two is', async () => {
  const password = 'parent has a password';
  expect(codeOf(await remove(parent, password))).toBe('accounts.last_admin');
  await room.asAdmin('PATCH', `/users/${other.user.userId}`, { role: 'admin' });
  expect((await remove(parent, password)).status).toBe(204);
  expect(codeOf(await remove(other))).toBe('accounts.last_admin');
});

test('two administrators who leave at once do not both', async () => {
  await room.asAdmin('PATCH', `/users/${other.user.userId}`, { role: 'admin' });
  const answers = await Promise.all([remove(parent, 'parent has a password'), remove(other)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
});

test('guesses of the password are counted, and an API token deletes nothing', async () => {
  const { token } = (await by(other, 'POST', '/auth/tokens', { name: 'a', scopes: ['read', 'write'] }))
    .body as {
    token: string;
  };
  const body = { password: 'other has a password' };
  expect(codeOf(await room.ask('DELETE', '/auth/account', body, room.bearer(token)))).toBe(
    'auth.not_by_token',
  );
  expect(codeOf(await room.ask('GET', '/auth/data', undefined, room.bearer(token)))).toBe(
    'auth.not_by_token',
  );
  for (let count = 0; count < 10; count += 1) expect((await remove(other, 'wrong')).status).toBe(403);
  expect((await remove(other)).status).toBe(429);
  expect(await room.count('app_user')).toBe(2);
});

test('an account without a password is asked to choose one first', async () => {
  await room.run(`UPDATE app_user SET password_hash = NULL WHERE username = 'other'`);
  expect(codeOf(await remove(other, ''))).toBe('accounts.no_password');
});

test('what is many comes page by page, and is one list', async () => {
  const { body } = await by(other, 'GET', '/auth/data');
  expect(body).toMatchObject({ plays: [1, 2, 3], nothing: [] });
});

describe('another address', () => {
  const change = (email: string, password = 'other has a password') =>
    by(other, 'POST', '/auth/email', { email, password });

  test('is taken with the password, and nobody has verified it yet', async () => {
    expect((await change('other@example.org')).status).toBe(204);
    await room.run(`UPDATE app_user SET email_verified_at = now() WHERE username = 'other'`);
    expect((await change('Another@example.org')).status).toBe(204);
    const { body } = await by(other, 'GET', '/auth/me');
    expect(body).toMatchObject({ user: { email: 'Another@example.org', isEmailVerified: false } });
    expect(await room.dump('audit_log')).toContain('account.email_changed');
  });

  test('is not taken with a wrong password, where it is somebody else’s, nor by a token', async () => {
    await by(parent, 'POST', '/auth/email', { email: 'p@example.org', password: 'parent has a password' });
    expect(codeOf(await change('o@example.org', 'wrong'))).toBe('auth.wrong_password');
    expect(codeOf(await change('P@Example.org'))).toBe('accounts.taken');
    expect(codeOf(await change('no address'))).toBe('request.invalid');
    const made = await by(other, 'POST', '/auth/tokens', { name: 'a', scopes: ['read', 'write'] });
    const body = { email: 'o@example.org', password: 'other has a password' };
    const { token } = made.body as { token: string };
    expect(codeOf(await room.ask('POST', '/auth/email', body, room.bearer(token)))).toBe('auth.not_by_token');
    expect((await by(other, 'GET', '/auth/me')).body).toMatchObject({ user: { email: null } });
  });

  test('guesses of the password are counted there too', async () => {
    for (let count = 0; count < 10; count += 1)
      expect((await change('o@example.org', 'wrong')).status).toBe(403);
    expect((await change('o@example.org')).status).toBe(429);
  });
});

test.each(['its owner', 'an administrator'])(
  'an account that %s deletes takes its private titles along',
  async (who) => {
    await room.run(`INSERT INTO media (kind, title, owner_id, is_public)
    SELECT 'movie', v.title, id, v.is_public FROM app_user, (VALUES ('Ours', false), ('Given', true)) v(title, is_public) WHERE username = 'other'`);
    const isGone =
      who === 'its owner' ? await remove(other) : await room.asAdmin('DELETE', `/users/${other.user.userId}`);
    expect(isGone.status).toBe(204);
    const left = await room.dump('media');
    expect(left).toContain('Given');
    expect(left).not.toContain('Ours');
    await room.run('TRUNCATE media CASCADE');
  },
);

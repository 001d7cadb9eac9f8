import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AccountRoom, openAccountRoom, type Signed } from '../support/account-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: AccountRoom;
let parent: Signed;
let other: Signed;
beforeAll(async () => {
  room = await openAccountRoom({
    ownedParts: [{ name: 'profiles', read: async (_db, { publicId }) => [{ of: publicId }] }],
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
    ...{ log: [{ action: 'account.token_made' }], profiles: [{ of: other.user.userId }] },
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

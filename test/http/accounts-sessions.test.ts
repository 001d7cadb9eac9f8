import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { type AccountRoom, type Answer, openAccountRoom, type Signed } from '../support/account-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: AccountRoom;
let parent: Signed;
let other: Signed;
beforeAll(async () => {
  room = await openAccountRoom();
});
beforeEach(async () => {
  await room.empty();
  parent = await room.add('parent');
  other = await room.add('other');
});
afterAll(() => room.close());

const codeOf = (answer: { body: unknown }) => problemIn(answer.body).code;
const refresh = (refreshToken: string) => room.ask('POST', '/auth/refresh', { refreshToken });
const by = (who: { accessToken: string }, method: string, path: string, body?: unknown) =>
  room.ask(method, path, body, room.bearer(who.accessToken));
const sessionsOf = async (who: Signed) =>
  z
    .object({ sessions: z.array(z.object({ sessionId: z.uuid(), isThis: z.boolean() })) })
    .parse((await by(who, 'GET', '/auth/sessions')).body).sessions;

describe('a session', () => {
  test('goes on by its refresh token, each good for once; a second use ends it for both hands', async () => {
    const next = room.signed(await refresh(parent.refreshToken));
    expect(next.refreshToken).not.toBe(parent.refreshToken);
    expect((await by(next, 'GET', '/auth/sessions')).status).toBe(200);
    const reused = await refresh(parent.refreshToken);
    expect([reused.status, codeOf(reused)]).toEqual([401, 'auth.refresh_ended']);
    expect((await refresh(next.refreshToken)).status).toBe(401);
    expect((await by(next, 'GET', '/auth/sessions')).status).toBe(401);
    const [warned] = await room.db.any(rows('test.warned', z.object({ action: z.string() }))`
      SELECT action FROM audit_log WHERE severity = 'warning'`);
    expect(warned?.action).toBe('account.refresh_reused');
  });

  test('of two refreshes at once with one token one at most goes on', async () => {
    const answers = await Promise.all([refresh(parent.refreshToken), refresh(parent.refreshToken)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('ends with the logout, on the next request', async () => {
    expect((await by(parent, 'POST', '/auth/logout')).status).toBe(204);
    expect((await by(parent, 'GET', '/auth/sessions')).status).toBe(401);
    expect((await refresh(parent.refreshToken)).status).toBe(401);
    expect((await by(other, 'GET', '/auth/sessions')).status).toBe(200);
  });

  test('is one of five: the least recently used goes', async () => {
    const more: Signed[] = [];
    for (let count = 0; count < 4; count += 1) more.push(room.signed(await room.signIn('parent')));
    // The oldest is used again, so that the second oldest is the one.
    const used = room.signed(await refresh(parent.refreshToken));
    await room.signIn('parent');
    expect(await sessionsOf(used)).toHaveLength(5);
    expect((await refresh(more[0]?.refreshToken ?? '')).status).toBe(401);
    expect((await by(used, 'GET', '/auth/sessions')).status).toBe(200);
  });

  test('is refused to go on where the account is inactive, and goes on when it is active again', async () => {
    await room.asAdmin('PATCH', `/users/${other.user.userId}`, { status: 'inactive' });
    const refused = await refresh(other.refreshToken);
    expect([refused.status, codeOf(refused)]).toEqual([403, 'auth.closed']);
    expect((await by(other, 'GET', '/auth/tokens')).status).toBe(403);
    await room.asAdmin('PATCH', `/users/${other.user.userId}`, { status: 'active' });
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });

  test.each([
    [
      'its thirty days are over',
      "UPDATE auth_session SET created_at = now() - interval '31 days', expires_at = now()",
    ],
    ['its refresh token lay unused for a week', 'UPDATE auth_token SET expires_at = now()'],
  ])('does not go on when %s', async (_when, statement) => {
    await room.run(statement);
    expect((await refresh(parent.refreshToken)).status).toBe(401);
  });

  test('of another user is neither shown nor ended', async () => {
    const [mine] = await sessionsOf(parent);
    expect((await by(other, 'DELETE', `/auth/sessions/${mine?.sessionId}`)).status).toBe(404);
    expect((await by(parent, 'DELETE', `/auth/sessions/${mine?.sessionId}`)).status).toBe(204);
    expect((await by(parent, 'GET', '/auth/sessions')).status).toBe(401);
  });
});

describe('the page', () => {
  const SAME = { 'sec-fetch-site': 'same-origin' };
  const signInAsPage = (headers: Record<string, string> = SAME) =>
    room.ask(
      'POST',
      '/auth/login',
      { login: 'parent', password: 'parent has a password', cookies: true },
      headers,
    );
  const cookiesIn = (answer: Answer) =>
    answer.headers
      .getSetCookie()
      .map((line) => line.slice(0, line.indexOf(';')))
      .join('; ');

  test('keeps its session in cookies no script reads, and no token is in the answer', async () => {
    const answer = await signInAsPage();
    expect(answer.body).not.toHaveProperty('accessToken');
    expect(answer.body).not.toHaveProperty('refreshToken');
    for (const line of answer.headers.getSetCookie()) {
      expect(line).toContain('HttpOnly');
      expect(line).toContain('SameSite=Strict');
    }
    const me = await room.ask('GET', '/auth/me', undefined, { cookie: cookiesIn(answer) });
    expect(me.body).toMatchObject({ isAdmin: true, user: { username: 'parent' } });
    const next = await room.ask('POST', '/auth/refresh', {}, { ...SAME, cookie: cookiesIn(answer) });
    expect(next.status).toBe(200);
    expect(cookiesIn(next)).not.toBe(cookiesIn(answer));
    // Another tab of the same browser: it has the next cookie already, and forgets nothing.
    const again = () => room.ask('POST', '/auth/refresh', {}, { ...SAME, cookie: cookiesIn(answer) });
    expect(await again()).toMatchObject({ status: 409 });
    expect((await again()).headers.getSetCookie()).toEqual([]);
    await room.run(`UPDATE auth_token SET superseded_at = superseded_at - interval '11 seconds'`);
    const late = await again();
    expect(late.status).toBe(401);
    expect(late.headers.getSetCookie().join()).toContain('tributary_session=;');
    const ended = await room.ask('GET', '/auth/me', undefined, { cookie: cookiesIn(next) });
    expect(ended.body).toMatchObject({ user: null });
  });

  test('of an account that was closed is nobody’s, and signs out', async () => {
    const answer = await room.ask(
      'POST',
      '/auth/login',
      { login: 'other', password: 'other has a password', cookies: true },
      SAME,
    );
    const cookie = cookiesIn(answer);
    await room.asAdmin('PATCH', `/users/${other.user.userId}`, { status: 'inactive' });
    const me = await room.ask('GET', '/auth/me', undefined, { cookie });
    expect(me).toMatchObject({ status: 200, body: { user: null, isAdmin: false } });
    expect((await room.ask('GET', '/auth/tokens', undefined, { cookie })).status).toBe(401);
    const out = await room.ask('POST', '/auth/logout', {}, { ...SAME, cookie });
    expect([out.status, out.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
  ])('of another site changes nothing with these cookies (%j)', async (from) => {
    const cookie = cookiesIn(await signInAsPage());
    for (const [method, path, body] of [
      ['POST', '/auth/tokens', { name: 'theirs' }],
      ['POST', '/auth/password', { current: 'parent has a password', next: 'a new password' }],
      ['POST', '/auth/refresh', {}],
      ['POST', '/auth/logout', {}],
      ['POST', '/users', { username: 'mallory', role: 'admin' }],
    ] as const) {
      const answer = await room.ask(method, path, body, { cookie, ...from });
      expect([path, answer.status]).toEqual([path, 403]);
    }
    expect((await signInAsPage(from)).status).toBe(403);
  });
});

describe('tokens for scripts', () => {
  const makeToken = async (who: Signed, body: object = { name: 'a script' }) => {
    const answer = await by(who, 'POST', '/auth/tokens', body);
    return z.object({ token: z.string(), tokenId: z.uuid() }).parse(answer.body);
  };

  test('are shown once, read what their user may, and are taken back', async () => {
    const { token, tokenId } = await makeToken(parent);
    expect(token).toMatch(/^trib_/);
    expect(JSON.stringify((await by(parent, 'GET', '/auth/tokens')).body)).not.toContain(token);
    expect((await by({ accessToken: token }, 'GET', '/users')).status).toBe(200);
    const written = await by({ accessToken: token }, 'POST', '/users', { username: 'another' });
    expect([written.status, codeOf(written)]).toEqual([403, 'auth.scope']);
    expect((await by(other, 'DELETE', `/auth/tokens/${tokenId}`)).status).toBe(404);
    expect((await by(parent, 'DELETE', `/auth/tokens/${tokenId}`)).status).toBe(204);
    expect((await by({ accessToken: token }, 'GET', '/users')).status).toBe(401);
  });

  test('may no more than their user, and make no other tokens', async () => {
    const { token } = await makeToken(other, { name: 'all', scopes: ['read', 'write'] });
    expect((await by({ accessToken: token }, 'GET', '/users')).status).toBe(403);
    const another = await by({ accessToken: token }, 'POST', '/auth/tokens', { name: 'another' });
    expect([another.status, codeOf(another)]).toEqual([403, 'auth.not_by_token']);
    const admin = await makeToken(parent, { name: 'all', scopes: ['read', 'write'], days: 1 });
    expect((await by({ accessToken: admin.token }, 'POST', '/users', { username: 'third' })).status).toBe(
      201,
    );
    await room.db.query(command('test.older')`UPDATE auth_token SET expires_at = now() WHERE kind = 'api'`);
    expect((await by({ accessToken: admin.token }, 'GET', '/users')).status).toBe(401);
  });
});

describe('passwords', () => {
  test('are changed with the old one; every other session ends', async () => {
    const elsewhere = room.signed(await room.signIn('parent'));
    const wrong = await by(parent, 'POST', '/auth/password', { current: 'not it', next: 'a new password' });
    expect([wrong.status, codeOf(wrong)]).toEqual([403, 'auth.wrong_password']);
    const right = { current: 'parent has a password', next: 'a new password' };
    expect((await by(parent, 'POST', '/auth/password', right)).status).toBe(204);
    expect((await by(parent, 'GET', '/auth/sessions')).status).toBe(200);
    expect((await by(elsewhere, 'GET', '/auth/sessions')).status).toBe(401);
    expect((await room.signIn('parent')).status).toBe(401);
    expect((await room.signIn('parent', 'a new password')).status).toBe(200);
  });

  test('are guessed ten times by who holds a session, no more', async () => {
    const guess = () => by(parent, 'POST', '/auth/password', { current: 'not it', next: 'a new password' });
    for (let time = 0; time < 10; time += 1) expect((await guess()).status).toBe(403);
    expect((await guess()).status).toBe(429);
  });

  test('are chosen anew by a link of the administrator, once, the newest one', async () => {
    const linkOf = async () =>
      z
        .object({ url: z.url() })
        .parse((await room.asAdmin('POST', `/users/${other.user.userId}/reset-link`)).body).url;
    const [first, second] = [await linkOf(), await linkOf()].map((link) =>
      link.slice(link.lastIndexOf('/') + 1),
    );
    const reset = (token = '') =>
      room.ask('POST', '/auth/password-reset', { token, password: 'chosen anew' });
    expect((await reset(first)).status).toBe(403);
    expect((await reset(second)).status).toBe(204);
    expect((await reset(second)).status).toBe(403);
    expect((await refresh(other.refreshToken)).status).toBe(401);
    expect((await room.signIn('other', 'chosen anew')).status).toBe(200);
  });
});

describe('accounts as the administrator sees them', () => {
  test('are not for others', async () => {
    const id = parent.user.userId;
    for (const [method, path, body] of [
      ['GET', '/users'],
      ['GET', `/users/${id}`],
      ['POST', '/users', { username: 'third' }],
      ['PATCH', `/users/${id}`, { role: 'user' }],
      ['PATCH', `/users/${other.user.userId}`, { role: 'admin' }],
      ['DELETE', `/users/${id}`],
      ['POST', `/users/${id}/reset-link`],
    ] as const) {
      expect([path, (await by(other, method, path, body)).status]).toEqual([path, 403]);
      expect([path, (await room.ask(method, path, body)).status]).toEqual([path, 401]);
    }
  });

  test('keep one administrator, whoever goes at once', async () => {
    const ids = [parent.user.userId, other.user.userId];
    let left = '';
    // They meet in some rounds only.
    for (let round = 0; round < 8; round += 1) {
      await room.run(`UPDATE app_user SET role = 'admin'`);
      const answers = await Promise.all(
        ids.map((id) => room.asAdmin('PATCH', `/users/${id}`, { role: 'user' })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      left = ids[answers.findIndex(({ status }) => status === 409)] ?? '';
    }
    expect((await room.asAdmin('DELETE', `/users/${left}`)).status).toBe(409);
    expect((await room.asAdmin('PATCH', `/users/${left}`, { status: 'banned' })).status).toBe(409);
  });

  test('go with their sessions and tokens; what they did stays in the log, without them', async () => {
    expect((await room.asAdmin('DELETE', `/users/${other.user.userId}`)).status).toBe(204);
    expect((await refresh(other.refreshToken)).status).toBe(401);
    expect([await room.count('auth_session'), await room.count('auth_token')]).toEqual([1, 1]);
    expect(await room.count('audit_log')).toBe(3);
  });

  test('a new role acts on the next request', async () => {
    expect((await by(other, 'GET', '/users')).status).toBe(403);
    await room.asAdmin('PATCH', `/users/${other.user.userId}`, { role: 'admin' });
    expect((await by(other, 'GET', '/users')).status).toBe(200);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { type AccountRoom, ADMIN_TOKEN, openAccountRoom } from '../support/account-room.ts';
import { problemIn } from '../support/problem-answer.ts';
import { askHttp } from '../support/raw-http.ts';

let room: AccountRoom;
beforeAll(async () => {
  room = await openAccountRoom();
});
beforeEach(() => room.empty());
afterAll(() => room.close());

const codeOf = (answer: { body: unknown }) => problemIn(answer.body).code;
const person = (username: string) => ({ username, password: `${username} has a password` });

describe('the first account', () => {
  test('is the administrator’s, made from home; the next needs the administrator', async () => {
    expect((await room.ask('GET', '/auth/me')).body).toMatchObject({ needsSetup: true, user: null });
    const first = await room.ask('POST', '/auth/register', person('parent'));
    expect(first).toMatchObject({ status: 201, body: { user: { username: 'parent', role: 'admin' } } });
    expect((await room.ask('GET', '/auth/me')).body).toMatchObject({ needsSetup: false });
    const second = await room.ask('POST', '/auth/register', person('stranger'));
    expect([second.status, codeOf(second)]).toEqual([403, 'accounts.registration_off']);
    expect(await room.count('app_user')).toBe(1);
  });

  test.each([
    ['through a proxy nobody named', { 'x-forwarded-for': '203.0.113.9' }],
    ['by a name of the internet, which any page may lead here', { host: 'rebind.example' }],
  ])('is not made %s, but with the admin token it is', async (_how, headers) => {
    const [status, body] = await registerBy(headers);
    expect(status).toBe(403);
    expect(body).toContain('accounts.setup_needs_token');
    const [withToken] = await registerBy({ ...headers, ...room.bearer(ADMIN_TOKEN) });
    expect(withToken).toBe(201);
  });

  test('is one, however many come at once', async () => {
    const answers = await Promise.all(
      ['a1', 'b2', 'c3', 'd4'].map((name) => room.ask('POST', '/auth/register', person(name))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403]);
  });
});

describe('registration', () => {
  test('is open where the setting says so; a taken name or address is 422', async () => {
    await room.add('parent');
    room.settings.registration = 'open';
    const email = { email: 'Ann@Example.org', password: 'a password of ann' };
    expect(await room.ask('POST', '/auth/register', email)).toMatchObject({
      status: 201,
      body: { user: { role: 'user' }, tokenType: 'Bearer', expiresIn: 900 },
    });
    const again = await room.ask('POST', '/auth/register', { ...email, email: 'ann@example.ORG' });
    expect([again.status, codeOf(again)]).toEqual([422, 'accounts.taken']);
    expect((await room.ask('POST', '/auth/register', person('PARENT'))).status).toBe(422);
  });

  test.each([
    ['no name at all', { password: 'long enough' }],
    ['a short password', { username: 'ann', password: 'short' }],
    ['a name that looks like an address', { username: 'ann@home', password: 'long enough' }],
    ['a role of its own choice', { username: 'ann', password: 'long enough', role: 'admin' }],
    ['a name with a line break', { username: 'ann\r\nx', password: 'long enough' }],
  ])('refuses %s', async (_what, body) => {
    expect((await room.ask('POST', '/auth/register', body)).status).toBe(400);
    expect(await room.count('app_user')).toBe(0);
  });

  test('keeps argon2id of the password and nothing else of it', async () => {
    await room.add('parent', 'correct horse battery staple');
    const [user] = await room.db.any(rows('test.user', z.object({ hash: z.string(), row: z.string() }))`
      SELECT password_hash AS hash, to_jsonb(u)::text AS row FROM app_user u`);
    expect(user?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(user?.row).not.toContain('staple');
  });
});

describe('signing in', () => {
  test('takes name or address, whatever its capitals; the same words for a wrong name and a wrong password', async () => {
    await room.add('Parent');
    expect(await room.signIn('PARENT', 'Parent has a password')).toMatchObject({ status: 200 });
    expect(
      await room.ask('POST', '/auth/login', { username: 'parent', password: 'Parent has a password' }),
    ).toMatchObject({ status: 200 });
    const wrong = await room.signIn('parent', 'another password');
    const unknown = await room.signIn('nobody', 'another password');
    expect(wrong.status).toBe(401);
    expect({ ...unknown, headers: 0 }).toEqual({ ...wrong, headers: 0 });
  });

  test('is 429 with Retry-After after ten failures of an address, the right password too', async () => {
    await room.add('parent');
    for (let failure = 0; failure < 10; failure += 1)
      expect((await room.signIn('parent', 'wrong guess')).status).toBe(401);
    const refused = await room.signIn('parent');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('is no more for guesses that come at once: the right one among them is not let in', async () => {
    await room.add('parent');
    const guesses = Array.from({ length: 40 }, (_, n) =>
      n === 39 ? 'parent has a password' : `guess ${n} of many`,
    );
    const answers = await Promise.all(guesses.map((password) => room.signIn('parent', password)));
    expect(answers.filter(({ status }) => status === 200)).toEqual([]);
    expect(answers.at(-1)?.status).toBe(429);
    expect(await room.count('auth_session')).toBe(1);
  });

  test('counts failures only: who signs in often is let in', async () => {
    await room.add('parent');
    for (let time = 0; time < 12; time += 1) expect((await room.signIn('parent')).status).toBe(200);
  });

  test('takes as long for a name nobody has', async () => {
    await room.add('parent');
    const time = async (name: string) => {
      const from = performance.now();
      await room.signIn(name, 'another password');
      return performance.now() - from;
    };
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let round = 0; round < 4; round += 1) {
      known.push(await time('parent'));
      unknown.push(await time('nobody'));
    }
    // Without the hash of nobody an unknown name is answered in some 3 ms, a known one in 50.
    // The least of four: what a busy machine adds is in none of it.
    expect(Math.min(...unknown) / Math.min(...known)).toBeGreaterThan(0.5);
  });

  test('is refused to who is banned, said only to who has the password; their sessions end at once', async () => {
    await room.add('parent');
    const kid = await room.add('kid');
    expect(await room.asAdmin('PATCH', `/users/${kid.user.userId}`, { status: 'banned' })).toMatchObject({
      status: 200,
    });
    expect((await room.ask('GET', '/auth/sessions', undefined, room.bearer(kid.accessToken))).status).toBe(
      401,
    );
    expect((await room.signIn('kid', 'another password')).status).toBe(401);
    const right = await room.signIn('kid');
    expect([right.status, codeOf(right)]).toEqual([403, 'auth.closed']);
  });
});

test('the log names who did what, with addresses as the owner set, and no secret', async () => {
  await room.add('parent', 'a secret password');
  room.settings.auditAddresses = 'drop';
  await room.signIn('parent', 'a wrong secret');
  const all = await room.db.any(
    rows(
      'test.audit',
      z.object({ action: z.string(), actor: z.string(), address: z.string().nullable(), row: z.string() }),
    )`
      SELECT action, actor, address, to_jsonb(a)::text AS row FROM audit_log a ORDER BY id`,
  );
  expect(all.map(({ row: _row, ...line }) => line)).toEqual([
    { action: 'account.added', actor: 'admin-token', address: '127.0.0.1' },
    { action: 'account.sign_in_failed', actor: 'nobody', address: null },
  ]);
  expect(all.map(({ row }) => row).join()).not.toContain('secret');
  await room.db.query(command('test.end')`DELETE FROM app_user`);
  expect(await room.count('audit_log')).toBe(2);
});

async function registerBy(headers: Record<string, string>): Promise<[number, string]> {
  const { status, body } = await askHttp(room.baseUrl, {
    method: 'POST',
    path: '/api/auth/register',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(person('parent')),
  });
  return [status, body.toString()];
}

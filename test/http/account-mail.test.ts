import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mailSettings } from '../../src/platform/config-mail.ts';
import { createLog } from '../../src/platform/log.ts';
import { createMailer, type Mailer } from '../../src/platform/mail.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { type AccountRoom, openAccountRoom } from '../support/account-room.ts';
import { problemIn } from '../support/problem-answer.ts';
import { startSmtpServer, type TestSmtpServer, textOf } from '../support/smtp-server.ts';

let net: Net;
let server: TestSmtpServer;
let mailer: Mailer;
let room: AccountRoom;
beforeAll(async () => {
  net = createNet({ mode: 'all', allow: [], ownPorts: () => new Set() });
  server = await startSmtpServer({ disabledCommands: ['STARTTLS'] });
  const SMTP_URL = `smtp://127.0.0.1:${server.port}`;
  const settings = mailSettings({ SMTP_URL, SMTP_TLS: 'off', MAIL_FROM: 'films@example.org' });
  if (settings === null) throw new Error('no settings');
  mailer = createMailer({ net, log: createLog('silent'), settings });
  room = await openAccountRoom({ mailer, publicUrl: 'https://films.example' });
});
beforeEach(async () => {
  await room.empty();
  server.letters.length = 0;
});
afterAll(async () => {
  await mailer.close();
  await room.close();
  await server.close();
  await net.close();
});

const codeOf = (answer: { body: unknown }) => problemIn(answer.body).code;
const PASSWORD = 'a password of theirs';
/** Made by the administrator, with an address. */
async function addUser(username: string, email: string | undefined): Promise<void> {
  const answer = await room.asAdmin('POST', '/users', { username, email, password: PASSWORD });
  expect(answer.status).toBe(201);
}
const forgotten = (email: string, headers?: Record<string, string>) =>
  room.ask('POST', '/auth/password-forgotten', { email }, headers);
const reset = (token: string, password = 'chosen anew') =>
  room.ask('POST', '/auth/password-reset', { token, password });
const tokenIn = (text: string, view: string) =>
  new RegExp(`https://films\\.example/#${view}/(\\S+)`).exec(text)?.[1] ?? '';
const nothingMore = () => new Promise((done) => setTimeout(done, 300));

describe('a forgotten password', () => {
  beforeEach(async () => {
    await addUser('parent', 'Parent@example.org');
    await addUser('nameless', undefined);
  });

  test('is chosen anew by a link that was mailed, once; every session ends, and that is told', async () => {
    const { accessToken } = room.signed(await room.signIn('parent', PASSWORD));
    expect(await forgotten('parent@EXAMPLE.org')).toMatchObject({ status: 202, body: {} });
    const letter = await server.letter();
    expect(letter.to).toEqual(['Parent@example.org']);
    const token = tokenIn(textOf(letter), 'reset');
    expect((await reset(token)).status).toBe(204);
    expect((await room.signIn('parent', 'chosen anew')).status).toBe(200);
    expect((await room.ask('GET', '/auth/sessions', undefined, room.bearer(accessToken))).status).toBe(401);
    expect(textOf(await server.letter(2))).toContain('was changed just now');
    expect(codeOf(await reset(token))).toBe('auth.reset_ended');
  });

  test('of an address nobody has is answered the same, and nothing is sent', async () => {
    const known = await forgotten('parent@example.org');
    const unknown = await forgotten('nobody@example.org');
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body]);
    await server.letter();
    await nothingMore();
    expect(server.letters).toHaveLength(1);
  });

  test('of a closed account is answered the same, and nothing is sent', async () => {
    await room.run(`UPDATE app_user SET status = 'banned'`);
    expect((await forgotten('parent@example.org')).status).toBe(202);
    await nothingMore();
    expect(server.letters).toEqual([]);
  });

  test('is a link for half an hour, the newest only, and no hash in the database is one', async () => {
    await forgotten('parent@example.org');
    const first = tokenIn(textOf(await server.letter()), 'reset');
    await forgotten('parent@example.org');
    const second = tokenIn(textOf(await server.letter(2)), 'reset');
    expect((await reset(first)).status).toBe(403);
    await room.run(
      `UPDATE auth_ticket SET created_at = now() - interval '1 hour', expires_at = expires_at - interval '29 minutes 58 seconds'`,
    );
    await new Promise((done) => setTimeout(done, 2100));
    expect((await reset(second)).status).toBe(403);
    const dump = await room.dump('auth_ticket');
    expect(dump).not.toContain(second);
  });

  test('is no link any more where the account has another address by then', async () => {
    await forgotten('parent@example.org');
    const token = tokenIn(textOf(await server.letter()), 'reset');
    await room.run(`UPDATE app_user SET email = 'other@example.org' WHERE email IS NOT NULL`);
    expect((await reset(token)).status).toBe(403);
  });

  test('leads to this server, whatever host the one who asks writes', async () => {
    await forgotten('parent@example.org', {
      'x-forwarded-host': 'evil.example',
      origin: 'https://evil.example',
    });
    const text = textOf(await server.letter());
    expect(text).toContain('https://films.example/#reset/');
    expect(text).not.toContain('evil');
  });

  test('is asked for three times an hour of one address, known or not, and ten times from one', async () => {
    for (const email of ['parent@example.org', 'nobody@example.org']) {
      for (let count = 0; count < 3; count += 1) expect((await forgotten(email)).status).toBe(202);
      const refused = await forgotten(email);
      expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    }
    for (let count = 0; count < 2; count += 1) await forgotten(`other${count}@example.org`);
    expect((await forgotten('yet.another@example.org')).status).toBe(429);
  });

  test.each(['parent', 'a@b\r\nBcc: evil@example.org', 'a@b.example, c@d.example', ''])(
    'refuses %j',
    async (email) => {
      expect((await forgotten(email)).status).toBe(400);
    },
  );
});

describe('a changed password', () => {
  test('is told to the address of the account', async () => {
    await addUser('parent', 'parent@example.org');
    const { accessToken } = room.signed(await room.signIn('parent', PASSWORD));
    const change = { current: PASSWORD, next: 'another password' };
    expect((await room.ask('POST', '/auth/password', change, room.bearer(accessToken))).status).toBe(204);
    expect(await server.letter()).toMatchObject({ to: ['parent@example.org'] });
  });
});

describe('an address', () => {
  const register = (username: string, email?: string) =>
    room.ask('POST', '/auth/register', { username, email, password: PASSWORD });
  const verify = (token: string) => room.ask('POST', '/auth/verify-email', { token });
  beforeEach(async () => {
    await room.add('admin');
    room.settings.registration = 'open';
  });

  test('is verified by a link that is mailed with the account, once', async () => {
    const { accessToken } = room.signed(await register('kid', 'kid@example.org'));
    const me = () => room.ask('GET', '/auth/me', undefined, room.bearer(accessToken));
    expect((await me()).body).toMatchObject({ canMail: true, user: { isEmailVerified: false } });
    const token = tokenIn(textOf(await server.letter()), 'verify');
    expect((await verify(token)).status).toBe(204);
    expect((await me()).body).toMatchObject({ user: { isEmailVerified: true } });
    expect(codeOf(await verify(token))).toBe('auth.link_ended');
  });

  test('that is another one is verified anew, and not by the link of the one before', async () => {
    const { user } = room.signed(await register('kid', 'kid@example.org'));
    const token = tokenIn(textOf(await server.letter()), 'verify');
    await room.asAdmin('PATCH', `/users/${user.userId}`, { email: 'other@example.org' });
    expect((await verify(token)).status).toBe(403);
    await room.run('UPDATE app_user SET email_verified_at = now()');
    await room.asAdmin('PATCH', `/users/${user.userId}`, { email: 'OTHER@example.org' });
    expect((await room.asAdmin('GET', `/users/${user.userId}`)).body).toMatchObject({
      isEmailVerified: true,
    });
    await room.asAdmin('PATCH', `/users/${user.userId}`, { email: 'third@example.org' });
    expect((await room.asAdmin('GET', `/users/${user.userId}`)).body).toMatchObject({
      isEmailVerified: false,
    });
  });

  test('that must be verified first: the account is made, and let in by its link only', async () => {
    room.settings.emailVerification = 'required';
    expect(codeOf(await register('kid'))).toBe('accounts.needs_email');
    const refused = await register('kid', 'kid@example.org');
    expect([refused.status, codeOf(refused)]).toEqual([403, 'auth.unverified']);
    expect(codeOf(await room.signIn('kid', 'a wrong password'))).toBe('auth.wrong_password');
    expect(codeOf(await room.signIn('kid', PASSWORD))).toBe('auth.unverified');
    expect(await room.count('auth_session')).toBe(1);
    const token = tokenIn(textOf(await server.letter(2)), 'verify');
    expect((await verify(token)).status).toBe(204);
    expect((await room.signIn('kid', PASSWORD)).status).toBe(200);
  });

  test('is sent three links an hour, however often somebody knocks', async () => {
    room.settings.emailVerification = 'required';
    await register('kid', 'kid@example.org');
    for (let count = 0; count < 4; count += 1) expect((await room.signIn('kid', PASSWORD)).status).toBe(403);
    await server.letter(3);
    await nothingMore();
    expect(server.letters).toHaveLength(3);
  });

  test('of an administrator keeps nobody out', async () => {
    room.settings.emailVerification = 'required';
    await room.run(`UPDATE app_user SET email = 'admin@example.org'`);
    expect((await room.signIn('admin')).status).toBe(200);
  });
});

test('a server that sends no mail says so, and keeps nobody out', async () => {
  const other = await openAccountRoom();
  try {
    await other.add('admin');
    Object.assign(other.settings, { registration: 'open', emailVerification: 'required' });
    const answer = await other.ask('POST', '/auth/password-forgotten', { email: 'a@b.example' });
    expect([answer.status, codeOf(answer)]).toEqual([409, 'auth.no_mail']);
    const body = { username: 'kid', email: 'kid@example.org', password: PASSWORD };
    expect((await other.ask('POST', '/auth/register', body)).status).toBe(201);
  } finally {
    await other.close();
  }
}, 120_000);

test('another address: the old one is told, the new one is asked whether it is theirs', async () => {
  await addUser('parent', 'old@example.org');
  const { accessToken } = room.signed(await room.signIn('parent', PASSWORD));
  const body = { email: 'new@example.org', password: PASSWORD };
  expect((await room.ask('POST', '/auth/email', body, room.bearer(accessToken))).status).toBe(204);
  await server.letter(2);
  const told = Object.fromEntries(server.letters.map((letter) => [letter.to[0], textOf(letter)]));
  expect(told['old@example.org']).toContain('was given another e-mail address');
  const token = tokenIn(told['new@example.org'] ?? '', 'verify');
  expect((await room.ask('POST', '/auth/verify-email', { token })).status).toBe(204);
  const { body: me } = await room.ask('GET', '/auth/me', undefined, room.bearer(accessToken));
  expect(me).toMatchObject({ user: { email: 'new@example.org', isEmailVerified: true } });
});

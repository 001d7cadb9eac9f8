import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { freePort } from '../support/processes.ts';
import { startSmtpServer, type TestSmtpServer, textOf } from '../support/smtp-server.ts';
import { get } from '../support/traffic.ts';

// What is good once, or was taken back, opens nothing a second time: refresh tokens, mailed links, links of the administrator, API tokens,
// pairing codes, device keys and installs, each through the program as it runs.

const Tokens = z.object({ accessToken: z.string(), refreshToken: z.string() });
let house: Household;
let smtp: TestSmtpServer;
let ann: Person;

beforeAll(async () => {
  smtp = await startSmtpServer({ disabledCommands: ['STARTTLS'] });
  const port = await freePort();
  house = await openHousehold({
    ...{ PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}`, TRUST_PROXY: '127.0.0.0/8' },
    ...{ SMTP_URL: `smtp://127.0.0.1:${smtp.port}`, SMTP_TLS: 'off', MAIL_FROM: 'films@example.org' },
  });
  ann = await house.person('ann');
  await house.asAdmin('PATCH', `/api/users/${ann.userId}`, { email: 'ann@example.org' });
}, 120_000);
afterAll(async () => {
  await house?.close();
  await smtp?.close();
});

let address = 0;
const post = (path: string, body: unknown, token: string | null = null) => {
  address += 1;
  return house.ask(token, 'POST', `/api${path}`, body, { 'X-Forwarded-For': `10.2.0.${address}` });
};
const signIn = async (password = 'ann has a password') =>
  Tokens.parse((await post('/auth/login', { login: 'ann', password })).body);
const opens = async (token: string) => (await house.ask(token, 'GET', '/api/profiles')).status;
const linkIn = (text: string, view: string) => new RegExp(`/#${view}/(\\S+)`).exec(text)?.[1] ?? '';

test('a refresh token that was traded ends its session, and so does its child that was stolen meanwhile', async () => {
  const first = await signIn();
  const second = Tokens.parse((await post('/auth/refresh', { refreshToken: first.refreshToken })).body);
  expect(await opens(second.accessToken)).toBe(200);
  expect((await post('/auth/refresh', { refreshToken: first.refreshToken })).status).toBe(401);
  expect((await post('/auth/refresh', { refreshToken: second.refreshToken })).status).toBe(401);
  expect([await opens(first.accessToken), await opens(second.accessToken)]).toEqual([401, 401]);
});

test('after a logout neither of the two tokens opens anything', async () => {
  const { accessToken, refreshToken } = await signIn();
  expect((await post('/auth/logout', undefined, accessToken)).status).toBe(204);
  expect(await opens(accessToken)).toBe(401);
  expect((await post('/auth/refresh', { refreshToken })).status).toBe(401);
});

test('a mailed link for a new password works once, an older one never, and every session ends', async () => {
  const session = await signIn();
  await post('/auth/password-forgotten', { email: 'ann@example.org' });
  const older = linkIn(textOf(await smtp.letter(1)), 'reset');
  await post('/auth/password-forgotten', { email: 'ann@example.org' });
  const newer = linkIn(textOf(await smtp.letter(2)), 'reset');
  expect(newer).not.toBe(older);
  const reset = async (token: string) =>
    (await post('/auth/password-reset', { token, password: 'ann has a newer password' })).status;
  expect([await reset(older), await reset(newer), await reset(newer)]).toEqual([403, 204, 403]);
  expect(await opens(session.accessToken)).toBe(401);
  expect((await post('/auth/refresh', { refreshToken: session.refreshToken })).status).toBe(401);
  expect((await post('/auth/login', { login: 'ann', password: 'ann has a password' })).status).toBe(401);
  ann.token = (await signIn('ann has a newer password')).accessToken;
});

test('a link of the administrator works once, and not after the next one was made', async () => {
  const make = async () =>
    z
      .object({ url: z.url() })
      .parse((await house.asAdmin('POST', `/api/users/${ann.userId}/reset-link`)).body).url;
  const [first, second] = [linkIn(await make(), 'reset'), linkIn(await make(), 'reset')];
  const reset = async (token: string) =>
    (await post('/auth/password-reset', { token, password: 'ann has a third password' })).status;
  expect([await reset(first), await reset(second), await reset(second)]).toEqual([403, 204, 403]);
  ann.token = (await signIn('ann has a third password')).accessToken;
});

test('a link that verifies an address works once, and is none for a password', async () => {
  expect((await post('/auth/email-verification', undefined, ann.token)).status).toBe(202);
  // Letters about the changed passwords come in between.
  const verifying = () =>
    smtp.letters.map((letter) => linkIn(textOf(letter), 'verify')).find((it) => it !== '');
  await expect.poll(verifying, { timeout: 20_000 }).toBeDefined();
  const token = verifying() ?? '';
  expect((await post('/auth/password-reset', { token, password: 'ann has no password' })).status).toBe(403);
  const verify = async () => (await post('/auth/verify-email', { token })).status;
  expect([await verify(), await verify()]).toEqual([204, 403]);
});

test('an API token that was taken back, ran out or belongs to a closed account opens nothing', async () => {
  const Made = z.object({ token: z.string(), tokenId: z.uuid() });
  const make = async () =>
    Made.parse((await post('/auth/tokens', { name: 'a script', days: 1 }, ann.token)).body);
  const [taken, old] = [await make(), await make()];
  expect([await opens(taken.token), await opens(old.token)]).toEqual([200, 200]);
  await house.by(ann, 'DELETE', `/api/auth/tokens/${taken.tokenId}`);
  expect(await opens(taken.token)).toBe(401);
  await house.asAdmin('PATCH', `/api/users/${ann.userId}`, { status: 'inactive' });
  expect([await opens(old.token), await opens(ann.token)]).toEqual([403, 403]);
  await house.asAdmin('PATCH', `/api/users/${ann.userId}`, { status: 'active' });
  expect(await opens(old.token)).toBe(200);
});

test('a pairing code pairs once, its key is told once, and a key and an install that were taken back open nothing', async () => {
  const Profile = z.object({ profileId: z.uuid() });
  const kid = { kind: 'kid', name: 'Kit', pin: '1234' };
  const { profileId } = Profile.parse((await post('/profiles', kid, ann.token)).body);
  const { code } = z.object({ code: z.string() }).parse((await post('/pairing-codes', {}, ann.token)).body);
  const claim = () => post(`/pairing-codes/${code}/claim`, { name: 'TV', profileId, pin: '1234' });
  const paired = await claim();
  expect(paired.status).toBe(201);
  const { key, deviceId } = z.object({ key: z.string(), deviceId: z.uuid() }).parse(paired.body);
  expect((await claim()).status).toBe(409);
  const Own = z.object({ manifestUrl: z.url() });
  const { manifestUrl } = Own.parse((await house.ask(key, 'GET', '/api/device')).body);
  expect((await get(manifestUrl)).status).toBe(200);
  expect((await house.by(ann, 'DELETE', `/api/devices/${deviceId}`)).status).toBe(204);
  expect((await house.ask(key, 'GET', '/api/device')).status).toBe(401);
  expect((await get(manifestUrl)).status).toBe(404);

  const shown = z
    .object({ code: z.string(), secret: z.string() })
    .parse((await post('/pairing-codes', { name: 'Radio' })).body);
  const confirm = () => post(`/pairing-codes/${shown.code}/confirm`, { profileId }, ann.token);
  expect((await confirm()).status).toBe(200);
  const fetched = async () =>
    JSON.stringify((await house.ask(shown.secret, 'GET', `/api/pairing-codes/${shown.code}`)).body);
  expect([/tribdev_/.test(await fetched()), /tribdev_/.test(await fetched())]).toEqual([true, false]);
  expect((await confirm()).status).toBe(409);
});

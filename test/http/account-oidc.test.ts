import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/platform/config.ts';
import type { Signed } from '../support/account-room.ts';
import { type OidcRoom, openOidcRoom } from '../support/oidc-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: OidcRoom;
beforeAll(async () => {
  room = await openOidcRoom();
});
let admin: Signed;
beforeEach(async () => {
  await room.empty();
  for (const name of Object.keys(room.people)) delete room.people[name];
  admin = await room.add('admin');
});
afterAll(() => room.close());

const SIGNED_IN = '#account/signed-in';
const Me = z.object({
  user: z.object({ userId: z.string(), username: z.string(), email: z.string().nullable() }).nullable(),
});
const me = async (browser: ReturnType<OidcRoom['openBrowser']>) =>
  Me.parse(await (await browser.go(`${room.baseUrl}/api/auth/me`)).json()).user;
const Identities = z.object({ identities: z.array(z.object({ identityId: z.uuid(), issuer: z.string() })) });
const by = (who: Signed, method: string, path: string) =>
  room.ask(method, path, undefined, room.bearer(who.accessToken));
const identitiesOf = async (who: Signed) =>
  Identities.parse((await by(who, 'GET', '/auth/identities')).body).identities;
/** Of that account, verified or not. */
const giveEmail = (username: string, email: string, isVerified: boolean) =>
  room.run(
    `UPDATE app_user SET email = '${email}', email_verified_at = ${isVerified ? 'now()' : 'NULL'} WHERE username = '${username}'`,
  );

describe('who has no account here', () => {
  test('gets none while registration is off', async () => {
    const browser = room.openBrowser();
    expect(await browser.signIn('stranger')).toBe('#account/auth.external_unknown');
    expect(await room.count('app_user')).toBe(1);
    expect(browser.jar.has('tributary_session')).toBe(false);
  });

  test('gets one where it is open, the same the next time, with the address that is verified there', async () => {
    room.settings.registration = 'open';
    room.people.kid = { email: 'kid@example.org', email_verified: true, preferred_username: 'kid <b>' };
    const browser = room.openBrowser();
    expect(await browser.signIn('kid')).toBe(SIGNED_IN);
    const user = await me(browser);
    expect(user).toMatchObject({
      email: 'kid@example.org',
      username: expect.stringMatching(/^kidb-[0-9a-f]{6}$/),
    });
    const again = room.openBrowser();
    expect(await again.signIn('kid')).toBe(SIGNED_IN);
    expect((await me(again))?.userId).toBe(user?.userId);
    expect(await room.count('app_user')).toBe(2);
    expect((await room.asAdmin('GET', `/users/${user?.userId}`)).body).toMatchObject({
      ...{ role: 'user', isEmailVerified: true, hasPassword: false },
    });
  });

  test('keeps no address that is not verified there', async () => {
    room.settings.registration = 'open';
    room.people.kid = { email: 'kid@example.org', email_verified: false };
    const browser = room.openBrowser();
    expect(await browser.signIn('kid')).toBe(SIGNED_IN);
    expect(await me(browser)).toMatchObject({ email: null });
  });

  test('does not become the first account', async () => {
    await room.run('DELETE FROM app_user');
    room.settings.registration = 'open';
    expect(await room.openBrowser().signIn('kid')).toBe('#account/auth.external_unknown');
  });
});

describe('an account of the same address', () => {
  test.each([
    [true, true, SIGNED_IN],
    [true, false, '#account/auth.external_taken'],
    [false, true, '#account/auth.external_taken'],
    [false, false, '#account/auth.external_taken'],
  ])('is joined only where both have verified it: there %s, here %s', async (there, here, hash) => {
    room.settings.registration = 'open';
    await giveEmail('admin', 'Parent@example.org', here);
    room.people.parent = { email: 'parent@example.org', email_verified: there };
    const browser = room.openBrowser();
    expect(await browser.signIn('parent')).toBe(hash);
    expect(await room.count('app_user')).toBe(1);
    expect((await me(browser))?.userId).toBe(hash === SIGNED_IN ? admin.user.userId : undefined);
  });
});

describe('an account that is signed in', () => {
  const link = async (person: string, who = admin) => {
    const browser = room.openBrowser();
    const path = `${room.baseUrl}/api/auth/with/home/link`;
    const answer = await browser.go(path, { method: 'POST', headers: room.bearer(who.accessToken) });
    const { url } = z.object({ url: z.url() }).parse(await answer.json());
    return new URL(await browser.comeBack(await browser.passProvider(url, person))).hash;
  };

  test('is linked, signed in with, and unlinked; another person there is not it', async () => {
    expect(await link('parent')).toBe('#account');
    const browser = room.openBrowser();
    expect(await browser.signIn('parent')).toBe(SIGNED_IN);
    expect((await me(browser))?.userId).toBe(admin.user.userId);
    expect(await room.openBrowser().signIn('Parent')).toBe('#account/auth.external_unknown');
    const [identity] = await identitiesOf(admin);
    expect(identity?.issuer).toBe(room.issuer);
    const other = await room.add('other');
    expect((await by(other, 'DELETE', `/auth/identities/${identity?.identityId}`)).status).toBe(404);
    expect((await by(admin, 'DELETE', `/auth/identities/${identity?.identityId}`)).status).toBe(204);
    expect(await room.openBrowser().signIn('parent')).toBe('#account/auth.external_unknown');
  });

  test('is not linked to what another account is linked to', async () => {
    expect(await link('parent')).toBe('#account');
    const other = await room.add('other');
    expect(await link('parent', other)).toBe('#account/auth.external_taken');
    expect(await identitiesOf(other)).toEqual([]);
  });

  test('is not linked once it has signed out meanwhile', async () => {
    const browser = room.openBrowser();
    const path = `${room.baseUrl}/api/auth/with/home/link`;
    const answer = await browser.go(path, { method: 'POST', headers: room.bearer(admin.accessToken) });
    const { url } = z.object({ url: z.url() }).parse(await answer.json());
    const callback = await browser.passProvider(url, 'parent');
    await by(admin, 'POST', '/auth/logout');
    expect(new URL(await browser.comeBack(callback)).hash).toBe('#account/auth.required');
    expect(await room.openBrowser().signIn('parent')).toBe('#account/auth.external_unknown');
  });

  test('keeps its last way in', async () => {
    await link('parent');
    await room.run('UPDATE app_user SET password_hash = NULL');
    const [identity] = await identitiesOf(admin);
    const refused = await by(admin, 'DELETE', `/auth/identities/${identity?.identityId}`);
    expect([refused.status, problemIn(refused.body).code]).toEqual([409, 'accounts.last_way_in']);
    expect(await identitiesOf(admin)).toHaveLength(1);
  });

  test('that is closed is not let in', async () => {
    await link('parent');
    await room.run(`UPDATE app_user SET status = 'banned'`);
    expect(await room.openBrowser().signIn('parent')).toBe('#account/auth.closed');
  });
});

describe('an answer of the provider', () => {
  test('is good in the browser that began, once', async () => {
    room.settings.registration = 'open';
    const browser = room.openBrowser();
    const callback = await browser.passProvider(await browser.start(), 'kid');
    const thief = room.openBrowser();
    expect(new URL(await thief.comeBack(callback)).hash).toBe('#account/auth.external_late');
    await thief.start();
    expect(new URL(await thief.comeBack(callback)).hash).toBe('#account/auth.external_refused');
    expect(new URL(await browser.comeBack(callback)).hash).toBe(SIGNED_IN);
    expect(new URL(await browser.comeBack(callback)).hash).toBe('#account/auth.external_late');
  });

  test.each(['nonce', 'code_challenge', 'state'])('to another %s than was sent is refused', async (field) => {
    room.settings.registration = 'open';
    const browser = room.openBrowser();
    const first = new URL(await browser.start());
    expect(first.searchParams.get('code_challenge_method')).toBe('S256');
    const was = first.searchParams.get(field) ?? '';
    expect(was.length).toBeGreaterThan(20);
    first.searchParams.set(field, [...was].reverse().join(''));
    const callback = await browser.passProvider(first.href, 'kid');
    expect(new URL(await browser.comeBack(callback)).hash).toBe('#account/auth.external_refused');
    expect(await room.count('app_user')).toBe(1);
  });

  test('that says no is told as such, and nothing of it is shown', async () => {
    const browser = room.openBrowser();
    const state = new URL(await browser.start()).searchParams.get('state');
    const query = new URLSearchParams({
      error: 'access_denied',
      error_description: '<script>',
      state: state ?? '',
    });
    const back = await browser.comeBack(`${room.baseUrl}/api/auth/with/home/callback?${query}`);
    expect(new URL(back).hash).toBe('#account/auth.external_refused');
  });

  test('cannot be begun with a provider there is not', async () => {
    expect((await room.ask('GET', '/auth/with/other')).status).toBe(404);
    expect((await room.ask('GET', '/auth/providers')).body).toEqual({
      providers: [{ id: 'home', name: 'Home' }],
    });
  });
});

describe('LOGIN_PROVIDERS', () => {
  const given = { kind: 'oidc', issuer: 'https://id.example', clientId: 'a', clientSecret: 'planted-secret' };
  const load = (...all: object[]) => loadConfig({ LOGIN_PROVIDERS: JSON.stringify(all) }).loginProviders;

  test('names what is absent by the kind', () => {
    expect(load(given, { kind: 'github', clientId: 'b', clientSecret: 'c' })).toMatchObject([
      { id: 'oidc', name: 'Single sign-on' },
      { id: 'github', name: 'GitHub' },
    ]);
    expect(loadConfig({}).loginProviders).toEqual([]);
  });

  test.each([
    [{ ...given, issuer: 'http://id.example' }, 'at home'],
    [{ ...given, kind: 'facebook' }, 'kind'],
    [{ ...given, id: 'Not/That' }, 'small letters'],
    [{ ...given, more: 1 }, 'more'],
  ])('refuses %j, and tells no secret', (one, words) => {
    expect(() => load(one)).toThrow(words);
    expect(() => load(one)).not.toThrow('planted-secret');
  });

  test('refuses two of one id, and what is no JSON', () => {
    expect(() => load(given, given)).toThrow('every id must be another');
    expect(() => loadConfig({ LOGIN_PROVIDERS: 'planted-secret' })).toThrow('LOGIN_PROVIDERS');
  });
});

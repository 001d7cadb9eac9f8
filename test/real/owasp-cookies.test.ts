import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { apiOperations, filled, type Operation } from '../support/api-operations.ts';
import { bodyOf } from '../support/api-samples.ts';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { unknownId } from '../support/owned-things.ts';
import { get } from '../support/traffic.ts';

// The page's cookies: what another site makes a browser send does nothing (cross-site request forgery), and a cookie that somebody planted is
// nobody's session (session fixation).

let house: Household;
let owner: Person;
let ann: Person;
let mallory: Person;
let operations: Operation[];

beforeAll(async () => {
  house = await openHousehold({ TRUST_PROXY: '127.0.0.0/8' });
  owner = await house.person('owner', 'admin');
  ann = await house.person('ann');
  mallory = await house.person('mallory');
  operations = (await apiOperations(house.product.baseUrl)).filter(
    ({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method),
  );
}, 120_000);
afterAll(() => house?.close());

let address = 0;
const from = () => {
  address += 1;
  return { 'X-Forwarded-For': `10.1.${(address >> 8) & 255}.${address & 255}` };
};
const sameSite = () => ({ Origin: house.product.baseUrl, ...from() });

async function call(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  const response = await get(house.product.baseUrl + path, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { code } = z.object({ code: z.string().optional() }).catch({}).parse(safely(text));
  return { status: response.status, code, text, cookies: response.headers.getSetCookie() };
}
function safely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** As a browser keeps them. */
const jar = (cookies: readonly string[]) =>
  cookies.map((line) => line.slice(0, line.indexOf(';'))).join('; ');
async function signIn(username: string, more: Record<string, string> = {}) {
  const body = { login: username, password: `${username} has a password`, cookies: true };
  return call('POST', '/api/auth/login', { ...sameSite(), ...more }, body);
}
async function signedIn(username: string): Promise<string> {
  const answer = await signIn(username);
  expect(answer.status, answer.text).toBe(200);
  return jar(answer.cookies);
}

/** What a page elsewhere can make a browser say of itself; without all of it a page of a browser of long ago. */
const FOREIGN: readonly Record<string, string>[] = [
  {},
  { Origin: 'https://evil.example' },
  { Origin: 'null' },
  { 'Sec-Fetch-Site': 'cross-site' },
  { 'Sec-Fetch-Site': 'same-site', Origin: 'http://127.0.0.1:1' },
  { 'Sec-Fetch-Site': 'none' },
];
const known = (name: string) => ({ cookies: true, mediaId: 'tt0133093', service: 'netflix' })[name];
const pathOf = ({ path }: Operation) =>
  filled(path, (param) => (param === 'code' ? '000001' : unknownId('user')));

const write = (operation: Operation, headers: Record<string, string>) =>
  call(operation.method, pathOf(operation), { ...headers, ...from() }, bodyOf(operation, known));

describe('every write of the API', () => {
  test('with the cookies of the page is refused where the page did not send it', async () => {
    const admin = await call('POST', '/api/admin-session', sameSite(), { token: house.product.adminToken });
    const jars = { user: await signedIn('owner'), admin: jar(admin.cookies) };
    const faults: string[] = [];
    let guarded = 0;
    const tries = operations.flatMap((operation) =>
      (['user', 'admin'] as const)
        .filter((way) => operation.ways.has(way))
        .flatMap((way) => FOREIGN.map((headers) => ({ operation, headers, Cookie: jars[way] }))),
    );
    for (const { operation, headers, Cookie } of tries) {
      guarded += 1;
      const { status, code } = await write(operation, { Cookie, ...headers });
      if (status !== 403 || code !== 'auth.cross_site')
        faults.push(`${operation.method} ${operation.path} ${JSON.stringify(headers)}: ${status} ${code}`);
    }
    expect(faults).toEqual([]);
    expect(guarded).toBeGreaterThan(300);
    // Neither session came to harm, and what the page itself sends is looked at.
    const me = await call('GET', '/api/auth/me', { Cookie: jars.user });
    expect(JSON.parse(me.text)).toMatchObject({ user: { username: 'owner' } });
    const own = await call('PATCH', '/api/settings', { Cookie: jars.admin, ...sameSite() }, {});
    expect(own.status).toBe(200);
  });

  test('that anybody may do is done no other way with them, and signs nobody in or out', async () => {
    const faults: string[] = [];
    const open = operations.filter(({ ways }) => ways.has('open') && !ways.has('user'));
    expect(open.length).toBeGreaterThan(8);
    const tries = open.flatMap((operation) => FOREIGN.slice(1).map((headers) => ({ operation, headers })));
    for (const { operation, headers } of tries) {
      const Cookie = await signedIn('owner');
      const answer = await write(operation, { Cookie, ...headers });
      const what = `${operation.method} ${operation.path} ${JSON.stringify(headers)}: ${answer.status}`;
      if (answer.cookies.length > 0) faults.push(`${what} sets ${answer.cookies.join()}`);
      const me = await call('GET', '/api/auth/me', { Cookie });
      if (!me.text.includes('"owner"')) faults.push(`${what} ends the session`);
    }
    expect(faults).toEqual([]);
  }, 240_000);

  test('of a page elsewhere signs nobody out, though the browser keeps the cookies to itself', async () => {
    // SameSite=Strict: they are not sent, and an answer could still take them away.
    for (const [method, path] of [
      ['POST', '/api/auth/logout'],
      ['DELETE', '/api/admin-session'],
    ] as const)
      for (const headers of FOREIGN.slice(1)) {
        const { status, cookies } = await call(method, path, headers);
        expect([path, status, cookies]).toEqual([path, 403, []]);
      }
  });
});

describe('a session that was planted', () => {
  test('is not gone on with: who signs in gets cookies of their own, and the planted ones stay somebody else’s', async () => {
    const planted = await signedIn('mallory');
    const answer = await signIn('ann', { Cookie: planted });
    const hers = jar(answer.cookies);
    for (const pair of planted.split('; ')) expect(hers).not.toContain(pair);
    const of = async (Cookie: string) => JSON.parse((await call('GET', '/api/auth/me', { Cookie })).text);
    expect(await of(hers)).toMatchObject({ user: { userId: ann.userId } });
    expect(await of(planted)).toMatchObject({ user: { userId: mallory.userId } });
    const sessions = await house.ask(mallory.token ?? '', 'GET', '/api/auth/sessions');
    expect(JSON.stringify(sessions.body)).not.toContain(ann.userId);
  });

  test('of a value somebody made up is none, and none comes of it', async () => {
    const made = 'tributary_session=fixed-by-mallory; tributary_refresh=fixed-by-mallory';
    const answer = await signIn('ann', { Cookie: made });
    expect(answer.cookies.join()).not.toContain('fixed-by-mallory');
    const me = await call('GET', '/api/auth/me', { Cookie: made });
    expect(JSON.parse(me.text)).toMatchObject({ user: null, isAdmin: false });
    expect((await call('POST', '/api/auth/refresh', { Cookie: made, ...sameSite() }, {})).status).toBe(401);
  });

  test('is not in an address: nothing is taken from a query or a path', async () => {
    const cookie = await signedIn('ann');
    const [, access = ''] = /tributary_session=([^;]+)/.exec(cookie) ?? [];
    for (const name of ['tributary_session', 'session', 'access_token', 'token', 'accessToken']) {
      const { status } = await call('GET', `/api/auth/sessions?${name}=${access}`, {});
      expect([name, status]).toEqual([name, 401]);
    }
  });

  test('ends with a new password, whoever holds it, and a new role begins no old session', async () => {
    const other = await signedIn('ann');
    const body = { current: 'ann has a password', next: 'ann has another password' };
    expect((await house.ask(ann.token ?? '', 'POST', '/api/auth/password', body)).status).toBe(204);
    expect(JSON.parse((await call('GET', '/api/auth/me', { Cookie: other })).text)).toMatchObject({
      user: null,
    });
    expect((await call('POST', '/api/auth/refresh', { Cookie: other, ...sameSite() }, {})).status).toBe(401);
    expect(owner.userId).not.toBe('');
  });
});

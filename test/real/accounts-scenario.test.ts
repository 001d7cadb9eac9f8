import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { type Answer, type Household, openHousehold } from '../support/household-room.ts';
import { problemIn } from '../support/problem-answer.ts';
import { withStremioCore } from '../support/real/stremio-core.ts';
import { get } from '../support/traffic.ts';
import { rowsOfUser } from '../support/user-rows.ts';

// The scenarios of accounts, step by step (docs/scenarios.md): F1, M1, M2, M6, X1, X5 and X11, by the running product's own API, by Stremio's
// core and by the add-on's protocol. Each test goes on where the one before it ended.

const Signed = z.object({
  user: z.object({ userId: z.uuid(), role: z.string() }),
  accessToken: z.string(),
  refreshToken: z.string(),
});
type Signed = z.infer<typeof Signed>;

let house: Household;
let maria: Signed;
let xaver: Signed;
let yara: Signed;
let title = '';
/** Of the owner of that title and of somebody else: where their add-on is. */
let bases = { xaver: '', yara: '' };

beforeAll(async () => {
  house = await openHousehold({ TRUST_PROXY: '127.0.0.0/8', LOG_LEVEL: 'trace' });
  await house.person('owner', 'admin');
}, 120_000);
afterAll(() => house?.close());

let address = 0;
/** Everybody from an address of their own: what is counted there is counted elsewhere. */
const post = (path: string, body: unknown, token: string | null = null) => {
  address += 1;
  return house.ask(token, 'POST', `/api${path}`, body, { 'X-Forwarded-For': `10.6.0.${address}` });
};
const codeOf = (answer: Answer) => problemIn(answer.body).code;
const passwordOf = (name: string) => `${name} has a password`;
const login = async (name: string) =>
  Signed.parse((await post('/auth/login', { login: name, password: passwordOf(name) })).body);
const refresh = (refreshToken: string) => post('/auth/refresh', { refreshToken });
const opens = async ({ accessToken }: Signed) =>
  (await house.ask(accessToken, 'GET', '/api/auth/sessions')).status;

test('M1: the administrator adds a user, who could not have done so; the user signs in', async () => {
  const own = await post('/auth/register', { username: 'maria', password: passwordOf('maria') });
  expect([own.status, codeOf(own)]).toEqual([403, 'accounts.registration_off']);
  const added = await house.asAdmin('POST', '/api/users', {
    username: 'maria',
    password: passwordOf('maria'),
  });
  expect(added).toMatchObject({ status: 201, body: { username: 'maria', role: 'user' } });
  maria = await login('maria');
  expect(await opens(maria)).toBe(200);
});

test('M2: a refresh gives a new token and the old one is 401; an inactive account’s refresh is 403; of six sessions the least recently used ends', async () => {
  const first = await login('maria');
  const second = Signed.parse((await refresh(first.refreshToken)).body);
  expect(second.refreshToken).not.toBe(first.refreshToken);
  expect(await opens(second)).toBe(200);
  expect((await refresh(first.refreshToken)).status).toBe(401);

  const userId = second.user.userId;
  const session = await login('maria');
  expect((await house.asAdmin('PATCH', `/api/users/${userId}`, { status: 'inactive' })).status).toBe(200);
  const refused = await refresh(session.refreshToken);
  expect([refused.status, codeOf(refused)]).toEqual([403, 'auth.closed']);
  await house.asAdmin('PATCH', `/api/users/${userId}`, { status: 'active' });
  await house.db.query(
    rows(
      'test.none',
      z.unknown(),
    )`DELETE FROM auth_session WHERE user_id = (SELECT id FROM app_user WHERE public_id = ${userId})`,
  );

  const five: Signed[] = [];
  for (let count = 0; count < 5; count += 1) five.push(await login('maria'));
  // The oldest is gone on with, so that the second oldest is the one.
  const used = Signed.parse((await refresh(five[0]?.refreshToken ?? '')).body);
  maria = await login('maria');
  const left = await Promise.all([used, ...five.slice(1), maria].map(opens));
  expect(left).toEqual([200, 401, 200, 200, 200, 200]);
  expect((await refresh(five[1]?.refreshToken ?? '')).status).toBe(401);
});

test('M6: with a user who is deleted every refresh token goes; what the log says of them stays, without a name', async () => {
  const userId = maria.user.userId ?? '';
  const Counts = z.object({ tokens: z.int(), mine: z.int(), nameless: z.int() });
  const counts = () =>
    house.db.one(rows('test.counts', Counts)`
      SELECT (SELECT count(*)::int FROM auth_token t JOIN app_user u ON u.id = t.user_id WHERE u.username = 'maria') AS tokens,
        (SELECT count(*)::int FROM audit_log a JOIN app_user u ON u.id = a.user_id WHERE u.username = 'maria') AS mine,
        (SELECT count(*)::int FROM audit_log WHERE user_id IS NULL AND action = 'account.signed_in') AS nameless`);
  const before = await counts();
  expect([before.tokens > 4, before.mine > 8]).toEqual([true, true]);
  expect((await house.asAdmin('DELETE', `/api/users/${userId}`)).status).toBe(204);
  expect(await counts()).toMatchObject({ tokens: 0, mine: 0 });
  expect((await counts()).nameless).toBeGreaterThan(before.nameless + 8);
  expect((await refresh(maria.refreshToken ?? '')).status).toBe(401);
});

test('F1: who registers is 201 and gets a token; the same address again is 422', async () => {
  await house.asAdmin('PATCH', '/api/settings', { registration: 'open' });
  const body = { email: 'xaver@example.org', username: 'xaver', password: passwordOf('xaver') };
  const made = await post('/auth/register', body);
  expect(made.status).toBe(201);
  xaver = Signed.parse(made.body);
  expect([xaver.user.role, await opens(xaver)]).toEqual(['user', 200]);
  const again = await post('/auth/register', { ...body, username: 'xaver2', email: 'XAVER@example.org' });
  expect([again.status, codeOf(again)]).toEqual([422, 'accounts.taken']);
  yara = Signed.parse(
    (await post('/auth/register', { username: 'yara', password: passwordOf('yara') })).body,
  );
});

async function install(who: Signed | undefined, name: string): Promise<{ base: string; profileId: string }> {
  const token = who?.accessToken ?? '';
  const profile = z.object({ profileId: z.uuid() }).parse((await post('/profiles', { name }, token)).body);
  const made = await post('/installs', { ...profile, name: 'Player' }, token);
  const { manifestUrl } = z.object({ manifestUrl: z.url() }).parse(made.body);
  return { base: manifestUrl.replace('/manifest.json', ''), ...profile };
}

test('X1: a profile’s manifest installs in Stremio; its address opens nothing from a dump of the database, and is in no line of the log', async () => {
  bases = { xaver: (await install(xaver, 'Xaver')).base, yara: (await install(yara, 'Yara')).base };
  const catalogue = async () => await (await get(`${bases.xaver}/catalog/movie/popular.json`)).text();
  await expect.poll(catalogue, { timeout: 30_000 }).toContain('Confluence');
  await withStremioCore(async (core) => {
    const { manifest } = await core.installAddon(`${bases.xaver}/manifest.json`);
    expect(manifest.name).toContain('Xaver');
    const shown = (await core.board()).flatMap(({ items }) => items.map(({ name }) => name));
    // A film that comes with the product.
    expect(shown).toContain('Confluence');
  });
  const token = new URL(bases.xaver).pathname.slice(1);
  expect(token).toMatch(/^[\w-]{40,}$/);
  expect((await rowsOfUser(house.databaseUrl, xaver.user.userId ?? '')).join('\n')).not.toContain(token);
  for (const secret of [token, xaver.accessToken, xaver.refreshToken, passwordOf('xaver')])
    expect(house.product.output()).not.toContain(secret);
});

const sees = async (base: string) => {
  const meta = await get(`${base}/meta/movie/trib%3A${title}.json`);
  const listed = await (await get(`${base}/catalog/movie/new.json`)).text();
  return { meta: meta.status, isListed: listed.includes('The garden party') };
};

test('X5: a title that a user makes is private and theirs alone; public, everybody’s', async () => {
  const body = { kind: 'movie', title: 'The garden party', overview: 'Ours', genres: ['Family'] };
  const made = await post('/own-titles', body, xaver.accessToken);
  expect(made).toMatchObject({ status: 201, body: { isPublic: false } });
  title = z.object({ id: z.uuid() }).parse(made.body).id;
  const video = { mediaId: title, videoId: 'abcdefghijk', name: 'On video' };
  expect((await house.asAdmin('POST', '/api/streams', video)).status).toBe(201);
  expect(await sees(bases.xaver)).toMatchObject({ meta: 200 });
  for (const base of [bases.yara, house.product.baseUrl])
    expect([base, await sees(base)]).toEqual([base, { meta: 404, isListed: false }]);
  const foreign = await house.ask(yara.accessToken ?? '', 'GET', `/api/own-titles/${title}`);
  expect(foreign.status).toBe(404);
  await house.asAdmin('PATCH', `/api/users/${yara.user.userId}`, { role: 'moderator' });
  const publish = `/api/own-titles/${title}/publication`;
  expect((await house.ask(yara.accessToken ?? '', 'PUT', publish, { isPublic: true })).status).toBe(200);
  for (const base of [bases.xaver, bases.yara, house.product.baseUrl])
    expect([base, (await sees(base)).meta]).toEqual([base, 200]);
});

test('X11: with a user who leaves go history and lists; the titles and streams they gave stay, nobody’s', async () => {
  const { profileId } = await install(xaver, 'Second');
  const token = xaver.accessToken ?? '';
  const at = `/profiles/${profileId}`;
  expect((await post(`${at}/history/plays`, { mediaId: title }, token)).status).toBe(201);
  expect((await house.ask(token, 'PUT', `/api${at}/watchlist/${title}`)).status).toBe(201);
  await house.db.query(rows('test.give', z.unknown())`
    UPDATE stream SET owner_id = (SELECT id FROM app_user WHERE username = 'xaver')
    WHERE id = (SELECT l.stream_id FROM stream_media_link l JOIN media m ON m.id = l.media_id WHERE m.public_id = ${title})`);
  const left = await house.ask(token, 'DELETE', '/api/auth/account', { password: passwordOf('xaver') });
  expect(left.status).toBe(204);
  const Left = z.object({
    history: z.int(),
    marks: z.int(),
    titles: z.int(),
    streams: z.int(),
    owned: z.int(),
  });
  const counts = await house.db.one(rows('test.left', Left)`
    SELECT (SELECT count(*)::int FROM watch_history) AS history, (SELECT count(*)::int FROM user_media_mark) AS marks,
      (SELECT count(*)::int FROM media WHERE public_id = ${title} AND owner_id IS NULL) AS titles,
      (SELECT count(*)::int FROM stream s JOIN stream_media_link l ON l.stream_id = s.id JOIN media m ON m.id = l.media_id
        WHERE m.public_id = ${title} AND s.owner_id IS NULL) AS streams,
      (SELECT count(*)::int FROM stream WHERE owner_id IS NOT NULL) AS owned`);
  expect(counts).toEqual({ history: 0, marks: 0, titles: 1, streams: 1, owned: 0 });
  expect(await sees(bases.yara)).toMatchObject({ meta: 200 });
  expect((await get(`${bases.xaver}/manifest.json`)).status).toBe(404);
  expect(await opens(xaver)).toBe(401);
});

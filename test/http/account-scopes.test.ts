import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { describedPaths } from '../../src/openapi.ts';
import { areasOf } from '../../src/openapi-scopes.ts';
import { type AccountRoom, openAccountRoom, type Signed } from '../support/account-room.ts';
import { problemIn } from '../support/problem-answer.ts';

// Tokens for a part of the API, as far as their user may.

let room: AccountRoom;
let parent: Signed;
beforeAll(async () => {
  room = await openAccountRoom();
  parent = await room.add('parent');
});
afterAll(() => room.close());

const codeOf = (answer: { body: unknown }) => problemIn(answer.body).code;
const by = (who: Pick<Signed, 'accessToken'>, method: string, path: string, body?: unknown) =>
  room.ask(method, path, body, room.bearer(who.accessToken));

const statuses = async (scopes: readonly string[], asked: readonly (readonly [string, string])[]) => {
  const made = await by(parent, 'POST', '/auth/tokens', { name: 'narrow', scopes });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const { token } = z.object({ token: z.string() }).parse(made.body);
  const answers = asked.map(async ([method, path]) => {
    const answer = await by({ accessToken: token }, method, path, method === 'GET' ? undefined : {});
    return answer.status === 403 ? codeOf(answer) : answer.status;
  });
  return Promise.all(answers);
};
const USERS = [
  ['GET', '/users'],
  ['POST', '/users'],
] as const;
const DEVICES = [
  ['GET', '/devices'],
  ['POST', '/pairing-codes'],
] as const;

test('reach that part and no other, to read or to change', async () => {
  expect(await statuses(['family:read'], [...DEVICES, ...USERS])).toEqual([
    ...[200, 'auth.scope', 'auth.scope', 'auth.scope'],
  ]);
  expect(await statuses(['admin'], [...USERS, ...DEVICES])).toEqual([
    ...[200, 400, 'auth.scope', 'auth.scope'],
  ]);
  expect(await statuses(['activity:write', 'streams:read'], [...USERS, DEVICES[0]])).toEqual(
    Array(3).fill('auth.scope'),
  );
});

test('are for the same part however its address is written', async () => {
  const odd = ['/USERS', '/users/', '/Users/?a=/api/devices', '//users', '/users/../devices', '/%75sers'];
  const asked = odd.map((path) => ['GET', path] as const);
  const told = await statuses(['family:read'], asked);
  expect(told.filter((status) => status !== 'auth.scope' && status !== 404)).toEqual([200]);
  expect(told[4]).toBe(200);
});

test('are of parts there are', async () => {
  for (const scopes of [['rule'], ['family'], ['admin:write'], []])
    expect((await by(parent, 'POST', '/auth/tokens', { name: 'none', scopes })).status).toBe(400);
});

test('every route that is described belongs to a part', () => {
  const of = Object.groupBy(describedPaths, (path) => areasOf(path).join(' '));
  expect(Object.keys(of).toSorted()).toEqual(
    ['activity', 'admin', 'catalog', 'family', 'sources', 'streams', 'titles'].toSorted(),
  );
  expect(new Set(of.admin?.map((path) => path.split('/')[2]))).toEqual(
    new Set(['admin-session', 'auth', 'audit', 'health', 'settings', 'users']),
  );
});

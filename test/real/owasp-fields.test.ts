import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiOperations, fieldNames, filled, type Operation } from '../support/api-operations.ts';
import { bodyOf } from '../support/api-samples.ts';
import { connect } from '../support/full-database.ts';
import type { Household, Person } from '../support/household-room.ts';
import { kindAt, kindOfField, openTwoMembers, type Things, unknownId } from '../support/owned-things.ts';

// Fields that are nobody's to set (OWASP API3:2023, mass assignment), put into every body the API takes: it is refused, or the field is not
// looked at; in no case does a row of anybody have it. Routes that come are in by themselves.

const OF_NOBODY: Readonly<Record<string, unknown>> = {
  ...{
    role: 'admin',
    isAdmin: true,
    is_admin: true,
    admin: true,
    scopes: ['read', 'write'],
    status: 'banned',
  },
  ...{
    emailVerified: true,
    isEmailVerified: true,
    emailVerifiedAt: '2020-01-01T00:00:00Z',
    email_verified_at: 'now',
  },
  ...{ id: 1, publicId: '00000000-0000-4000-8000-00000000000a', createdAt: '1999-01-01T00:00:00Z' },
  ...{
    isPublic: true,
    is_public: true,
    isFeatured: true,
    isVerified: true,
    watchCount: 999_999,
    kind: 'standard',
  },
  ...{ passwordHash: '$argon2id$', password_hash: 'x', pinHash: 'x', policyVersion: 0, keyHash: 'x' },
};

let house: Household;
let bob: Person;
let hers: Things;
let his: Things;
let film: string;
let operations: Operation[];

beforeAll(async () => {
  ({ house, film, bob, hers, his } = await openTwoMembers());
  await house.asAdmin('PATCH', '/api/settings', { registration: 'open' });
  operations = (await apiOperations(house.product.baseUrl)).filter(({ body }) => body !== null);
}, 120_000);
afterAll(() => house?.close());

/** By number and by name: whose. */
async function ownersOf(): Promise<Record<string, unknown>> {
  const { userId } = await userRow('ann');
  return Object.fromEntries(
    ['userId', 'user_id', 'ownerId', 'owner_id', 'reporterId', 'accountId', 'familyId'].flatMap((name) => [
      [name, name === 'userId' ? hers.user : userId],
    ]),
  );
}

async function query<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
  await using client = await connect(house.databaseUrl);
  return (await client.query<T>(text, values)).rows;
}
async function userRow(username: string): Promise<{ userId: number }> {
  const [row] = await query<{ userId: number }>(
    'SELECT id::integer AS "userId" FROM app_user WHERE username = $1',
    [username],
  );
  if (row === undefined) throw new Error('no such user');
  return row;
}

let address = 0;
/** One request, from an address that has no count yet. */
function send(operation: Operation, body: unknown, token: string | null) {
  const path = filled(operation.path, (param) => {
    const kind = kindAt(operation.path, param);
    return kind === null ? unknownId('user') : his[kind];
  });
  address += 1;
  const from = `10.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`;
  return house.ask(token, operation.method, path, body, { 'X-Forwarded-For': from });
}

function tokenOf({ ways }: Operation): string | null {
  if (ways.has('device')) return his.key;
  if (ways.has('user')) return bob.token ?? null;
  return ways.has('admin') ? house.product.adminToken : null;
}

const known = (name: string) => {
  if (name === 'mediaId') return film;
  const kind = kindOfField(name);
  return kind === null ? { service: 'netflix' }[name] : his[kind];
};

/** What nobody but the administrator changes, and to whom everything belongs. */
async function standing(): Promise<unknown[]> {
  const users =
    query(`SELECT public_id, username, role, status, email, email_verified_at, password_hash, created_at
    FROM app_user WHERE username IN ('ann', 'bob') ORDER BY id`);
  const titles = query(
    `SELECT id, owner_id, is_public, is_featured, watch_count < 1000 AS few FROM media ORDER BY id LIMIT 3`,
  );
  const ofAnn = query(`SELECT (SELECT count(*) FROM profile p WHERE p.user_id = u.id) AS profiles,
      (SELECT count(*) FROM device d WHERE d.user_id = u.id) AS devices, (SELECT count(*) FROM auth_token t WHERE t.user_id = u.id) AS tokens,
      (SELECT count(*) FROM media m WHERE m.owner_id = u.id) AS titles, (SELECT count(*) FROM pairing_code c WHERE c.user_id = u.id) AS codes
    FROM app_user u WHERE username = 'ann'`);
  const admins = query(
    `SELECT count(*) AS admins, count(email_verified_at) AS verified FROM app_user WHERE role <> 'user' OR status <> 'active'`,
  );
  return Promise.all([users, titles, ofAnn, admins]);
}

/** Those that the operation does not take. */
function foreignFields(operation: Operation, extras: Readonly<Record<string, unknown>>) {
  const taken = fieldNames(operation.body ?? {});
  return Object.entries(extras)
    .filter(([name]) => !taken.has(name))
    .map(([name, value]) => ({ operation, name, value }));
}

test('a field that is nobody’s to set is refused or not looked at, in every body', async () => {
  const extras = { ...OF_NOBODY, ...(await ownersOf()) };
  const before = await standing();
  const faults: string[] = [];
  let [refused, overlooked] = [0, 0];
  for (const { operation, name, value } of operations.flatMap((one) => foreignFields(one, extras))) {
    const body = { ...(bodyOf(operation, known) as object), [name]: value };
    const { status, body: told } = await send(operation, body, tokenOf(operation));
    // What an administrator may say of somebody is no escalation.
    const isAdmins = operation.ways.has('admin') && !operation.ways.has('user');
    if (status >= 500 || (status < 300 && !isAdmins))
      faults.push(`${operation.method} ${operation.path} ${name}: ${status}`);
    const isRefused = status === 400 && JSON.stringify(told).includes(name);
    if (isRefused) refused += 1;
    else overlooked += 1;
  }
  expect(faults).toEqual([]);
  expect(await standing()).toEqual(before);
  expect(refused).toBeGreaterThan(overlooked);
});

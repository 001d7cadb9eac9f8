import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { freshDatabase } from './database.ts';
import { startTributary } from './product.ts';
import { get } from './traffic.ts';

const Signed = z.object({ user: z.object({ userId: z.uuid() }), accessToken: z.string() });
const Made = z.object({ id: z.uuid() });
/** Somebody who is signed in, with a profile. */
export type Person = { userId: string; token: string; profileId: string };
export type Answer = { status: number; body: unknown };

/** The program as it runs, without titles of its own, on a database that tests may look into; people sign in. */
export async function openHousehold(env: Readonly<Record<string, string>> = {}) {
  const database = await freshDatabase();
  const product = await startTributary({
    env: {
      ...{
        DATABASE_URL: database.url,
        STARTER_CATALOG: 'off',
        METADATA_PROVIDERS: 'none',
        PUBLIC_CATALOG: 'all',
      },
      ...{ RATE_LIMIT_API: '1000000', RATE_LIMIT_ADDON: '1000000' },
      ...env,
    },
  });

  async function ask(
    token: string | null,
    method: string,
    path: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await get(product.baseUrl + path, {
      method,
      headers: {
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, body: text === '' ? null : isJson ? JSON.parse(text) : text };
  }
  const asAdmin = (method: string, path: string, body?: unknown) =>
    ask(product.adminToken, method, path, body);

  return {
    db: database.db,
    databaseUrl: database.url,
    product,
    ask,
    asAdmin,
    by: (person: Person, method: string, path: string, body?: unknown) =>
      ask(person.token, method, path, body),
    async person(username: string, role = 'user'): Promise<Person> {
      const login = { username, password: `${username} has a password` };
      const added = await asAdmin('POST', '/api/users', { ...login, role });
      if (added.status !== 201) throw new Error(`users: ${added.status} ${JSON.stringify(added.body)}`);
      const answer = await ask(null, 'POST', '/api/auth/login', {
        login: username,
        password: login.password,
      });
      const { user, accessToken } = Signed.parse(answer.body);
      const { profileId } = await database.db.one(rows('test.profile', z.object({ profileId: z.uuid() }))`
        INSERT INTO profile (user_id, name, is_default) SELECT id, ${username}, true FROM app_user WHERE public_id = ${user.userId}
        RETURNING public_id AS "profileId"`);
      return { userId: user.userId, token: accessToken, profileId };
    },
    /** A title everybody sees. */
    async title(title: string, more: object = {}): Promise<string> {
      const answer = await asAdmin('POST', '/api/media', { kind: 'movie', title, overview: 'x', ...more });
      return Made.parse(answer.body).id;
    },
    async close(): Promise<void> {
      await product.stop();
      await database.close();
    },
  };
}
export type Household = Awaited<ReturnType<typeof openHousehold>>;

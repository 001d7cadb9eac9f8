import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import express, { type RequestHandler, type Router } from 'express';
import { z } from 'zod';
import { type AccountDoors, type AccountGround, openAccounts } from '../../src/account-doors.ts';
import { openDevices } from '../../src/device-doors.ts';
import type { Guard } from '../../src/features/accounts/index.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command, type Pool, rows } from '../../src/platform/db.ts';
import { jsonBody } from '../../src/platform/json-body.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { reportErrors } from '../../src/platform/problem.ts';
import { createRateLimiter, openRateLimitPool, type RateLimiter } from '../../src/platform/rate-limit.ts';
import { freshDatabase } from './database.ts';
import { connect } from './full-database.ts';

export const ADMIN_TOKEN = 'the-admin-token-of-tests';
/** As the owner sets them, while the room is open. */
type RoomSettings = {
  -readonly [Key in keyof ReturnType<AccountGround['settings']['get']>]: ReturnType<
    AccountGround['settings']['get']
  >[Key];
};
const SETTINGS: RoomSettings = {
  ...{ addonName: 'Tributary', registration: 'off', auditAddresses: 'keep', emailVerification: 'off' },
};
const Signed = z.object({
  user: z.object({ userId: z.uuid(), role: z.string() }),
  accessToken: z.string(),
  refreshToken: z.string(),
});
export type Signed = z.infer<typeof Signed>;
export type Answer = { status: number; headers: Headers; body: unknown };

type RoomParts = Pick<AccountDoors, 'actorOf'> & {
  db: Pool;
  url: string;
  requireAdmin: RequestHandler;
};

/** What routes of other rooms need beside accounts. */
export type AccountPlace = {
  db: Pool;
  guard: Guard;
  limiter: RateLimiter;
  keepsAddresses(): boolean;
};

type RoomOptions = {
  /** Routes of administrators beside those of accounts. */
  more?: (parts: RoomParts) => Promise<Router[]>;
  /** And of users. */
  forUsers?: (place: AccountPlace) => readonly Router[];
  mailer?: AccountGround['mailer'];
  publicUrl?: string | null;
  loginProviders?: AccountGround['config']['loginProviders'];
  net?: AccountGround['net'];
  /** What other rooms hold of a user. */
  ownedParts?: Parameters<typeof openAccounts>[2];
};

/** The routes of accounts as the program mounts them, on a database of their own. */
export async function openAccountRoom({
  more = async () => [],
  forUsers = () => [],
  mailer = null,
  publicUrl = null,
  loginProviders = [],
  ownedParts = [],
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() }),
}: RoomOptions = {}) {
  const database = await freshDatabase();
  const { db, url } = database;
  const log = createLog('silent');
  const crypto = createCrypto(['a secret for tests that is long enough']);
  const pgPool = openRateLimitPool({ url, log });
  const limiter = createRateLimiter({ redis: null, pgPool, log, hashKey: (text) => text });
  const settings: RoomSettings = { ...SETTINGS };
  const ground: AccountGround = {
    ...{
      db,
      crypto,
      limiter,
      log,
      mailer,
      net,
      settings: { get: () => settings },
      secrets: { adminToken: ADMIN_TOKEN },
    },
    config: { http: { publicUrl }, loginProviders },
  };
  const accounts = openAccounts(ground, (req) => `http://${req.get('host')}`, ownedParts);
  const { requireAdmin } = accounts.guard;
  const others = await more({ db, url, requireAdmin, actorOf: accounts.actorOf });
  const app = express();
  app.set('query parser', 'simple');
  app.set('trust proxy', ['127.0.0.9']);
  const place = {
    db,
    guard: accounts.guard,
    limiter,
    keepsAddresses: () => settings.auditAddresses === 'keep',
  };
  app.use('/api', ...accounts.publicApi, ...forUsers(place));
  const opened: number[] = [];
  const enricher = {
    async opened(mediaId: number) {
      opened.push(mediaId);
      return false;
    },
  };
  app.use('/api', ...openDevices({ ...ground, enricher }, accounts, (req) => `http://${req.get('host')}`));
  app.use('/api', requireAdmin, ...jsonBody('64kb'), ...accounts.adminApi, ...others);
  app.use(reportErrors(log));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const baseUrl = `http://127.0.0.1:${address.port}`;

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${baseUrl}/api${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  return {
    db,
    /** Titles whose details somebody wanted. */
    opened,
    settings,
    baseUrl,
    databaseUrl: url,
    ask,
    bearer,
    asAdmin: (method: string, path: string, body?: unknown) => ask(method, path, body, bearer(ADMIN_TOKEN)),
    /** Registers with the admin token; the first is the administrator. */
    async add(username: string, password = `${username} has a password`): Promise<Signed> {
      const answer = await ask('POST', '/auth/register', { username, password }, bearer(ADMIN_TOKEN));
      if (answer.status !== 201) throw new Error(`register: ${answer.status} ${JSON.stringify(answer.body)}`);
      return Signed.parse(answer.body);
    },
    signIn: (login: string, password = `${login} has a password`) =>
      ask('POST', '/auth/login', { login, password }),
    signed: (answer: Answer) => Signed.parse(answer.body),
    async count(table: string): Promise<number> {
      const counts = await db.one(
        rows(
          'test.counts',
          z.object({ app_user: z.int(), auth_session: z.int(), auth_token: z.int(), audit_log: z.int() }),
        )`
          SELECT (SELECT count(*) FROM app_user) AS app_user, (SELECT count(*) FROM auth_session) AS auth_session,
            (SELECT count(*) FROM auth_token) AS auth_token, (SELECT count(*) FROM audit_log) AS audit_log`,
      );
      return z.record(z.string(), z.int()).parse(counts)[table] ?? -1;
    },
    async run(statement: string): Promise<void> {
      await using client = await connect(url);
      await client.query(statement);
    },
    /** A table as text: what a backup of it holds. */
    async dump(table: string): Promise<string> {
      await using client = await connect(url);
      const { rows: found } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${table} t`);
      return found.map(({ text }) => text).join('\n');
    },
    async empty(): Promise<void> {
      Object.assign(settings, SETTINGS);
      await db.query(
        command('test.empty')`TRUNCATE app_user, audit_log, rate_limit RESTART IDENTITY CASCADE`,
      );
    },
    /** A user agent nobody else has. */
    agent: () => `agent ${randomBytes(4).toString('hex')}`,
    async close(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      await net.close();
      await pgPool.end();
      await database.close();
    },
  };
}
export type AccountRoom = Awaited<ReturnType<typeof openAccountRoom>>;

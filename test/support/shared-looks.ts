import { Redis as Client } from 'ioredis';
import { Client as PgClient } from 'pg';
import { afterEach } from 'vitest';
import { type Cache, createCache } from '../../src/platform/cache.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { openDb, type Pool } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { createRedis } from '../../src/platform/redis.ts';
import { httpKind } from '../../src/streams/http/index.ts';
import type { ByteSource } from '../../src/streams/kind.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { type Origin, startOrigin } from './origin.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { waitUntil } from './wait-until.ts';

const log = createLog('silent');
const KEY = 'a secret for tests that is long enough';
/** What nobody may find in a store. */
export const PASSWORD = 'opensesame';

export type Instance = {
  cache: Cache;
  notify: Notify;
  /** Statements it has sent by the pool, by name. */
  statements: string[];
  /** Opens the link as a play request does. */
  open(signal?: AbortSignal): Promise<ByteSource>;
  check(): Promise<unknown>;
};

export type Room = {
  origin: Origin;
  /** HEADs that came. */
  looks(): number;
  instance(options?: InstanceOptions): Promise<Instance>;
  /** So many, each of which knows that it is not alone. */
  together(count: number): Promise<Instance[]>;
  /** All that a maintainer of the stores sees: every key and value. */
  stored(): Promise<string>;
  /** Puts a text in the place of every shared value. */
  spoil(text: string): Promise<void>;
  /** Postgres answers nothing about shared values until the end of `work`. */
  whileHanging<T>(work: () => Promise<T>): Promise<T>;
  /** An instance that has begun a look and is gone: its lease is left. */
  leaveLease(): Promise<void>;
};

type InstanceOptions = { secretKey?: string; isDatabaseAway?: boolean };

/** An origin and as many instances of the kind http as a test asks for, on one database; all gone after the test. Registers the hooks. */
export function looksRoom(withRedis: boolean): () => Promise<Room> {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  return async () => {
    const database = await freshDatabase();
    closers.push(() => database.close());
    const redis = withRedis ? await startRedis() : null;
    closers.push(() => redis?.stop());
    const origin = await startOrigin(Buffer.from('the bytes of a film'.repeat(100)));
    closers.push(() => origin.stop());
    const instance = (options: InstanceOptions = {}) =>
      startInstance(database, redis, origin, options, closers);
    const room: Room = {
      origin,
      instance,
      looks: () => origin.requests.filter(({ method }) => method === 'HEAD').length,
      async together(count) {
        const all = await Promise.all(Array.from({ length: count }, () => instance()));
        const knowEachOther = () => all.every(({ notify }) => notify.isAlone() === false);
        await waitUntil(knowEachOther, { what: 'they know each other', timeoutMs: 5000 });
        return all;
      },
      stored: () => (redis === null ? storedRows(database) : storedKeys(redis)),
      spoil: (text) => (redis === null ? spoilRows(database, text) : spoilKeys(redis, text)),
      async whileHanging(work) {
        const client = new PgClient({ connectionString: database.url });
        await client.connect();
        try {
          await client.query('BEGIN');
          await client.query('LOCK TABLE shared_value');
          return await work();
        } finally {
          await client.end();
        }
      },
      leaveLease: () =>
        redis === null ? query(database, TO_LEASE).then(() => {}) : spoilKeys(redis, '!of one who died'),
    };
    return room;
  };
}

async function startInstance(
  database: TestDatabase,
  redisServer: TestRedis | null,
  origin: Origin,
  { secretKey = KEY, isDatabaseAway = false }: InstanceOptions,
  closers: (() => unknown)[],
): Promise<Instance> {
  const statements: string[] = [];
  const onStatement = ({ name }: { name: string }) => void statements.push(name);
  const db: Pool = await openDb({ url: database.url, poolMax: 4, log, onStatement });
  if (isDatabaseAway) await db.end();
  const notify = createNotify({ url: database.url, log });
  const redis = redisServer === null ? null : await createRedis({ url: redisServer.url, log });
  const cache = createCache({ redis, db, notify, log });
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  closers.push(async () => {
    await cache.close();
    await net.close();
    redis?.close();
    await notify.close();
    if (db.state().state === 'ACTIVE') await db.end();
  });
  const kind = httpKind({
    ...{ db, net, log, crypto: createCrypto([secretKey]), openSpace: cache.space },
    ...{ localFolders: new Map(), shippedFolder: '/nonexistent' },
  });
  await waitUntil(() => notify.isAlone() !== null && (redis === null || redis.isUp()), {
    what: 'the instance listens',
    timeoutMs: 10_000,
  });
  const headers = { Authorization: `Bearer ${PASSWORD}` };
  const detail = kind.parse({ url: origin.url, headers, format: 'progressive' });
  const { open, check } = kind;
  if (open === undefined || check === undefined) throw new Error('the kind opens and checks');
  return {
    cache,
    notify,
    statements,
    open: (signal = new AbortController().signal) => open({ detail, fileIndex: null }, signal),
    check: () => check({ detail, fileIndex: null }, new AbortController().signal),
  };
}

const TO_LEASE = `UPDATE shared_value SET value = NULL, token = 'of one who died', is_awaited = false, ends_at = now() + interval '10 seconds'`;

async function spoilRows(database: TestDatabase, text: string): Promise<void> {
  await query(database, 'UPDATE shared_value SET value = $1', [text]);
}

async function storedRows(database: TestDatabase): Promise<string> {
  return JSON.stringify(await query(database, 'SELECT * FROM shared_value'));
}

async function query(database: TestDatabase, statement: string, values: string[] = []): Promise<unknown[]> {
  const client = new PgClient({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}

async function withKeys<T>(
  redis: TestRedis,
  run: (client: Client, keys: string[]) => Promise<T>,
): Promise<T> {
  const client = new Client(redis.port, '127.0.0.1', { lazyConnect: true });
  try {
    const keys = (await client.keys('trib:http-facts:*')).filter((key) => !key.includes(':generation:'));
    return await run(client, keys);
  } finally {
    client.disconnect();
  }
}

function spoilKeys(redis: TestRedis, text: string): Promise<void> {
  return withKeys(redis, async (client, keys) => {
    for (const key of keys) await client.set(key, text, 'PX', 10_000);
  });
}

function storedKeys(redis: TestRedis): Promise<string> {
  return withKeys(redis, async (client, keys) => {
    const values = await Promise.all(keys.map((key) => client.get(key)));
    return JSON.stringify(keys.length === 0 ? [] : [keys, values]);
  });
}

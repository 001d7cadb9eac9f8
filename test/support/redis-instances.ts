import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Redis as Client } from 'ioredis';
import { Client as PgClient } from 'pg';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { type Cache, createCache } from '../../src/platform/cache.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { createRedis, type Redis } from '../../src/platform/redis.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { freePort, openTempDir, type RunningProcess, startProcess } from './processes.ts';
import { waitUntil } from './wait-until.ts';

const log = createLog('silent');

export type Instance = { cache: Cache; redis: Redis; notify: Notify };

/** A Redis and instances on it for each test of a file, all gone after the test; registers the hooks. */
export function redisForEachTest() {
  let database: TestDatabase;
  let port: number;
  let folder: Awaited<ReturnType<typeof openTempDir>>;
  let server: RunningProcess;
  const closers: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    database = await freshDatabase({ isEmpty: true });
    return () => database.close();
  });
  beforeEach(async () => {
    folder = await openTempDir();
    port = await freePort();
    server = await startServer();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await server.stop();
    await folder.remove();
  });

  /** Keeps its data in the test's folder, so that it can come back with it. */
  function startServer(): Promise<RunningProcess> {
    return startProcess({
      command: 'redis-server',
      args: ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder.path],
      readyWhen: /Ready to accept connections/,
      stopTimeoutMs: 2000,
    });
  }

  async function kill(): Promise<void> {
    server.signal('SIGKILL');
    await server.exited;
  }

  /** Another client of the same server: what a maintainer would see. */
  function observer(): Client {
    const client = new Client(port, '127.0.0.1', { lazyConnect: true });
    closers.push(() => client.disconnect());
    return client;
  }

  async function keysOf(space: string): Promise<string[]> {
    const keys = await observer().keys(`trib:${space}:*`);
    return keys.filter((key) => !key.includes(':generation:'));
  }

  async function instance(options: { isUp?: boolean; port?: number } = {}): Promise<Instance> {
    const redis = await createRedis({ url: `redis://127.0.0.1:${options.port ?? port}`, log });
    const notify = createNotify({ url: database.url, log });
    const cache = createCache({ redis, db: database.db, notify, log });
    closers.push(async () => {
      await cache.close();
      redis.close();
      await notify.close();
    });
    await waitUntil(() => notify.isConnected(), { what: 'the instance listens', timeoutMs: 10_000 });
    if (options.isUp ?? true) await up({ redis });
    return { cache, redis, notify };
  }

  /** A way to Redis that can be cut while Redis lives. */
  async function startRelay() {
    const sockets = new Set<Socket>();
    const relay = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) sockets.add(socket.on('error', () => socket.destroy()));
      near.pipe(far).pipe(near);
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const address = relay.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    const cut = async () => {
      if (!relay.listening) return;
      relay.close();
      for (const socket of sockets) socket.destroy();
      await once(relay, 'close');
    };
    return { port: address.port, cut, [Symbol.asyncDispose]: cut };
  }

  async function up(...instances: { redis: Redis }[]): Promise<void> {
    await waitUntil(() => instances.every(({ redis }) => redis.isUp()), {
      what: 'Redis is in use',
      timeoutMs: 15_000,
    });
  }

  async function onDatabase(statement: string): Promise<void> {
    const client = new PgClient({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  return {
    ...{ kill, observer, keysOf, instance, startRelay, up, onDatabase },
    startServer: async () => {
      server = await startServer();
    },
    signalServer: (signal: NodeJS.Signals) => server.signal(signal),
    /** Runs after the test, last in first out. */
    onEnd: (close: () => Promise<void> | void) => void closers.push(close),
  };
}

export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const begun = performance.now();
  const value = await work();
  return { value, tookMs: performance.now() - begun };
}

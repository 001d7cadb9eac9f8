import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis as Client } from 'ioredis';
import type { Log } from './log.ts';

export type Redis = {
  /**
   * Runs commands while Redis is well. Undefined when it is not, when they fail or when they take longer than 250 ms:
   * the caller goes on without. A failure keeps everyone off Redis until it has answered a PING again.
   */
  attempt<T>(run: (client: Client) => Promise<T>): Promise<T | undefined>;
  isUp(): boolean;
  /** Whether it answers; waits up to 2 s for the first connection. */
  ping(): Promise<boolean>;
  /** Changes when the server was restarted (and may have come back with old data). `none` while unknown. */
  runId(): string;
  close(): void;
};

const COMMAND_TIMEOUT_MS = 250;
const FIRST_CONNECT_MS = 2000;
const MAX_RETRY_DELAY_MS = 5000;

/**
 * One connection to Redis that is never waited for: no offline queue, no resending, short timeouts, and a circuit.
 * A dead or dying Redis costs speed, never an answer. Returns at once; the connection is made in the background.
 * (ioredis takes 100 ms to load, so only those who set REDIS_URL pay for it.)
 */
export async function createRedis({ url, log }: { url: string; log: Log }): Promise<Redis> {
  const { Redis: IoRedis } = await import('ioredis');
  const client = new IoRedis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: FIRST_CONNECT_MS,
    // A peer that died without a word: commands are out and nothing comes back. Cut, so that a new connection is made.
    socketTimeout: 3000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), MAX_RETRY_DELAY_MS),
    connectionName: 'tributary',
  });
  let state: 'starting' | 'up' | 'down' | 'closed' = 'starting';
  let runId = 'none';
  let isProbing = false;
  let failedProbes = 0;
  let timer: NodeJS.Timeout | undefined;

  const goDown = (error: unknown) => {
    if (state === 'closed' || state === 'down') return;
    state = 'down';
    log.warn({ err: error }, 'Redis does not answer; going on without it');
    probeLater();
  };

  const probeLater = () => {
    clearTimeout(timer);
    if (state === 'closed') return;
    timer = setTimeout(probe, Math.min(250 * 2 ** Math.min(failedProbes, 10), MAX_RETRY_DELAY_MS)).unref();
  };

  /** Nobody's request is spent on finding out whether Redis is back. */
  async function probe(): Promise<void> {
    if (isProbing || state === 'up' || state === 'closed') return;
    isProbing = true;
    const error = await tryOut();
    isProbing = false;
    if (error === null) return goUp();
    failedProbes += 1;
    if (state === 'starting') goDown(error);
    else probeLater();
  }

  async function tryOut(): Promise<unknown> {
    try {
      const info = await client.info('server');
      runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? 'none';
      return null;
    } catch (error) {
      return error;
    }
  }

  const goUp = () => {
    if (state === 'closed') return;
    if (state === 'down') log.info('Redis answers again');
    state = 'up';
    failedProbes = 0;
  };

  client.on('ready', () => {
    failedProbes = 0;
    void probe();
  });
  client.on('error', goDown);
  client.on('close', () => goDown(new Error('the connection was closed')));
  client.connect().catch(goDown);

  async function attempt<T>(run: (client: Client) => Promise<T>): Promise<T | undefined> {
    if (state !== 'up') return undefined;
    try {
      return await run(client);
    } catch (error) {
      goDown(error);
      return undefined;
    }
  }

  return {
    attempt,
    isUp: () => state === 'up',
    async ping() {
      for (let waitedMs = 0; state === 'starting' && waitedMs < FIRST_CONNECT_MS; waitedMs += 20)
        await sleep(20);
      return (await attempt((connected) => connected.ping())) === 'PONG';
    },
    runId: () => runId,
    close() {
      state = 'closed';
      clearTimeout(timer);
      client.disconnect();
    },
  };
}

export type RedisScript = { lua: string; sha: string };

/** Runs a script by its hash; sends the text only when the server does not know it yet. */
export async function runScript(
  client: Client,
  script: RedisScript,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await client.eval(script.lua, keys.length, ...keys, ...args);
  }
}

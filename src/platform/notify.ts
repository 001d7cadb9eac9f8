import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Log } from './log.ts';

type Subscriber = {
  /** A message of the channel, from any instance, this one included. */
  onMessage(payload: string): void;
  /** Messages may have been lost (the connection was away): forget or reload everything they could have been about. Also once, on the first connection. */
  onGap(): void;
};

export type Notify = {
  /**
   * Tells all instances. True once every instance that was listening has dealt with it, and with everything Postgres
   * announced before it: whoever is asked next knows. False when that took over a second or the connection is away; all
   * instances are told of a gap as soon as it is back. Payloads past `MAX_PAYLOAD_BYTES` are a RangeError.
   */
  publish(channel: string, payload: string): Promise<boolean>;
  subscribe(channel: string, subscriber: Subscriber): () => void;
  isConnected(): boolean;
  /** No other instance listens: one that comes is known within a millisecond, one that goes within 15 s or at the next message. Null: not known while the connection is away. */
  isAlone(): boolean | null;
  close(): Promise<void>;
};

/** Postgres takes less than 8,000 bytes; the rest is ours for the id and the channel. */
export const MAX_PAYLOAD_BYTES = 7800;
const PG_CHANNEL = 'tributary';
const ECHO_TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MS = 5000;
/** A connection that died without a word is noticed within this plus 5 s. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT_TIMEOUT_MS = 5000;
const MAX_RETRY_DELAY_MS = 5000;

const GAP = '!gap';
/** Tells a sender that an instance has dealt with its message: the echo alone would only say that Postgres signalled the others, who may hear it some milliseconds after the sender's next visitor asks them. */
const ACK = '!ack';
/** Sessions that listen are told by this name; given to them once they do. */
const LISTENER = 'tributary notify';
const LISTENERS = `(
    SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name = '${LISTENER}'
  ) AS listeners`;
const SEND = `SELECT pg_notify($1, $2), ${LISTENERS}`;
const COUNT = `SELECT ${LISTENERS}`;
/** Said by an instance once it listens: of two that come at once the later one counts both, and the earlier one hears it. */
const HERE = '!here';

/**
 * LISTEN/NOTIFY on a connection of its own that comes back by itself. Connects in the background at once.
 * One Postgres channel carries all of ours, so one LISTEN serves every subscriber. Needs a session: a pooler in
 * transaction mode (PgBouncer) cannot carry it.
 */
export function createNotify({ url, log }: { url: string; log: Log }): Notify {
  const subscribers = new Map<string, Set<Subscriber>>();
  const heardOf = new Map<string, () => void>();
  const instance = randomBytes(9).toString('base64url');
  let published = 0;
  let client: Client | null = null;
  let isClosed = false;
  let owesGap = false;
  let isAlone: boolean | null = null;
  let arrivals = 0;
  let attempts = 0;
  let retryTimer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let connecting: Promise<void> = connect();

  async function connect(): Promise<void> {
    const next = new Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: HEARTBEAT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'tributary',
    });
    next.on('error', (error) => lose(next, error));
    next.on('end', () => lose(next, new Error('the connection ended')));
    next.on('notification', (message) => hear(message.payload ?? ''));
    try {
      await next.connect();
      await next.query(`LISTEN ${PG_CHANNEL}`);
      await next.query(`SET application_name = '${LISTENER}'`);
      await count(next, SEND, [PG_CHANNEL, `${instance} ${HERE} `]);
    } catch (error) {
      isAlone = null;
      discard(next);
      retry(error);
      return;
    }
    if (isClosed) return discard(next);
    if (attempts > 0) log.info('listening to Postgres again');
    client = next;
    attempts = 0;
    heartbeat = setInterval(() => beat(next), HEARTBEAT_MS).unref();
    tellGap();
    if (!owesGap) return;
    owesGap = false;
    await send(GAP, '');
  }

  async function beat(of: Client): Promise<void> {
    try {
      await count(of, COUNT);
    } catch (error) {
      lose(of, error);
    }
  }

  /** How many listen. One is ourselves; an arrival that is heard while the answer is on its way may be missing in it. */
  async function count(on: Client, text: string, values: string[] = []): Promise<number> {
    const before = arrivals;
    const { rows } = await on.query<{ listeners: number }>(text, values);
    const listeners = rows[0]?.listeners ?? 1;
    isAlone = listeners === 1 && arrivals === before;
    return listeners;
  }

  function greet(newcomer: string): void {
    if (newcomer === instance) return;
    arrivals += 1;
    isAlone = false;
  }

  function lose(lost: Client, error: unknown): void {
    if (client !== lost) return;
    client = null;
    isAlone = null;
    clearInterval(heartbeat);
    discard(lost);
    retry(error);
  }

  function retry(error: unknown): void {
    if (isClosed) return;
    if (attempts === 0) log.warn({ err: error }, 'no listening connection to Postgres; trying again');
    attempts = Math.min(attempts + 1, 10);
    const delayMs = Math.min(50 * 2 ** attempts, MAX_RETRY_DELAY_MS);
    retryTimer = setTimeout(() => {
      connecting = connect();
    }, delayMs).unref();
  }

  /** `id channel payload`, so that a payload that is JSON is not escaped once more. */
  function hear(text: string): void {
    const [, id = '', channel = '', payload = ''] = /^(\S+) (\S+) (.*)$/s.exec(text) ?? [];
    if (channel === HERE) greet(id);
    else if (channel === ACK) heardOf.get(payload)?.();
    else if (channel === GAP) tellGap();
    else deliver(channel, payload);
    confirm(id);
  }

  function deliver(channel: string, payload: string): void {
    for (const each of subscribers.get(channel) ?? []) tell(() => each.onMessage(payload));
  }

  /** After the subscribers: whoever published finds this instance already up to date. */
  function confirm(id: string): void {
    if (id.startsWith(`${instance}.`)) heardOf.get(id)?.();
    else if (id.includes('.')) acknowledge(id);
  }

  function acknowledge(id: string): void {
    const hearer = client;
    hearer
      ?.query('SELECT pg_notify($1, $2)', [PG_CHANNEL, `- ${ACK} ${id}`])
      .catch((error) => lose(hearer, error));
  }

  /** One subscriber's mistake is not the others'. */
  function tell(one: () => void): void {
    try {
      one();
    } catch (error) {
      log.error({ err: error }, 'a message from another instance could not be understood');
    }
  }

  function tellGap(): void {
    for (const ofChannel of subscribers.values()) for (const each of ofChannel) tell(() => each.onGap());
  }

  async function send(channel: string, payload: string): Promise<boolean> {
    if (client === null) await Promise.race([connecting, sleep(ECHO_TIMEOUT_MS, undefined, { ref: false })]);
    const sender = client;
    if (sender === null) {
      owesGap = true;
      return false;
    }
    published += 1;
    const id = `${instance}.${published.toString(36)}`;
    const heard = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => heard.resolve(false), ECHO_TIMEOUT_MS).unref();
    let acknowledged = 0;
    let listeners = Number.POSITIVE_INFINITY;
    const settle = () => {
      if (acknowledged >= listeners) heard.resolve(true);
    };
    heardOf.set(id, () => {
      acknowledged += 1;
      settle();
    });
    count(sender, SEND, [PG_CHANNEL, `${id} ${channel} ${payload}`]).then(
      (counted) => {
        listeners = counted;
        settle();
      },
      (error) => {
        owesGap = true;
        heard.resolve(false);
        lose(sender, error);
      },
    );
    const isHeard = await heard.promise;
    clearTimeout(timer);
    heardOf.delete(id);
    if (!isHeard) log.warn({ channel }, 'a message to the other instances was not confirmed within a second');
    return isHeard;
  }

  return {
    async publish(channel, payload) {
      if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES)
        throw new RangeError('the message is too long for NOTIFY');
      return await send(channel, payload);
    },
    subscribe(channel, subscriber) {
      const ofChannel = subscribers.get(channel) ?? new Set();
      subscribers.set(channel, ofChannel.add(subscriber));
      return () => void ofChannel.delete(subscriber);
    },
    isConnected: () => client !== null,
    isAlone: () => isAlone,
    async close() {
      isClosed = true;
      clearTimeout(retryTimer);
      clearInterval(heartbeat);
      await Promise.race([connecting, sleep(ECHO_TIMEOUT_MS, undefined, { ref: false })]);
      const last = client;
      client = null;
      if (last !== null) await end(last);
    },
  };
}

function discard(client: Client): void {
  void end(client);
}

async function end(client: Client): Promise<void> {
  // A half-dead connection may still report after we let go of it.
  client.on('error', () => undefined);
  await Promise.race([client.end().catch(() => undefined), sleep(1000, undefined, { ref: false })]);
}

import type { OnReadOpts, Socket } from 'node:net';
import { UpstreamFailed } from '../../kit/errors.ts';
import { type BodyReader, type Connection, createConnection } from './connection.ts';
import { createReadBuffers, type ReadBuffers } from './read-buffers.ts';

export type { BodyReader } from './connection.ts';
export type { ResponseHead } from './response-head.ts';

export type Exchange = {
  /** After `onData` said false. */
  resume(): void;
  /** Closes the connection at once; the reader hears nothing any more. */
  abort(): void;
};

/**
 * GET over HTTP/1.1 for long bodies: `net`/`tls` sockets that read into recycled buffers (`onread`), no parser between the
 * socket and the reader. Answers of unknown length are for undici: the reader sees `length: null` in `onHead` and throws.
 */
export type Http1Pool = {
  /** `reader.onError` hears what went wrong as it was: what the reader threw, a socket's error, `Silent`. Host is ours. */
  get(url: URL, headers: Readonly<Record<string, string>>, reader: BodyReader): Exchange;
  buffers: ReadBuffers;
  /** Connections open now: with a request, and waiting for one. */
  counts(): { busy: number; idle: number };
  close(): void;
};

export type Http1Options = {
  /** A connected socket, guarded, that reads by `onread`. */
  dial(
    target: { host: string; port: number; isTls: boolean; onread: OnReadOpts },
    signal: AbortSignal,
  ): Promise<Socket>;
  headTimeoutMs: number;
  /** Silence in the middle of a body; while the reader is paused the clock stands. */
  bodyTimeoutMs: number;
  keepAliveMs: number;
};

/** Kept for the next request to an origin. */
const MAX_IDLE_AN_ORIGIN = 64;
const MAX_IDLE = 256;
/** Long bodies never keep a short request waiting: there is no queue, only this end to it. */
const MAX_BUSY_AN_ORIGIN = 512;
/** Timeouts are counted in ticks: a timer for each read would cost as much as the read. */
const TICKS_A_TIMEOUT = 10;
const TRIM_MS = 10_000;

type Origin = { idle: { connection: Connection; since: number }[]; busy: number };

export function createHttp1Pool(options: Http1Options): Http1Pool {
  const { dial, headTimeoutMs, bodyTimeoutMs, keepAliveMs } = options;
  const buffers = createReadBuffers();
  const origins = new Map<string, Origin>();
  const connections = new Map<Connection, string>();
  const tickMs = Math.max(1, Math.min(1000, Math.min(headTimeoutMs, bodyTimeoutMs) / TICKS_A_TIMEOUT));
  const limits = { headTicks: headTimeoutMs / tickMs, bodyTicks: bodyTimeoutMs / tickMs };
  let idleCount = 0;
  let ticker: NodeJS.Timeout | null = null;
  let trimmedAt = 0;

  function tick(): void {
    const now = performance.now();
    for (const connection of connections.keys()) connection.tick(limits);
    closeIdleSince(now - keepAliveMs);
    if (now - trimmedAt < TRIM_MS) return;
    trimmedAt = now;
    if (buffers.trim() || connections.size > 0 || ticker === null) return;
    clearInterval(ticker);
    ticker = null;
  }

  function closeIdleSince(oldest: number): void {
    for (const origin of origins.values())
      for (const { connection } of origin.idle.filter(({ since }) => since < oldest))
        connection.destroy(new Error('nobody needs this connection'));
  }

  function originOf(key: string): Origin {
    const known = origins.get(key);
    if (known !== undefined) return known;
    const fresh = { idle: [], busy: 0 };
    origins.set(key, fresh);
    return fresh;
  }

  function onIdle(connection: Connection, isKeptAlive: boolean): void {
    const key = connections.get(connection);
    const origin = key === undefined ? undefined : origins.get(key);
    if (origin === undefined) return;
    origin.busy -= 1;
    origin.idle.push({ connection, since: performance.now() });
    idleCount += 1;
    if (!isKeptAlive || origin.idle.length > MAX_IDLE_AN_ORIGIN || idleCount > MAX_IDLE)
      connection.destroy(new Error('one connection too many'));
  }

  function onClose(connection: Connection): void {
    const key = connections.get(connection);
    const origin = key === undefined ? undefined : origins.get(key);
    if (key === undefined || origin === undefined) return;
    connections.delete(connection);
    const at = origin.idle.findIndex((idle) => idle.connection === connection);
    if (at >= 0) {
      origin.idle.splice(at, 1);
      idleCount -= 1;
    } else origin.busy -= 1;
    if (origin.busy === 0 && origin.idle.length === 0) origins.delete(key);
  }

  async function open(url: URL, key: string, signal: AbortSignal): Promise<Connection> {
    const origin = originOf(key);
    if (origin.busy >= MAX_BUSY_AN_ORIGIN)
      throw new UpstreamFailed('Too many streams come from this origin. Try again in a moment.', {
        retryable: false,
        status: 503,
      });
    origin.busy += 1;
    const connection = createConnection(buffers, { onIdle, onClose });
    connections.set(connection, key);
    ticker ??= setInterval(tick, tickMs).unref();
    const isTls = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
    const port = Number(url.port) || (isTls ? 443 : 80);
    try {
      connection.attach(await dial({ host, port, isTls, onread: connection.onread }, signal));
      return connection;
    } catch (error) {
      connection.destroy(new Error('not connected'));
      throw error;
    }
  }

  function get(url: URL, headers: Readonly<Record<string, string>>, reader: BodyReader): Exchange {
    const key = url.origin;
    const request = requestText(url, headers);
    const dialling = new AbortController();
    let connection: Connection | null = null;
    let isOver = false;

    const watched: BodyReader = {
      onHead: (head) => reader.onHead(head),
      onData: (chunk, release) => reader.onData(chunk, release),
      onEnd() {
        isOver = true;
        reader.onEnd();
      },
      onError: fail,
    };
    function fail(error: unknown): void {
      if (isOver) return;
      isOver = true;
      reader.onError(error instanceof Error ? error : new Error(String(error)));
    }
    const fresh = () => {
      open(url, key, dialling.signal).then((opened) => {
        connection = opened;
        if (isOver) opened.destroy(new Error('nobody waits for this connection any more'));
        else opened.send(request, watched);
      }, fail);
    };
    const kept = origins.get(key)?.idle.pop();
    if (kept === undefined) fresh();
    else {
      idleCount -= 1;
      originOf(key).busy += 1;
      const { connection: reused } = kept;
      connection = reused;
      // The server may have closed it in this very moment: then the request was not heard and goes out once more.
      reused.send(request, {
        ...watched,
        onError(error) {
          if (isOver || !reused.isUntouched()) return fail(error);
          connection = null;
          fresh();
        },
      });
    }
    return {
      resume: () => connection?.resume(),
      abort() {
        if (isOver) return;
        isOver = true;
        dialling.abort(new Error('the request was given up'));
        connection?.destroy(new Error('the request was given up'));
      },
    };
  }

  return {
    get,
    buffers,
    counts: () => ({ busy: connections.size - idleCount, idle: idleCount }),
    close() {
      for (const connection of [...connections.keys()]) connection.destroy(new Error('the server stops'));
      if (ticker !== null) clearInterval(ticker);
    },
  };
}

function requestText(url: URL, headers: Readonly<Record<string, string>>): string {
  let text = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    // Checked where they came in; here a wrong one would begin a second request.
    if (/[\r\n\0]/.test(value) || /[^!-~]|:/.test(name))
      throw new UpstreamFailed('The link holds a header that no request may have.', { retryable: false });
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

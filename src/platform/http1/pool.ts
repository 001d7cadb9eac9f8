import type { OnReadOpts, Socket } from 'node:net';
import { UpstreamFailed } from '../../kit/errors.ts';
import { type BodyReader, type Connection, createConnection } from './connection.ts';
import { createReadBuffers, type ReadBuffers } from './read-buffers.ts';
import type { ResponseHead } from './response-head.ts';

export type { BodyReader } from './connection.ts';
export type { ResponseHead } from './response-head.ts';

export type Exchange = {
  /** After `onData` said false. */
  resume(): void;
  /** Closes the connection at once; the reader hears nothing any more. */
  abort(): void;
};

/** Where requests go and what all of them say: checked and put together once, for many ranges. */
export type RequestTarget = { url: URL; origin: string; head: string };

/**
 * GET over HTTP/1.1 for long bodies: `net`/`tls` sockets that read into recycled buffers (`onread`), no parser between the
 * socket and the reader. Answers of unknown length are for undici: the reader sees `length: null` in `onHead` and throws.
 */
export type Http1Pool = {
  /**
   * `own`: headers of this one request. `reader.onError` hears what went wrong as it was: what the reader threw, a socket's
   * error, `Silent`.
   */
  get(target: RequestTarget, own: RequestFields, reader: BodyReader): Exchange;
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
/** Long bodies never keep a short request waiting: there is no queue, only this end to it. A film that 1,000 watch comes from one origin. */
const MAX_BUSY_AN_ORIGIN = 4096;
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

  async function open({ url, origin: key }: RequestTarget, signal: AbortSignal): Promise<Connection> {
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

  /** A kept connection to this origin, busy from now on. */
  function keptFor(key: string): Connection | null {
    const origin = origins.get(key);
    const kept = origin?.idle.pop();
    if (origin === undefined || kept === undefined) return null;
    idleCount -= 1;
    origin.busy += 1;
    return kept.connection;
  }

  function get(target: RequestTarget, own: RequestFields, reader: BodyReader): Exchange {
    const exchange = new PooledExchange(target, `${target.head}${fieldsText(own)}\r\n`, reader, open);
    exchange.begin(keptFor(target.origin));
    return exchange;
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

type Open = (target: RequestTarget, signal: AbortSignal) => Promise<Connection>;

/** One request on its way, a class because each range of a film makes one: its reader hears through it, once. */
class PooledExchange implements Exchange, BodyReader {
  readonly #target: RequestTarget;
  readonly #request: string;
  readonly #reader: BodyReader;
  readonly #open: Open;
  #connection: Connection | null = null;
  #isReused = false;
  #dialling: AbortController | null = null;
  #isOver = false;

  constructor(target: RequestTarget, request: string, reader: BodyReader, open: Open) {
    this.#target = target;
    this.#request = request;
    this.#reader = reader;
    this.#open = open;
  }

  get earlierBytes(): number {
    return this.#reader.earlierBytes ?? 0;
  }

  begin(kept: Connection | null): void {
    if (kept === null) {
      void this.#dial();
      return;
    }
    this.#connection = kept;
    this.#isReused = true;
    kept.send(this.#request, this);
  }

  async #dial(): Promise<void> {
    this.#dialling = new AbortController();
    try {
      const opened = await this.#open(this.#target, this.#dialling.signal);
      this.#connection = opened;
      if (this.#isOver) opened.destroy(new Error('nobody waits for this connection any more'));
      else opened.send(this.#request, this);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader.onError(error instanceof Error ? error : new Error(String(error)));
  }

  onHead(head: ResponseHead): void {
    this.#reader.onHead(head);
  }

  onData(chunk: Buffer, release: () => void): boolean {
    return this.#reader.onData(chunk, release);
  }

  onEnd(): void {
    this.#isOver = true;
    this.#reader.onEnd();
  }

  onError(error: Error): void {
    // The server may have closed a kept connection in the very moment: then the request was not heard and goes out once more.
    if (this.#isOver || !this.#isReused || this.#connection?.isUntouched() !== true) {
      this.#fail(error);
      return;
    }
    this.#connection = null;
    this.#isReused = false;
    void this.#dial();
  }

  resume(): void {
    this.#connection?.resume();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dialling?.abort(new Error('the request was given up'));
    this.#connection?.destroy(new Error('the request was given up'));
  }
}

export type RequestFields = Readonly<Record<string, string>>;

/** Throws UpstreamFailed where `headers` holds what no request may have. Host is ours. */
export function requestTarget(url: URL, headers: RequestFields): RequestTarget {
  const head = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  return { url, origin: url.origin, head: head + fieldsText(headers) };
}

function fieldsText(fields: RequestFields): string {
  let text = '';
  for (const name in fields) {
    const value = fields[name] ?? '';
    // Checked where they came in; here a wrong one would begin a second request.
    if (/[\r\n\0]/.test(value) || /[^!-~]|:/.test(name))
      throw new UpstreamFailed('The link holds a header that no request may have.', { retryable: false });
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

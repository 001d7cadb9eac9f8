import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import { Agent, type Dispatcher } from 'undici';
import { UpstreamFailed } from '../kit/errors.ts';
import { plainHost } from './address-rules.ts';
import { type CheckedAddress, type DialTarget, openSocket, type TlsSessions } from './dial.ts';
import { createHttp1Pool, type Http1Pool } from './http1/pool.ts';
import {
  createCheck,
  DEFAULT_PORTS,
  type NetOptions,
  type NetRules,
  type Permitted,
  refused,
} from './net-check.ts';
import { type NetRequest, type NetResponse, requestFollowing } from './net-request.ts';

export type { NetOptions } from './net-check.ts';

const CONNECT_TIMEOUT_MS = 5000;
const HEADERS_TIMEOUT_MS = 10_000;
/** Silence of the origin in the middle of a body; a client that does not read is no silence (undici stops the clock while paused). */
const BODY_IDLE_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 60_000;
/**
 * Per origin. A viewer holds one for hours, and the next request of that host would wait for ever past the bound: so it is
 * far above what one process serves, and how many may watch is limited where viewers are counted.
 */
const CONNECTIONS_PER_ORIGIN = 4096;
/** undici would keep 128 MiB of one message; trackers are all we speak WebSocket with, and send some hundred bytes. */
const MAX_WEB_SOCKET_MESSAGE_BYTES = 1024 * 1024;
const MAX_TLS_SESSIONS = 200;
/** The way out. Whatever dials a host that a stranger can name goes through here (docs: `OUTBOUND`, `OUTBOUND_ALLOW`). */
export type Net = {
  /** What it may reach: a thread of its own makes its own dialer of the same rules. */
  readonly rules: NetRules;
  /** HTTP(S) by undici: kept-alive connections, each dialled by `dial`. Redirects are not followed here. */
  readonly dispatcher: Dispatcher;
  /** Long bodies of known length; the same rules, and 1.4 times undici's bytes a second. */
  readonly http1: Http1Pool;
  /** One HTTP(S) request; every redirect is checked anew and loses its credentials on another origin. The caller ends `body`. */
  request(url: URL | string, options?: NetRequest): Promise<NetResponse>;
  /** Throws AppError `net.refused` unless the scheme, the port and every address of the host may be dialled. */
  assertAllowed(url: URL, signal: AbortSignal): Promise<void>;
  /** The same check for those who dial by themselves (UDP): connect to one of these, never to the name again. */
  addressesOf(url: URL, signal: AbortSignal): Promise<readonly CheckedAddress[]>;
  /** A connected TCP or TLS socket: the name is resolved once, every address checked, and a checked one connected. 5 s in all. */
  dial(target: DialTarget, signal: AbortSignal): Promise<Socket>;
  /**
   * The same way out, which reaches the server of `url` (this name, this port; of FTP its data ports too) although it is in a private
   * network: for what the owner vouches for. Everything else is refused as ever, redirects too, and its connections are its own. The one of
   * a server is kept and closed with the rest. Of no use while only listed hosts may be reached.
   */
  permitting(url: URL): Net;
  close(): Promise<void>;
};

/** More servers than an owner has; one that was not asked for long is opened anew. */
const MAX_PERMITTED = 200;

/** The one guarded dialer (SSRF rules: RFC 6890 ranges, ports, DNS rebinding by connecting to the very address that was checked). */
export function createNet(options: NetOptions): Net {
  const check = createCheck(options);
  const sessions: TlsSessions = new LRUCache<string, Buffer>({ max: MAX_TLS_SESSIONS });

  const { localAddress } = options;
  const from = (target: DialTarget) => (localAddress ? { localAddress, ...target } : target);

  async function dial(target: DialTarget, signal: AbortSignal | null): Promise<Socket> {
    // One timer that is cleared: `AbortSignal.timeout` and `any` go on after the dial, and were 0.1 ms of it.
    const dialling = new AbortController();
    const onAbort = () => dialling.abort(signal?.reason);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      dialling.abort(new Error('not connected in time'));
    }, CONNECT_TIMEOUT_MS).unref();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      const { host, port, sameAddress } = target;
      const addresses = await check(host, port, dialling.signal, sameAddress);
      return await openSocket(from(target), addresses, sessions, dialling.signal);
    } catch (error) {
      if (isLate && signal?.aborted !== true) throw timedOut(error);
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  const dispatcher = new Agent({
    allowH2: false,
    connections: CONNECTIONS_PER_ORIGIN,
    pipelining: 1,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_IDLE_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: 10 * KEEP_ALIVE_MS,
    webSocket: { maxPayloadSize: MAX_WEB_SOCKET_MESSAGE_BYTES },
    connect({ hostname, protocol, port, servername }, callback) {
      const isTls = protocol === 'https:';
      const host = plainHost(hostname);
      // undici says null where the name is the host's own.
      const target = {
        host,
        port: Number(port) || (isTls ? 443 : 80),
        isTls,
        servername: servername || host,
      };
      // undici shares a connection between requests, so no single request may cut a dial; the deadline does.
      dial({ ...target, protocols: ['http/1.1'] }, null).then(
        (socket) => callback(null, socket),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
  });

  const http1 = createHttp1Pool({
    dial: (target, signal) => dial({ ...target, protocols: ['http/1.1'] }, signal),
    headTimeoutMs: HEADERS_TIMEOUT_MS,
    bodyTimeoutMs: BODY_IDLE_TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
  });

  function addressesOf(url: URL, signal: AbortSignal): Promise<readonly CheckedAddress[]> {
    const defaultPort = DEFAULT_PORTS[url.protocol];
    if (defaultPort === undefined) throw refused('scheme');
    return check(plainHost(url.hostname), Number(url.port) || defaultPort, signal);
  }

  const views = new LRUCache<string, Net>({
    max: MAX_PERMITTED,
    // What still runs on it ends by itself.
    dispose: (view, _key, reason) => void (reason === 'evict' && view.dispatcher.close()),
  });

  function permitting(url: URL): Net {
    const permitted = permittedBy(url);
    const key = `${url.protocol}//${permitted.host}:${permitted.port}`;
    const known = views.get(key);
    if (known !== undefined) return known;
    const view = createNet({ ...options, permitted });
    views.set(key, view);
    return view;
  }

  return {
    rules: options,
    dispatcher,
    http1,
    dial: (target, signal) => dial(target, signal),
    request: (url, request = {}) => requestFollowing(dispatcher, url, request),
    addressesOf: async (url, signal) => addressesOf(url, signal),
    assertAllowed: async (url, signal) => void (await addressesOf(url, signal)),
    permitting,
    async close() {
      http1.close();
      await Promise.all([dispatcher.destroy(), ...[...views.values()].map((view) => view.close())]);
    },
  };
}

function permittedBy(url: URL): Permitted {
  const port = Number(url.port) || DEFAULT_PORTS[url.protocol];
  if (port === undefined) throw refused('scheme');
  return { host: plainHost(url.hostname), port, hasDataPorts: /^ftp(e?s)?:$/.test(url.protocol) };
}

function timedOut(cause: unknown): UpstreamFailed {
  return new UpstreamFailed('The origin did not answer in time.', { retryable: true, status: 504, cause });
}

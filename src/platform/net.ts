import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import { Agent, type Dispatcher } from 'undici';
import { AppError, UpstreamFailed } from '../kit/errors.ts';
import { abortable } from './abortable.ts';
import {
  canonicalHost,
  isMetadataHost,
  isPublicAddress,
  isStreamingPort,
  parseAllowList,
  plainHost,
} from './address-rules.ts';
import {
  type CheckedAddress,
  type DialTarget,
  isOwnAddress,
  isSameAddress,
  openSocket,
  type TlsSessions,
} from './dial.ts';
import { createHttp1Pool, type Http1Pool } from './http1/pool.ts';
import { type NetRequest, type NetResponse, requestFollowing } from './net-request.ts';

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
/** A name with more addresses than this is an attack or a mistake. */
const MAX_ADDRESSES = 32;
const MAX_TLS_SESSIONS = 200;
/** `localhost` and all below it are this machine and no question to a name server (RFC 6761 §6.3). */
const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const;

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'ftp:': 21,
  'ftpes:': 21,
  'ftps:': 990,
  'nntp:': 119,
  'nntps:': 563,
  'ws:': 80,
  'wss:': 443,
  'udp:': 0,
};

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
  close(): Promise<void>;
};

export type NetRules = {
  /** `listed`: nothing goes out but to `allow`. */
  mode: 'all' | 'listed';
  /** CIDRs, addresses and host names that pass although private or on an unusual port. */
  allow: readonly string[];
  /** Ports this server listens on itself (HTTP, embedded Postgres, Redis); never reachable on an address of this machine. */
  ownPorts: () => ReadonlySet<number>;
  /** `PUBLIC_URL`: reached through it the server would stream from itself. */
  publicUrl?: string | null;
  /** An address of this machine that everything goes out by, a VPN's say; who sends datagrams binds to it. */
  localAddress?: string | null;
};

export type NetOptions = NetRules & {
  /** The system's resolver unless a test brings its own. */
  resolve?: (host: string) => Promise<Answers>;
};

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

  return {
    rules: options,
    dispatcher,
    http1,
    dial: (target, signal) => dial(target, signal),
    request: (url, request = {}) => requestFollowing(dispatcher, url, request),
    addressesOf: async (url, signal) => addressesOf(url, signal),
    assertAllowed: async (url, signal) => void (await addressesOf(url, signal)),
    close() {
      http1.close();
      return dispatcher.destroy();
    },
  };
}

type Answers = readonly { address: string; family: number }[];
/** `known`: what the host is here; asked of no name server again, and judged like any answer of one. */
type Check = (
  host: string,
  port: number,
  signal: AbortSignal,
  known?: CheckedAddress,
) => Promise<readonly CheckedAddress[]>;

function createCheck({ mode, allow, ownPorts, publicUrl, resolve = systemLookup }: NetOptions): Check {
  const allowed = parseAllowList(allow);
  const own = publicUrl ? new URL(publicUrl) : null;
  const ownHost = own === null ? null : plainHost(own.hostname);
  const ownPort = own === null ? null : Number(own.port) || DEFAULT_PORTS[own.protocol];

  /** A port of ours on this machine, or the address and port players reach us at. */
  function isOurs(port: number, address: string): boolean {
    if (ownPorts().has(port) && isOwnAddress(address)) return true;
    return port === ownPort && ownHost !== null && isSameAddress(ownHost, address);
  }

  /** The allow list wins over the private-address and port rules, never over this server's own ports. */
  function judge(host: string, port: number, address: string): void {
    if (isOurs(port, address)) throw refused('own-port');
    if (allowed.hasHost(host) || allowed.hasAddress(address)) return;
    if (mode === 'listed') throw refused('not-listed');
    if (!isStreamingPort(port)) throw refused('port');
    if (!isPublicAddress(address)) throw refused('address');
  }

  /** Rules that need no address; in `listed` mode even the question to a name server would go out (`localhost` is answered here). */
  function judgeName(host: string, port: number): void {
    if (allowed.hasHost(host)) return;
    if (isMetadataHost(host)) throw refused('address');
    if (host === ownHost && port === ownPort) throw refused('own-port');
    if (mode === 'listed' && !isLocalName(host)) throw refused('not-listed');
  }

  async function answersFor(host: string, signal: AbortSignal): Promise<Answers> {
    const asked = isLocalName(host) ? Promise.resolve(LOOPBACK) : resolve(host);
    const answers = await abortable(asked, signal).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new UpstreamFailed('The host name of the origin could not be found.', { retryable: true, cause });
    });
    if (answers.length === 0 || answers.length > MAX_ADDRESSES) throw refused('address');
    return answers;
  }

  return async (written, port, signal, known) => {
    const host = canonicalHost(written);
    if (host === null) throw refused('address');
    const family = isIP(host);
    if (family !== 0) {
      judge(host, port, host);
      return [checked({ address: host, family })];
    }
    judgeName(host, port);
    const answers = known === undefined ? await answersFor(host, signal) : [known];
    const listed = answers.filter(({ address }) => allowed.hasAddress(address));
    // Only what the owner vouches for is dialled, where there is such; else one forbidden address refuses the name.
    const usable = listed.length > 0 ? listed : answers;
    for (const { address } of usable) judge(host, port, address);
    return usable.map(checked);
  };
}

function checked({ address, family }: Answers[number]): CheckedAddress {
  return { address, family: family === 4 ? 4 : 6 };
}

function systemLookup(host: string): Promise<Answers> {
  return lookup(host, { all: true, order: 'verbatim' });
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function refused(rule: 'scheme' | 'port' | 'address' | 'own-port' | 'not-listed'): AppError {
  const messages = {
    scheme: 'Links of this kind are not supported.',
    port: 'This port may not be reached. The owner can allow the host with OUTBOUND_ALLOW.',
    address: 'This host may not be reached. The owner can allow it with OUTBOUND_ALLOW.',
    'own-port': 'A link may not lead back to this server.',
    'not-listed': 'Only hosts on the owner’s list may be reached. The owner can add one with OUTBOUND_ALLOW.',
  } as const;
  return new AppError('net.refused', messages[rule], { status: rule === 'scheme' ? 400 : 403 });
}

function timedOut(cause: unknown): UpstreamFailed {
  return new UpstreamFailed('The origin did not answer in time.', { retryable: true, status: 504, cause });
}

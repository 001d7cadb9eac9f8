import {
  BlockList,
  connect as connectTcp,
  isIP,
  type LookupFunction,
  type OnReadOpts,
  type Socket,
} from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { contains } from './address-rules.ts';

export type CheckedAddress = { address: string; family: 4 | 6 };

export type DialTarget = {
  /** Name or address, without brackets. */
  host: string;
  port: number;
  isTls: boolean;
  /** SNI when it is not `host`. */
  servername?: string;
  /** ALPN offered over TLS. */
  protocols?: readonly string[];
  /** PEM of the authorities that may vouch for the certificate, in place of Node's. */
  ca?: string;
  /** Reads into the caller's buffers instead of `data` events. */
  onread?: OnReadOpts;
  /** The address of this machine it goes out by; the system's choice where absent. */
  localAddress?: string;
  /** Where a connection to this host got that `dial` opened before: this one goes there too, and the name is not asked for again. */
  sameAddress?: CheckedAddress;
  /** Of a second connection that belongs to a first one (FTP's data): resumes the TLS session of that one, and keeps what the server hands out anew. */
  session?: TlsSession;
};

/** The session of one conversation, over several connections. */
export type TlsSession = {
  current: Buffer | undefined;
  /** False: handed over once it is connected; the server speaks TLS when it was asked for something. */
  isAwaited: boolean;
};

/** TLS sessions by name and port; a resumed one saves a round trip a connection. */
export type TlsSessions = {
  get(key: string): Buffer | undefined;
  set(key: string, session: Buffer): unknown;
};

/** Connects to one of `addresses`, which the caller has checked; the name serves for SNI and the certificate only. Rejects with `signal`'s reason on abort. */
export function openSocket(
  {
    host,
    port,
    isTls,
    servername = host,
    protocols = [],
    ca,
    onread,
    localAddress,
    session: shared,
  }: DialTarget,
  checked: readonly CheckedAddress[],
  sessions: TlsSessions,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const addresses = reachableFrom(checked, localAddress);
  const where = {
    host,
    port,
    autoSelectFamily: true,
    lookup: answering(addresses),
    noDelay: true,
    keepAlive: true,
    ...(onread === undefined ? {} : { onread }),
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  // A resumed session is not verified again, so it serves those only who trust the same authorities.
  const key = `${servername}:${port}${ca === undefined ? '' : `\n${ca}`}`;
  const session = shared === undefined ? sessions.get(key) : shared.current;
  const keep = (ticket: Buffer) => {
    if (shared === undefined) sessions.set(key, ticket);
    else shared.current = ticket;
  };
  const socket = isTls
    ? connectTls({
        ...where,
        servername: isIP(servername) === 0 ? servername : '',
        ALPNProtocols: [...protocols],
        ...(ca === undefined ? {} : { ca }),
        ...(session === undefined ? {} : { session }),
      }).on('session', keep)
    : connectTcp(where);
  // Whoever gets the socket listens too; this one keeps an error in between from ending the process.
  socket.on('error', () => {});
  return new Promise((fulfil, reject) => {
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once(isTls && shared?.isAwaited !== false ? 'secureConnect' : 'connect', () => {
      socket.off('error', fail);
      if (!addresses.some(({ address }) => isSameAddress(address, socket.remoteAddress))) {
        return fail(new Error('the socket is connected to an address that was not checked'));
      }
      signal.removeEventListener('abort', onAbort);
      fulfil(socket);
    });
  });
}

/**
 * TLS on a connection that spoke in the clear so far (AUTH TLS, RFC 4217), for `host`; closed where the certificate is not for it. Rejects
 * with `signal`'s reason on abort; it has no timer of its own.
 */
export function startTls(
  raw: Socket,
  host: string,
  session: TlsSession,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const servername = isIP(host) === 0 ? host : '';
  const socket = connectTls({ socket: raw, host, servername }).on('session', (ticket) => {
    session.current = ticket;
  });
  return new Promise((fulfil, reject) => {
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      raw.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('the connection was closed')));
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort);
      fulfil(socket);
    });
  });
}

/** From an address of one family only that family is reached. */
function reachableFrom(
  addresses: readonly CheckedAddress[],
  localAddress: string | undefined,
): readonly CheckedAddress[] {
  if (localAddress === undefined) return addresses;
  const usable = addresses.filter(({ family }) => family === isIP(localAddress));
  if (usable.length === 0) throw new Error('the address to dial from is of another family');
  return usable;
}

/** The lookup of a dial answers with what was checked, so the name is never resolved a second time (DNS rebinding). */
function answering(addresses: readonly CheckedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const first = addresses[0];
    if (options.all) callback(null, [...addresses]);
    else if (first !== undefined) callback(null, first.address, first.family);
  };
}

/** Whether both are one address, however written; `::ffff:a.b.c.d` is `a.b.c.d`. What is no address is like none. */
export function isSameAddress(checked: string, remote: string | undefined): boolean {
  if (remote === undefined || isIP(checked) === 0) return false;
  // Nearly always spelled the same; a list costs 0.06 ms, and a stream that goes on elsewhere waits for it.
  if (checked === remote) return true;
  const one = new BlockList();
  one.addAddress(checked.split('%')[0] ?? '', isIP(checked) === 4 ? 'ipv4' : 'ipv6');
  return contains(one, remote);
}

/** Addresses at which this machine reaches itself. */
export function isOwnAddress(address: string): boolean {
  const own = new BlockList();
  own.addSubnet('127.0.0.0', 8, 'ipv4');
  own.addSubnet('0.0.0.0', 8, 'ipv4');
  own.addAddress('::', 'ipv6');
  own.addAddress('::1', 'ipv6');
  for (const { address: mine, family } of Object.values(networkInterfaces()).flatMap((list) => list ?? []))
    own.addAddress(mine.split('%')[0] ?? '', family === 'IPv4' ? 'ipv4' : 'ipv6');
  return contains(own, address);
}

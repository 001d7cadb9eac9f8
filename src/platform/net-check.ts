import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AppError, UpstreamFailed } from '../kit/errors.ts';
import { abortable } from './abortable.ts';
import {
  canonicalHost,
  isHomeAddress,
  isMetadataHost,
  isPublicAddress,
  isStreamingPort,
  parseAllowList,
  plainHost,
} from './address-rules.ts';
import { type CheckedAddress, isOwnAddress, isSameAddress } from './dial.ts';

/** What may be reached. */
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
  /** The one server that may be reached too although it is at home (`Net.permitting`). */
  permitted?: Permitted | null;
};

/** A server at home the owner vouches for. */
export type Permitted = {
  host: string;
  port: number;
  /** FTP opens a connection on a port of the server's choice for each transfer. */
  hasDataPorts: boolean;
};

export type NetOptions = NetRules & {
  /** The system's resolver unless a test brings its own. */
  resolve?: (host: string) => Promise<Answers>;
};

type Answers = readonly { address: string; family: number }[];
/** `known`: what the host is here; asked of no name server again, and judged like any answer of one. */
type Check = (
  host: string,
  port: number,
  signal: AbortSignal,
  known?: CheckedAddress,
) => Promise<readonly CheckedAddress[]>;

/** A name with more addresses than this is an attack or a mistake. */
const MAX_ADDRESSES = 32;
/** `localhost` and all below it are this machine and no question to a name server (RFC 6761 §6.3). */
const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const;

export const DEFAULT_PORTS: Readonly<Record<string, number>> = {
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

/** The addresses a host may be dialled at; throws AppError `net.refused` for one that may not. */
export function createCheck({
  mode,
  allow,
  ownPorts,
  publicUrl,
  permitted = null,
  resolve = systemLookup,
}: NetOptions): Check {
  const allowed = parseAllowList(allow);
  const own = publicUrl ? new URL(publicUrl) : null;
  const ownHost = own === null ? null : plainHost(own.hostname);
  const ownPort = own === null ? null : Number(own.port) || DEFAULT_PORTS[own.protocol];

  /** A port of ours on this machine, or the address and port players reach us at. */
  function isOurs(port: number, address: string): boolean {
    if (ownPorts().has(port) && isOwnAddress(address)) return true;
    return port === ownPort && ownHost !== null && isSameAddress(ownHost, address);
  }

  /** The owner named this very server, by this name and port. */
  function isPermitted(host: string, port: number, address: string): boolean {
    if (permitted === null || host !== permitted.host) return false;
    if (!(isHomeAddress(address) || isPublicAddress(address))) return false;
    return port === permitted.port || (permitted.hasDataPorts && port >= 1024 && isStreamingPort(port));
  }

  const isListed = (host: string, address: string) => allowed.hasHost(host) || allowed.hasAddress(address);

  /** The allow list wins over the private-address and port rules, never over this server's own ports. */
  function judge(host: string, port: number, address: string): void {
    if (isOurs(port, address)) throw refused('own-port');
    if (isListed(host, address)) return;
    if (mode === 'listed') throw refused('not-listed');
    if (isPermitted(host, port, address)) return;
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

export function refused(rule: 'scheme' | 'port' | 'address' | 'own-port' | 'not-listed'): AppError {
  const messages = {
    scheme: 'Links of this kind are not supported.',
    port: 'This port may not be reached. The owner can allow the host with OUTBOUND_ALLOW.',
    address: 'This host may not be reached. The owner can allow it with OUTBOUND_ALLOW.',
    'own-port': 'A link may not lead back to this server.',
    'not-listed': 'Only hosts on the owner’s list may be reached. The owner can add one with OUTBOUND_ALLOW.',
  } as const;
  return new AppError('net.refused', messages[rule], { status: rule === 'scheme' ? 400 : 403 });
}

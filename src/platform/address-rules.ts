import { BlockList, isIP } from 'node:net';

/**
 * IPv4 ranges that are no part of the public internet (IANA special-purpose registry, RFC 6890) or are a trap:
 * 192.88.99.0/24 is the 6to4 relay, 168.63.129.16 a cloud's metadata host on a public address.
 */
const DENIED_IPV4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/**
 * Global unicast IPv6 is 2000::/3; everything outside (loopback, mapped, NAT64, ULA, link-local, multicast …) is denied
 * by not being in it. Inside: 2001::/23 (Teredo, ORCHID, benchmarking), documentation, 6to4.
 */
const GLOBAL_IPV6: [string, number] = ['2000::', 3];
const DENIED_IPV6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

/** Below 1024 only what streams are served on: FTP, HTTP(S), NNTP(S), implicit FTPS. */
const LOW_PORTS: ReadonlySet<number> = new Set([21, 80, 119, 443, 563, 990]);
/** Databases, queues, remote shells and control planes above 1024: no film is served there, and a URL can speak to some of them. */
const SERVICE_PORTS: ReadonlySet<number> = new Set([
  1433, 1434, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5433, 5672, 5900, 5984, 6000, 6379,
  6380, 6443, 6667, 7001, 8086, 9042, 9092, 9200, 9300, 10250, 11211, 15672, 16379, 26379, 27017, 27018,
  27019, 50000, 61616,
]);

/** Names by which clouds serve credentials to whoever asks from inside. */
const METADATA_HOSTS: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'instance-data',
]);

/** Where the servers of a household are: this machine, private networks (RFC 1918), those of a carrier or a mesh VPN (RFC 6598), ULA and link-local IPv6. No cloud serves its credentials there. */
const HOME_IPV4: readonly [string, number][] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];
const HOME_IPV6: readonly [string, number][] = [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
];
/** Of AWS, in the middle of the private ones. */
const METADATA_IPV6: readonly [string, number][] = [['fd00:ec2::', 32]];

const deniedIpv4 = blockList(DENIED_IPV4, 'ipv4');
const globalIpv6 = blockList([GLOBAL_IPV6], 'ipv6');
const deniedIpv6 = blockList(DENIED_IPV6, 'ipv6');
const homeIpv4 = blockList(HOME_IPV4, 'ipv4');
const homeIpv6 = blockList(HOME_IPV6, 'ipv6');
const metadataIpv6 = blockList(METADATA_IPV6, 'ipv6');

/** Whether an address is public unicast. Deny by default: what is no address at all is not public either. */
export function isPublicAddress(address: string): boolean {
  const bare = withoutZone(address);
  const family = isIP(bare);
  if (family === 4) return !deniedIpv4.check(bare, 'ipv4');
  return family === 6 && globalIpv6.check(bare, 'ipv6') && !deniedIpv6.check(bare, 'ipv6');
}

/** Whether an address is of a network people have at home, which is not the public internet. */
export function isHomeAddress(address: string): boolean {
  const bare = withoutZone(address);
  const family = isIP(bare);
  if (family === 4) return homeIpv4.check(bare, 'ipv4');
  return family === 6 && homeIpv6.check(bare, 'ipv6') && !metadataIpv6.check(bare, 'ipv6');
}

/** An address that can be dialled from; a wildcard stands for all of this machine and is none. */
export function concreteAddress(host: string | undefined): string | null {
  return host === undefined || host === '0.0.0.0' || host === '::' ? null : host;
}

/** Whether a stranger's URL may name this port. */
export function isStreamingPort(port: number): boolean {
  return LOW_PORTS.has(port) || (port >= 1024 && port <= 65535 && !SERVICE_PORTS.has(port));
}

export function isMetadataHost(host: string): boolean {
  return METADATA_HOSTS.has(host);
}

/** A host as it is compared: small letters, no brackets, no trailing dot. Decimal, octal, hex and IDN forms are undone by `URL` before. */
export function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/**
 * A host as the URL parser of `http:` reads it: `0x7f.1`, `2130706433` and `１２７.0.0.1` are an address. Other schemes
 * (`udp:`, `nntp:`) and settings leave it as it was written, and the system's resolver would undo it after the check.
 * Null for what is no host.
 */
export function canonicalHost(written: string): string | null {
  if (isIP(written) !== 0) return written;
  const hostname = URL.parse(`http://${written}/`)?.hostname;
  return !hostname || /[/?#@\\:[\]]/.test(written) ? null : plainHost(hostname);
}

/** What the owner lets pass: names and networks. */
export type AllowList = { hasHost(host: string): boolean; hasAddress(address: string): boolean };

/** Parses `OUTBOUND_ALLOW` entries: an address, a CIDR or a host name. Throws on a CIDR that is none. */
export function parseAllowList(entries: readonly string[]): AllowList {
  const hosts = new Set<string>();
  const networks = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    if (family === 0) hosts.add(plainHost(entry));
    else if (prefix === undefined) networks.addAddress(address, familyName(family));
    else networks.addSubnet(address, Number(prefix), familyName(family));
  }
  return { hasHost: (host) => hosts.has(host), hasAddress: (address) => contains(networks, address) };
}

/** Whether `address` lies in one of the networks; an IPv4 address in IPv6 clothes (`::ffff:a.b.c.d`) counts as itself. */
export function contains(networks: BlockList, address: string): boolean {
  const bare = withoutZone(address);
  const family = isIP(bare);
  return family !== 0 && networks.check(bare, familyName(family));
}

function blockList(ranges: readonly [string, number][], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family);
  return list;
}

function familyName(family: number): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}

function withoutZone(address: string): string {
  return address.split('%')[0] ?? '';
}

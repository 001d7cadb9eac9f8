import { LRUCache } from 'lru-cache';
import type { Net } from '../../../platform/net.ts';
import type { NodeAddress } from './messages.ts';

/** A lookup asks some 50 nodes, and the same ones again and again. */
const MAX_KNOWN = 4096;
/** Ports of our own become known while the program starts. */
const KNOWN_MS = 60_000;

/** Whether the guard lets a datagram out to an address. */
export type AddressCheck = (address: NodeAddress) => Promise<boolean>;

/** The guard's word on each address (range, port, own ports, `OUTBOUND`), kept for a minute. */
export function createAddressCheck(net: Pick<Net, 'addressesOf'>): AddressCheck {
  const known = new LRUCache<string, boolean>({ max: MAX_KNOWN, ttl: KNOWN_MS });
  return async ({ host, port }) => {
    const key = `${host}:${port}`;
    const kept = known.get(key);
    if (kept !== undefined) return kept;
    const isAllowed = isIpv4(host) && port > 0 && (await asked(net, key));
    known.set(key, isAllowed);
    return isAllowed;
  };
}

async function asked(net: Pick<Net, 'addressesOf'>, place: string): Promise<boolean> {
  try {
    // No name is looked up for an address, so there is nothing to wait for.
    return (await net.addressesOf(new URL(`udp://${place}`), new AbortController().signal)).length > 0;
  } catch {
    return false;
  }
}

/** Written as addresses are, four numbers: anything else might be taken for a name. */
export function isIpv4(host: string): boolean {
  return /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);
}

import type { Net } from '../../../platform/net.ts';
import type { NodeAddress } from './messages.ts';

/** A name server that is slow has no node that is fast. */
const RESOLVE_MS = 5000;
/** Of one name. */
const MAX_ADDRESSES = 2;

/** The addresses of nodes that the owner names as `host:port`: those that the guard lets pass. A name it refuses is not looked up. */
export async function bootstrapNodes(
  places: readonly string[],
  net: Pick<Net, 'addressesOf'>,
  signal: AbortSignal,
): Promise<NodeAddress[]> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(RESOLVE_MS)]);
  const found = await Promise.all(places.map((place) => addressesOf(place, net, bounded)));
  return found.flat();
}

async function addressesOf(
  place: string,
  net: Pick<Net, 'addressesOf'>,
  signal: AbortSignal,
): Promise<NodeAddress[]> {
  const url = URL.parse(`udp://${place}`);
  if (url === null) return [];
  try {
    const addresses = await net.addressesOf(url, signal);
    return addresses
      .filter(({ family }) => family === 4)
      .slice(0, MAX_ADDRESSES)
      .map(({ address }) => ({ host: address, port: Number(url.port) }));
  } catch {
    return [];
  }
}

import { isPublicAddress } from '../../../platform/address-rules.ts';
import { compactAddress, pexMessage } from './extensions.ts';
import type { Peer } from './peer.ts';
import { extended } from './wire.ts';

/** BEP 11: at most one message a minute, and 50 peers each way in it. */
const [EVERY_MS, MAX_TOLD] = [60_000, 50];

type Told = { addresses: Set<string>; at: number };

/** Tells the peers of a public torrent of each other (BEP 11): what joined and what left since it last did. */
export class Gossip {
  readonly #peers: Iterable<Peer>;
  readonly #told = new WeakMap<Peer, Told>();

  constructor(peers: Iterable<Peer>) {
    this.#peers = peers;
  }

  tick(now: number): void {
    let known: Set<string> | null = null;
    for (const peer of this.#peers) {
      const told = this.#told.get(peer) ?? { addresses: new Set(), at: Number.NEGATIVE_INFINITY };
      if (!peer.isReady || peer.pexId === 0 || now - told.at < EVERY_MS) continue;
      known ??= new Set([...this.#peers].map(dialledAt).filter((address) => address !== null));
      if (this.#tell(peer, told.addresses, known))
        this.#told.set(peer, { addresses: told.addresses, at: now });
    }
  }

  /** False: there is nothing new. Changes `told`. */
  #tell(peer: Peer, told: Set<string>, known: ReadonlySet<string>): boolean {
    const isOwn = (address: string) => address === dialledAt(peer);
    // Whom we know in our own network is nobody's business outside.
    const mayHear = (address: string) =>
      isPublicAddress(hostOf(address)) || !isPublicAddress(hostOf(peer.address));
    const added = [...known]
      .filter((address) => !told.has(address) && !isOwn(address) && mayHear(address))
      .slice(0, MAX_TOLD);
    const dropped = [...told].filter((address) => !known.has(address)).slice(0, MAX_TOLD);
    if (added.length + dropped.length === 0) return false;
    for (const address of added) told.add(address);
    for (const address of dropped) told.delete(address);
    peer.link.send(extended(peer.pexId, pexMessage(added, dropped)));
    return true;
  }
}

/** Where others could dial it; null: nobody knows, or it is no address (a name, a web server). */
function dialledAt({ isReady, isIncoming, address, listenPort }: Peer): string | null {
  const at = isIncoming ? `${hostOf(address)}:${listenPort}` : address;
  return isReady && !at.endsWith(':0') && compactAddress(at) !== null ? at : null;
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

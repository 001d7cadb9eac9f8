import { randomBytes } from 'node:crypto';
import { createNet, type NetOptions } from '../../src/platform/net.ts';
import { Dht, type DhtOptions } from '../../src/streams/torrent/dht/index.ts';
import type { PeerAddress } from '../../src/streams/torrent/engine.ts';
import { type Contact, type DhtNode, idNear, startDhtNode } from './dht-node.ts';

export const HASH = randomBytes(20).toString('hex');
export const NEVER = new AbortController().signal;
/** Who has the torrent; nobody listens there. */
export const PEER = { host: '127.0.0.77', port: 7777 };

export type DhtRoom = {
  /** A node at an address of its own; `equalBytes` of its id are the torrent's: the more, the closer. */
  node(number: number, equalBytes?: number): Promise<DhtNode>;
  /** What is tested, told of the nodes in `known`. */
  dhtOf(options: Partial<DhtOptions & NetOptions> & { known?: readonly Contact[] }): Dht;
  /** To be ended with the room. */
  onClose(stop: () => Promise<unknown>): void;
  close(): Promise<void>;
};

/** Scripted nodes at 127.0.4.x, and DHTs that know some of them. */
export function openDhtRoom(): DhtRoom {
  const started: (() => Promise<unknown>)[] = [];
  return {
    async node(number, equalBytes = 0) {
      const made = await startDhtNode(idNear(HASH, equalBytes, number), `127.0.4.${number}`);
      started.push(() => made.stop());
      return made;
    },
    dhtOf({ bootstrap = [], port = null, file = null, known = [], ...outbound }) {
      const net = createNet({
        ...{ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() },
        ...outbound,
      });
      const places = [...bootstrap, ...known.map(({ host, port: at }) => `${host}:${at}`)];
      const dht = new Dht({ net, bootstrap: places, port, file });
      started.push(
        () => net.close(),
        () => dht.rest(),
      );
      return dht;
    },
    onClose: (stop) => void started.push(stop),
    async close() {
      for (const stop of started.splice(0).reverse()) await stop();
    },
  };
}

/** Looks once; what was found. */
export async function peersIn(dht: Dht, signal = NEVER): Promise<PeerAddress[]> {
  const found: PeerAddress[] = [];
  await dht.findPeers(HASH, (peers) => found.push(...peers), signal);
  return found;
}

export const heardBy = (nodes: readonly DhtNode[]) =>
  nodes.reduce((sum, { datagrams }) => sum + datagrams, 0);

/** An id whose first `bits` bits are the torrent's, and the next is not. */
export function idAway(bits: number): Buffer {
  const id = Buffer.from(HASH, 'hex');
  id[bits >> 3] = (id[bits >> 3] ?? 0) ^ (0x80 >> (bits & 7));
  return id;
}

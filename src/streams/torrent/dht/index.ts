import type { Net } from '../../../platform/net.ts';
import type { DhtState } from '../../kind.ts';
import type { PeerAddress } from '../engine.ts';
import { type AddressCheck, createAddressCheck } from './address-check.ts';
import { bootstrapNodes } from './bootstrap.ts';
import { type LookupResult, lookUp } from './lookup.ts';
import type { NodeAddress } from './messages.ts';
import { RoutingTable } from './routing-table.ts';
import { openRpcSocket, type RpcSocket } from './rpc-socket.ts';
import { readSavedNodes, saveNodes } from './saved-nodes.ts';

export type DhtOptions = {
  net: Pick<Net, 'addressesOf' | 'rules'>;
  /** `host:port` of nodes to begin with, where none is known. */
  bootstrap: readonly string[];
  /** Where peers reach us by TCP: torrents are announced with it, and UDP listens at the same number. Null: they do not, and any. */
  port: number | null;
  /** Keeps the nodes for the next start; null: nothing does. */
  file: string | null;
};

/** What is found in a lookup is worth keeping; and a minute's loss is none. */
const SAVE_MS = 60_000;
/** Peers tell of their nodes at every connection. */
const [MAX_TOLD, TOLD_MS] = [5, 60_000];

/** The DHT of BitTorrent (BEP 5), as one who asks and does not answer (BEP 43). One for all torrents. */
export class Dht {
  readonly #options: DhtOptions;
  readonly #isAllowed: AddressCheck;
  readonly #table = new RoutingTable();
  #socket: Promise<RpcSocket> | null = null;
  #stop = new AbortController();
  #lookups = 0;
  #isAlone = false;
  #saved: Promise<void> | null = null;
  #read: Promise<void> | null = null;
  #savedAt = Number.NEGATIVE_INFINITY;
  #toldAt: number[] = [];

  constructor(options: DhtOptions) {
    this.#options = options;
    this.#isAllowed = createAddressCheck(options.net);
  }

  get isRunning(): boolean {
    return this.#socket !== null;
  }

  state(): DhtState {
    const running = this.#isAlone ? 'alone' : 'running';
    return {
      status: this.isRunning ? running : 'resting',
      nodes: this.#table.size,
      lookups: this.#lookups,
    };
  }

  /** Asks for a torrent's peers, and says where we are if we can be reached. Resolves when nobody is left to ask; never rejects. */
  async findPeers(
    infoHash: string,
    onPeers: (peers: readonly PeerAddress[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#lookups += 1;
    const until = AbortSignal.any([signal, this.#stop.signal]);
    try {
      const socket = await this.#opened();
      this.#read ??= this.#readSaved();
      await this.#read;
      const hash = Buffer.from(infoHash, 'hex');
      const { bootstrap, net } = this.#options;
      const result = await lookUp(
        hash,
        {
          ask: socket.ask,
          nodes: this.#table.nodes,
          bootstrap: (bounded) => bootstrapNodes(bootstrap, net, bounded),
          onPeers,
          onAnswered: (node) => this.#table.answered(node),
          onSilent: (node) => this.#table.failed(node),
        },
        until,
      );
      if (until.aborted) return;
      this.#isAlone = result.answers === 0;
      this.#announce(socket, hash, result.closest, until);
      this.#saveSometimes();
    } catch {
      // No socket to be had: as with a network that is down, the next lookup tries again.
      this.#isAlone = true;
    } finally {
      this.#lookups -= 1;
    }
  }

  #announce(
    socket: RpcSocket,
    infoHash: Buffer,
    closest: LookupResult['closest'],
    signal: AbortSignal,
  ): void {
    const { port } = this.#options;
    if (port === null) return;
    for (const { node, token } of closest)
      void socket.ask(node, { q: 'announce_peer', infoHash, port, token }, signal);
  }

  /** A peer says that it has a node there (BEP 5, `port`); whether that is so is asked, a few times a minute. */
  async noteNode(node: NodeAddress): Promise<void> {
    const now = performance.now();
    this.#toldAt = this.#toldAt.filter((at) => now - at < TOLD_MS);
    if (this.#socket === null || this.#toldAt.length >= MAX_TOLD) return;
    this.#toldAt.push(now);
    const { signal } = this.#stop;
    const socket = await this.#socket.catch(() => null);
    const answer = await socket?.ask(node, { q: 'ping' }, signal);
    if (answer != null) this.#table.answered({ id: answer.id, ...node });
  }

  #opened(): Promise<RpcSocket> {
    const { port, net } = this.#options;
    const localAddress = net.rules.localAddress ?? null;
    const opening = this.#socket ?? openRpcSocket({ port, localAddress, isAllowed: this.#isAllowed });
    this.#socket = opening;
    return opening.then(
      (socket) => {
        if (socket.isClosed && this.#socket === opening) {
          this.#socket = null;
          throw new Error('the socket of the DHT has failed');
        }
        return socket;
      },
      (error: unknown) => {
        if (this.#socket === opening) this.#socket = null;
        throw error;
      },
    );
  }

  async #readSaved(): Promise<void> {
    const { file } = this.#options;
    if (file === null) return;
    for (const node of await readSavedNodes(file)) this.#table.answered(node);
  }

  #saveSometimes(): void {
    if (performance.now() - this.#savedAt >= SAVE_MS) void this.#save();
  }

  /** An empty table says nothing that the one on disk does not say better. */
  async #save(): Promise<void> {
    const { file } = this.#options;
    if (file === null || this.#table.size === 0) return;
    this.#savedAt = performance.now();
    const earlier = this.#saved;
    const nodes = this.#table.nodes;
    this.#saved = (async () => {
      await earlier;
      await saveNodes(file, nodes);
    })();
    await this.#saved;
  }

  /** No torrent needs it: its socket is closed, and what it knows is kept. The next lookup begins anew. */
  async rest(): Promise<void> {
    const opening = this.#socket;
    if (opening === null) return;
    this.#socket = null;
    this.#stop.abort(new Error('the DHT rests'));
    this.#stop = new AbortController();
    const socket = await opening.catch(() => null);
    socket?.close();
    await this.#save();
  }
}

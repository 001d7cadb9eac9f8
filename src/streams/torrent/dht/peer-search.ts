import type { PeerAddress } from '../engine.ts';
import type { Dht } from './index.ts';
import type { NodeAddress } from './messages.ts';

/** Between lookups of a torrent: when it has few peers, and when it does well. */
const [FEW_MS, USUAL_MS] = [60_000, 900_000];

export type PeerSearchOptions = {
  infoHash: string;
  dht: Dht;
  onPeers(peers: readonly PeerAddress[]): void;
};

/** Looks for the peers of one public torrent in the DHT, again and again. */
export class PeerSearch {
  readonly #options: PeerSearchOptions;
  #stop = new AbortController();
  #isLooking = false;
  /** When the last lookup ended; null: none has. */
  #endedAt: number | null = null;

  constructor(options: PeerSearchOptions) {
    this.#options = options;
  }

  /** It has been looked, and nobody is looking. */
  get isDone(): boolean {
    return this.#endedAt !== null && !this.#isLooking;
  }

  /** Peers should know that we would like to hear of their nodes. */
  get hasDht(): boolean {
    return this.#options.dht.isRunning;
  }

  tick(now: number, hasFewPeers: boolean): void {
    const pauseMs = hasFewPeers ? FEW_MS : USUAL_MS;
    const isDue = this.#endedAt === null || now - this.#endedAt >= pauseMs;
    if (isDue && !this.#isLooking) void this.#look();
  }

  async #look(): Promise<void> {
    const { dht, infoHash, onPeers } = this.#options;
    const stop = this.#stop;
    this.#isLooking = true;
    await dht.findPeers(infoHash, onPeers, stop.signal);
    if (stop !== this.#stop) return;
    this.#isLooking = false;
    this.#endedAt = performance.now();
  }

  /** A peer told where its node is. */
  noteNode(node: NodeAddress): void {
    void this.#options.dht.noteNode(node);
  }

  /** Nobody is looked for; `tick` begins anew. */
  stop(): void {
    this.#stop.abort(new Error('the torrent rests'));
    this.#stop = new AbortController();
    this.#isLooking = false;
    this.#endedAt = null;
  }
}

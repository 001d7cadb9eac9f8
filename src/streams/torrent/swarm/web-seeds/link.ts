import type { PeerListener } from '../connection.ts';
import type { PeerLink } from '../link.ts';
import { blockKey, Peer, type QueueRules } from '../peer.ts';
import type { BlockRequest } from '../wire.ts';
import type { SeedFiles } from './files.ts';
import type { RangeDeps } from './range.ts';
import { keyOf, Run } from './run.ts';

/** Requests at a time: one is read, one is on its way; more where what is wanted lies apart. */
const MAX_RUNS = 4;
const MAX_RUN_BYTES = 4 * 1024 * 1024;
/** Without a byte for so long, whatever was asked for. */
const SILENT_MS = 15_000;
/** A request costs a round trip whatever it brings: 1 MiB at first, then by rate and round trip, up to 8 MiB; more when half has come. */
const WEB_QUEUE: QueueRules = { first: 64, min: 8, max: 512, unsaid: 512, aheadS: 0.5, heap: 0.5 };

export type WebSeedDeps = RangeDeps & {
  url: string;
  files: SeedFiles;
  listener: Pick<PeerListener, 'placeFor' | 'onBlock' | 'onReadEnd'>;
  /** `error`: what the seed did; null: it was sent away. */
  onGone(peer: Peer, error: Error | null): void;
};

/** A web seed as a peer that has everything; connections come and go with what it is asked for. */
export function openWebSeed(deps: WebSeedDeps): Peer {
  const link = new WebSeedLink(deps);
  return link.peer;
}

class WebSeedLink implements PeerLink {
  readonly peer: Peer;
  readonly #deps: WebSeedDeps;
  /** Asked for and in no request yet, most urgent first. */
  #pending = new Map<number, BlockRequest>();
  readonly #runs = new Map<Run, number>();
  #isStartDue = false;
  /** Without a byte, as long as something was asked for. */
  #silentMs = 0;
  #heardAt = 0;

  constructor(deps: WebSeedDeps) {
    this.#deps = deps;
    this.peer = new Peer(this, deps.url, WEB_QUEUE);
    this.peer.isReady = true;
    this.peer.isChoking = false;
    this.peer.dropPlace = (key) => {
      for (const run of this.#runs.keys()) run.dropPlace(key);
    };
  }

  request(blocks: readonly BlockRequest[]): void {
    for (const block of blocks) this.#pending.set(keyOf(block), block);
    this.#startSoon();
  }

  cancel(blocks: readonly BlockRequest[]): void {
    for (const block of blocks) {
      const key = keyOf(block);
      this.#pending.delete(key);
      for (const run of this.#runs.keys()) if (run.cancel(key)) break;
    }
    for (const run of [...this.#runs.keys()]) run.check();
  }

  /** It speaks no wire protocol. */
  send(): void {}

  destroy(): void {
    this.#close(null);
  }

  /** After all that is said in one go: what lies together is asked for together. */
  #startSoon(): void {
    if (this.#isStartDue) return;
    this.#isStartDue = true;
    queueMicrotask(() => {
      this.#isStartDue = false;
      if (this.#pending.size === 0 && !this.peer.isClosed) this.#deps.listener.onReadEnd(this.peer);
      this.#start();
    });
  }

  #start(): void {
    while (!this.peer.isClosed && this.#runs.size < MAX_RUNS && this.#pending.size > 0) {
      if (this.#silentMs > SILENT_MS) return void this.#close(new Error('the web seed is silent'));
      const run = new Run(
        {
          ...{ ...this.#deps, peer: this.peer },
          onBytes: () => {
            this.#silentMs = 0;
            this.#heardAt = performance.now();
          },
          onOver: (over, error) => this.#onOver(over, error),
        },
        this.#nextRun(),
      );
      this.#runs.set(run, performance.now());
      run.begin();
    }
  }

  /** The most urgent block, and what lies behind it. */
  #nextRun(): BlockRequest[] {
    const { layout } = this.#deps.files;
    const blocks: BlockRequest[] = [];
    let bytes = 0;
    let [next] = this.#pending.values();
    while (next !== undefined && bytes < MAX_RUN_BYTES) {
      blocks.push(next);
      this.#pending.delete(keyOf(next));
      bytes += next.length;
      const isLastOfPiece = next.begin + next.length >= layout.pieceLength;
      const key = isLastOfPiece ? blockKey(next.index + 1, 0) : keyOf(next) + 1;
      next = this.#pending.get(key);
    }
    return blocks;
  }

  #onOver(run: Run, error: Error | null): void {
    this.#silentMs += performance.now() - Math.max(this.#heardAt, this.#runs.get(run) ?? 0);
    this.#runs.delete(run);
    if (error !== null) return void this.#close(error);
    const { left } = run;
    if (left.length > 0)
      this.#pending = new Map([...left.map((block) => [keyOf(block), block] as const), ...this.#pending]);
    this.#startSoon();
  }

  #close(error: Error | null): void {
    if (this.peer.isClosed) return;
    this.peer.isClosed = true;
    for (const run of this.#runs.keys()) run.abort();
    this.#runs.clear();
    this.#pending.clear();
    // As a socket's: whoever sends it away is not told in the middle of that.
    queueMicrotask(() => this.#deps.onGone(this.peer, error));
  }
}

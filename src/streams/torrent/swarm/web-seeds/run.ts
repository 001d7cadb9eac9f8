import type { PeerListener } from '../connection.ts';
import { BLOCK_BYTES } from '../layout.ts';
import { blockKey, type Peer } from '../peer.ts';
import type { BlockRequest } from '../wire.ts';
import { MissingFile } from './faults.ts';
import type { SeedFiles } from './files.ts';
import { FileRange, type RangeDeps } from './range.ts';

/** What nobody wants any more is read over up to here, where something is wanted behind it: a new request costs a round trip. */
const MAX_GAP_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(64 * 1024);

export type RunDeps = RangeDeps & {
  /** The web seed's address. */
  url: string;
  files: SeedFiles;
  peer: Peer;
  listener: Pick<PeerListener, 'placeFor' | 'onBlock' | 'onReadEnd'>;
  onBytes(): void;
  /** `error`: why it did not come. */
  onOver(run: Run, error: Error | null): void;
};

export const keyOf = ({ index, begin }: BlockRequest) => blockKey(index, begin / BLOCK_BYTES);

/** Blocks that lie one behind the other in the torrent, read by one request for each file that they touch. */
export class Run {
  readonly #deps: RunDeps;
  readonly #blocks: readonly BlockRequest[];
  readonly #wanted: Set<number>;
  readonly #end: number;
  /** The next byte, and the block it is of. */
  #at: number;
  #next = 0;
  #askedFrom: number;
  #place: Uint8Array | null = null;
  #range: FileRange | null = null;
  #isOver = false;

  constructor(deps: RunDeps, blocks: readonly BlockRequest[]) {
    this.#deps = deps;
    this.#blocks = blocks;
    this.#wanted = new Set(blocks.map(keyOf));
    const [first] = blocks;
    this.#at = first === undefined ? 0 : deps.files.offsetOf(first);
    this.#askedFrom = this.#at;
    this.#end = blocks.reduce((at, { length }) => at + length, this.#at);
  }

  /** What of it did not come and is still wanted. */
  get left(): BlockRequest[] {
    return this.#blocks.slice(this.#next).filter((block) => this.#wanted.has(keyOf(block)));
  }

  /** Asks for the file that the next byte lies in. */
  begin(): void {
    while (!this.#isOver && this.#at < this.#end) {
      const segment = this.#deps.files.segmentAt(this.#at);
      const end = Math.min(this.#end, segment.end);
      if (!segment.isPadding)
        return void this.#ask(segment.fileIndex, this.#at - segment.start, end - segment.start);
      while (!this.#isOver && this.#at < end)
        this.#take(ZEROS.subarray(0, Math.min(ZEROS.length, end - this.#at)));
    }
    this.#over(null);
  }

  #ask(index: number, start: number, end: number): void {
    const { files, url: seed } = this.#deps;
    const url = files.urlOf(seed, index);
    if (url === null) return void this.#over(new MissingFile(index, 'the file has no address'));
    this.#askedFrom = this.#at;
    const file = { index, url, sizeBytes: files.layout.files[index]?.sizeBytes ?? 0 };
    try {
      this.#range = new FileRange(
        this.#deps,
        file,
        { start, end },
        {
          onBytes: (bytes) => this.#onBytes(bytes),
          onOver: (error) => this.#onRangeOver(error),
        },
      );
      this.#range.begin();
    } catch (error) {
      this.#over(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onBytes(bytes: Buffer): void {
    this.#deps.onBytes();
    this.#take(bytes);
    this.#deps.listener.onReadEnd(this.#deps.peer);
    this.check();
  }

  /** What broke off goes on at the next byte, as long as something comes each time. */
  #onRangeOver(error: Error | null): void {
    this.#range = null;
    const { start } = this.#deps.files.segmentAt(this.#at);
    const isOnward =
      this.#at === this.#end || this.#at === start || this.#at - this.#askedFrom >= BLOCK_BYTES;
    if (this.#at > this.#askedFrom && isOnward) this.begin();
    else this.#over(error ?? new Error('the web seed gave less than it was asked for'));
  }

  #take(bytes: Buffer): void {
    for (let from = 0; from < bytes.length && !this.#isOver; ) {
      const block = this.#blocks[this.#next];
      if (block === undefined) return;
      const placed = this.#at - this.#deps.files.offsetOf(block);
      if (placed === 0) this.#place = this.#placeFor(block);
      const size = Math.min(block.length - placed, bytes.length - from);
      if (this.#place !== null) bytes.copy(this.#place, placed, from, from + size);
      this.#at += size;
      from += size;
      if (placed + size === block.length) this.#endBlock(block);
    }
  }

  #placeFor(block: BlockRequest): Uint8Array | null {
    const { peer, listener } = this.#deps;
    if (!this.#wanted.has(keyOf(block))) return null;
    return listener.placeFor(peer, block.index, block.begin, block.length);
  }

  #endBlock(block: BlockRequest): void {
    const isPlaced = this.#place !== null;
    this.#place = null;
    this.#next += 1;
    this.#wanted.delete(keyOf(block));
    if (isPlaced) this.#deps.listener.onBlock(this.#deps.peer, block.index, block.begin, block.length);
  }

  /** Nobody wants this block any more. */
  cancel(key: number): boolean {
    return this.#wanted.delete(key);
  }

  /** The block it is in the middle of comes from somebody else. */
  dropPlace(key: number): void {
    const block = this.#blocks[this.#next];
    if (block !== undefined && keyOf(block) === key) this.#place = null;
  }

  /** Hangs up where nothing of what is to come is wanted, or only what comes much later. */
  check(): void {
    if (this.#isOver || this.#at === this.#end) return;
    for (let next = this.#next; next < this.#blocks.length; next += 1) {
      const block = this.#blocks[next];
      if (block === undefined || !this.#wanted.has(keyOf(block))) continue;
      if (this.#deps.files.offsetOf(block) - this.#at <= MAX_GAP_BYTES) return;
      break;
    }
    this.#over(null);
  }

  /** Hangs up at once, and is told to nobody. */
  abort(): void {
    this.#isOver = true;
    this.#place = null;
    this.#range?.abort();
  }

  #over(error: Error | null): void {
    if (this.#isOver) return;
    this.abort();
    this.#deps.onOver(this, error);
  }
}

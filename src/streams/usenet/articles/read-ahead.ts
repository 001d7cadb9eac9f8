import type { NzbSegment } from '../nzb/nzb.ts';
import { isGone } from './hole-in-file.ts';
import type { Lease } from './lease.ts';
import type { Layout, Stretch } from './part.ts';
import type { SeekableFile } from './posted-file.ts';
import type { ArticleStore, Window } from './store.ts';

const MIB = 1024 * 1024;
/** Criterion 38: what two seconds bring, but never less than 8 nor more than 64 MiB ahead. */
const [MIN_WINDOW_BYTES, MAX_WINDOW_BYTES, WINDOW_S] = [8 * MIB, 64 * MIB, 2];
/** Who looks at a head or a tail and goes elsewhere costs two articles; who goes on has so many times what was taken ahead. */
const [MIN_ARTICLES, GROWTH] = [2, 4];
/** The window is looked at again after so much, however large articles are, or after such a share of it: to walk a large one takes longer. */
const [LOOK_BYTES, LOOK_SHARE] = [256 * 1024, 1 / 16];
const RATE_MS = 500;
/** Who takes nothing for so long, although it is here, has paused. */
const IDLE_MS = 10_000;

export type ReadAheadOptions = {
  store: ArticleStore;
  layout: Layout;
  files: readonly SeekableFile[];
  viewer: number;
  /** Of the layout: nothing is fetched beyond. */
  end: number;
  /** The most that this viewer may have ahead. */
  windowBytes(): number;
};

/** Where a viewer stands: `from` is where `stretch` begins, `index` the part that holds the byte. */
export type Head = { from: number; stretch: Stretch; index: number };
type Ahead = { file: SeekableFile; index: number; segment: NzbSegment };

/** What one viewer is about to need: the article under the head and those behind it, over stretches and volumes. */
export class ReadAhead implements Window {
  readonly #options: ReadAheadOptions;
  readonly #leases = new Map<NzbSegment, Lease>();
  /** Parts that were asked for since the head moved. */
  readonly #asked = new Set<NzbSegment>();
  #head: Head | null = null;
  #taken = 0;
  #lookAt = 0;
  #rate = 0;
  #rateTaken = 0;
  #rateAt = performance.now();
  #movedAt = performance.now();
  #isFilling = false;
  #closedBy: { reason: unknown } | null = null;
  isStarved = false;
  /** It waits for bytes. */
  isWaiting = false;

  constructor(options: ReadAheadOptions) {
    this.#options = options;
    options.store.join(this);
  }

  get isIdle(): boolean {
    return !this.isWaiting && performance.now() - this.#movedAt > IDLE_MS;
  }

  /** The part that the viewer waits for. */
  want(volume: number, index: number): Lease {
    const { files, store, viewer } = this.#options;
    const file = files[volume];
    const segment = file?.segment(index) ?? null;
    const known = segment === null ? undefined : this.#leases.get(segment);
    if (segment !== null && known !== undefined && !isWorthAnotherTry(known)) {
      this.#asked.add(segment);
      store.hurry(segment.id, 'head');
      return known;
    }
    if (segment !== null) this.#asked.add(segment);
    known?.leave(known.failure?.error);
    const lease = file?.want(index, 'head', viewer) ?? null;
    if (lease === null || segment === null) throw new Error('there is no such part');
    this.#leases.set(segment, lease);
    if (this.#closedBy !== null) this.close(this.#closedBy.reason);
    return lease;
  }

  moveTo(head: Head): void {
    this.#head = head;
    this.#asked.clear();
    this.fill();
  }

  /** The viewer has been given so many bytes more. */
  took(bytes: number): void {
    this.#taken += bytes;
    const now = performance.now();
    this.#movedAt = now;
    if (now - this.#rateAt >= RATE_MS) {
      const rate = ((this.#taken - this.#rateTaken) * 1000) / (now - this.#rateAt);
      this.#rate = this.#rate === 0 ? rate : (this.#rate + rate) / 2;
      [this.#rateAt, this.#rateTaken] = [now, this.#taken];
    }
    if (this.#taken >= this.#lookAt) this.fill();
  }

  /** Asks for what is ahead, nearest first, and leaves what is behind. */
  fill(): void {
    if (this.#closedBy !== null || this.#isFilling) return;
    this.#isFilling = true;
    this.isStarved = false;
    const wanted = new Set<NzbSegment>();
    // Who has paused was called upon to give way: that is not taken back.
    const [least, budget] = this.isIdle ? [1, 0] : [MIN_ARTICLES, this.#budget()];
    this.#lookAt = this.#taken + Math.max(LOOK_BYTES, budget * LOOK_SHARE);
    let bytes = 0;
    for (const ahead of this.#walk()) {
      const isOver = wanted.size >= least && bytes >= budget;
      // What is here already stays, though the window be smaller now.
      if (!this.#leases.has(ahead.segment)) {
        if (isOver) break;
        this.#ask(ahead, wanted.size === 0);
      }
      wanted.add(ahead.segment);
      bytes += lengthOf(ahead);
    }
    this.#leaveAllBut(wanted);
    this.#isFilling = false;
  }

  #ask({ file, index, segment }: Ahead, isHead: boolean): void {
    const lease = this.isStarved ? null : file.want(index, isHead ? 'head' : 'ahead', this.#options.viewer);
    if (lease === null) this.isStarved = true;
    else this.#leases.set(segment, lease);
  }

  /** What the reading asked for right now it waits for, wherever that lies. */
  #leaveAllBut(wanted: ReadonlySet<NzbSegment>): boolean {
    const goers = [...this.#leases.keys()].filter((one) => !wanted.has(one) && !this.#asked.has(one));
    for (const segment of goers) this.#leave(segment);
    return goers.length > 0;
  }

  #budget(): number {
    const { windowBytes, store } = this.#options;
    const wished = Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, this.#rate * WINDOW_S));
    return Math.min(wished, this.#taken * GROWTH, windowBytes(), store.shareBytes());
  }

  trim(bytes: number): void {
    // Before its first article it has none ahead.
    if (this.#isFilling || this.#head === null) return;
    const kept = new Set<NzbSegment>();
    let bytesKept = 0;
    for (const ahead of this.#walk()) {
      if (kept.size > 0 && bytesKept >= bytes) break;
      kept.add(ahead.segment);
      bytesKept += lengthOf(ahead);
    }
    if (this.#leaveAllBut(kept)) this.isStarved = true;
  }

  /** From the part under the head on to the end of the range, those that the NZB has. */
  *#walk(): Generator<Ahead> {
    const { layout, files, end } = this.#options;
    let head = this.#head;
    while (head !== null) {
      const { from, stretch, index } = head;
      const file = files[stretch.volume];
      if (file === undefined || stretch.length <= 0) return;
      yield* partsOf(file, index, stretch.offset + Math.min(stretch.length, end - from));
      head =
        from + stretch.length < end
          ? this.#headOf(layout.guess(from + stretch.length), from + stretch.length)
          : null;
    }
  }

  #headOf(stretch: Stretch, from: number): Head {
    return { from, stretch, index: this.#options.files[stretch.volume]?.guess(stretch.offset) ?? 0 };
  }

  #leave(segment: NzbSegment): void {
    const lease = this.#leases.get(segment);
    this.#leases.delete(segment);
    lease?.leave(NOT_WANTED);
  }

  /** Calls off what nobody else wants; who waits is told `reason`. */
  close(reason: unknown): void {
    this.#closedBy ??= { reason };
    this.#options.store.leave(this);
    for (const lease of this.#leases.values()) lease.leave(reason);
    this.#leases.clear();
  }
}

const NOT_WANTED = new Error('nobody wants this article any more');

/** Ahead of a viewer a provider's trouble is no news: at the head it is asked once more. */
function isWorthAnotherTry({ failure }: Lease): boolean {
  return failure !== null && !isGone(failure.error);
}

function* partsOf(file: SeekableFile, first: number, stop: number): Generator<Ahead> {
  for (let index = first; index < file.count; index += 1) {
    const segment = file.segment(index);
    if (segment !== null) yield { file, index, segment };
    if (file.beginOf(index + 1) >= stop) return;
  }
}

function lengthOf({ file, index, segment }: Ahead): number {
  const length = file.beginOf(index + 1) - file.beginOf(index);
  return Number.isFinite(length) ? length : segment.bytes;
}

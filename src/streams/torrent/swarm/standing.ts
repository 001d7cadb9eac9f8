import type { Standing } from './announcer.ts';
import { BLOCK_BYTES } from './layout.ts';
import type { Playback } from './playback.ts';
import type { Traffic } from './traffic.ts';

/** What went and came before the torrent was opened. */
type Counted = { uploadedBytes: number; downloadedBytes: number };

/** How far a torrent is, as its trackers are told. */
export class Progress {
  readonly #traffic: Traffic;
  readonly #earlier: Counted;
  #playback: Playback | null = null;
  #wasComplete = false;

  constructor(traffic: Traffic, earlier: Counted = { uploadedBytes: 0, downloadedBytes: 0 }) {
    this.#traffic = traffic;
    this.#earlier = earlier;
  }

  /** Its files are known. */
  begin(playback: Playback): void {
    this.#playback = playback;
    this.#wasComplete = this.#isComplete;
  }

  /** What went in all, where so much went since the torrent was opened. */
  uploadedInAll(uploadedBytes: number): number {
    return this.#earlier.uploadedBytes + uploadedBytes;
  }

  get downloadedInAll(): number {
    return this.#earlier.downloadedBytes + (this.#playback?.intake.downloadedBytes ?? 0);
  }

  /** Who gives nothing is no seed, whatever lies here: others would be led to us in vain, and fewer to us of those who give. */
  get #isComplete(): boolean {
    const { layout, pieces } = this.#playback ?? {};
    return layout !== undefined && !this.#traffic.isOff && pieces?.storedCount === layout.pieceCount;
  }

  /** True once, when the last piece has come to one who began without it. */
  hasJustCompleted(): boolean {
    if (this.#wasComplete || !this.#isComplete) return false;
    this.#wasComplete = true;
    return true;
  }

  /** BEP 3: trackers are told of what went and came since it was opened, and nothing of earlier. */
  standing(uploaded: number): Standing {
    const { layout, pieces, intake } = this.#playback ?? {};
    const downloaded = intake?.downloadedBytes ?? 0;
    if (this.#isComplete) return { uploaded, downloaded, left: 0 };
    const here = this.#traffic.isOff ? 0 : (pieces?.storedCount ?? 0) * (layout?.pieceLength ?? 0);
    // Anything but 0 says that we are no seed: before the files are known nobody knows how much it is.
    return { uploaded, downloaded, left: Math.max(BLOCK_BYTES, (layout?.totalBytes ?? 0) - here) };
  }
}

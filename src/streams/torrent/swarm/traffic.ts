import type { TrafficLimits } from '../../kind.ts';
import { RateLimit } from './rate-limit.ts';

/** What a new engine does until it is told otherwise: it gives nothing, and takes as fast as it can. */
export const NOTHING_GIVEN: TrafficLimits = {
  upload: 'off',
  uploadRatio: 1,
  uploadBytesPerSecond: 0,
  downloadBytesPerSecond: 0,
};

/** How much the owner lets go out and in, all torrents together. */
export class Traffic {
  readonly uploads = new RateLimit();
  readonly downloads = new RateLimit();
  #limits: TrafficLimits = NOTHING_GIVEN;

  /** Valid at once. */
  set(limits: TrafficLimits): void {
    this.#limits = limits;
    this.uploads.set(limits.uploadBytesPerSecond);
    this.downloads.set(limits.downloadBytesPerSecond);
  }

  get isOff(): boolean {
    return this.#limits.upload === 'off';
  }

  /** Whether a torrent may give now: while it is read, and by `ratio` until enough went back of what came. */
  mayGive(isRead: boolean, downloadedBytes: number, uploadedBytes: number): boolean {
    if (this.isOff) return false;
    return isRead || this.owes(downloadedBytes, uploadedBytes);
  }

  /** Whether a torrent goes on giving without a reader. */
  owes(downloadedBytes: number, uploadedBytes: number): boolean {
    return this.#limits.upload === 'ratio' && uploadedBytes < downloadedBytes * this.#limits.uploadRatio;
  }

  close(): void {
    this.uploads.close();
    this.downloads.close();
  }
}

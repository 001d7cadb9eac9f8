import type { Net } from '../../../platform/net.ts';
import { fetchExactSource } from '../exact-source.ts';

/** The `.torrent` of a magnet, from where the magnet says it lies, beside asking its peers. */
export class ExactSources {
  readonly #net: Pick<Net, 'request'>;
  readonly #infoHash: string;
  readonly #onTorrent: (file: Uint8Array) => void;
  /** Null: nobody is being asked. */
  #asking: AbortController | null = null;

  constructor(net: Pick<Net, 'request'>, infoHash: string, onTorrent: (file: Uint8Array) => void) {
    this.#net = net;
    this.#infoHash = infoHash;
    this.#onTorrent = onTorrent;
  }

  get isAsking(): boolean {
    return this.#asking !== null;
  }

  /** Once for each viewer who comes while nobody knows the files. */
  ask(urls: readonly string[]): void {
    if (urls.length === 0 || this.isAsking) return;
    const asking = new AbortController();
    this.#asking = asking;
    fetchExactSource(this.#net, urls, this.#infoHash, asking.signal)
      .then((file) => {
        if (file !== null && !asking.signal.aborted) this.#onTorrent(file);
      })
      .catch(() => {})
      .finally(() => {
        if (this.#asking === asking) this.#asking = null;
      });
  }

  /** Nobody is asked any more; `ask` begins anew. */
  stop(): void {
    this.#asking?.abort(new Error('the torrent rests'));
    this.#asking = null;
  }
}

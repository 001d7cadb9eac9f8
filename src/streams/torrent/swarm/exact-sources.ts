import type { Net } from '../../../platform/net.ts';
import { fetchExactSource } from '../exact-source.ts';

/** The `.torrent` of a magnet, from where the magnet says it lies, beside asking its peers. */
export class ExactSources {
  readonly #net: Pick<Net, 'request'>;
  readonly #infoHash: string;
  readonly #onTorrent: (file: Uint8Array) => void;
  readonly #stop = new AbortController();
  #asking = 0;

  constructor(net: Pick<Net, 'request'>, infoHash: string, onTorrent: (file: Uint8Array) => void) {
    this.#net = net;
    this.#infoHash = infoHash;
    this.#onTorrent = onTorrent;
  }

  get isAsking(): boolean {
    return this.#asking > 0;
  }

  /** Once for each viewer who comes while nobody knows the files. */
  ask(urls: readonly string[]): void {
    if (urls.length === 0 || this.isAsking) return;
    this.#asking += 1;
    fetchExactSource(this.#net, urls, this.#infoHash, this.#stop.signal)
      .then((file) => {
        if (file !== null) this.#onTorrent(file);
      })
      .catch(() => {})
      .finally(() => {
        this.#asking -= 1;
      });
  }

  close(): void {
    this.#stop.abort(new Error('the torrent is closed'));
  }
}

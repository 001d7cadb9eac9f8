/** Which of a torrent's pieces somebody is about to read; null: nobody reads it. */
export type Needs = (infoHash: string) => ((index: number) => boolean) | null;

export type Kept = { infoHash: string; index: number; bytes: number };
type KeptTorrent = {
  /** Bytes by index, longest unused first. */
  pieces: Map<number, number>;
  bytes: number;
  /** Epoch ms. */
  accessedAt: number;
};

/** What lies on disk, in the order in which it may go: the least recently accessed torrent first, of it the longest unused piece. */
export class KeptPieces {
  readonly #torrents = new Map<string, KeptTorrent>();
  /** Torrents of which something came or went since somebody asked. */
  #changed = new Set<string>();
  #used = 0;

  get usedBytes(): number {
    return this.#used;
  }

  of(infoHash: string): { pieces: number; bytes: number; accessedAt: number } | null {
    const torrent = this.#torrents.get(infoHash);
    if (torrent === undefined) return null;
    return { pieces: torrent.pieces.size, bytes: torrent.bytes, accessedAt: torrent.accessedAt };
  }

  piece(infoHash: string, index: number): Kept | null {
    const bytes = this.#torrents.get(infoHash)?.pieces.get(index);
    return bytes === undefined ? null : { infoHash, index, bytes };
  }

  /** All of it is forgotten, and that is no news. */
  remove(infoHash: string): void {
    this.#used -= this.#torrents.get(infoHash)?.bytes ?? 0;
    this.#torrents.delete(infoHash);
    this.#changed.delete(infoHash);
  }

  add({ infoHash, index, bytes }: Kept, accessedAt: number): void {
    const torrent = this.#torrents.get(infoHash) ?? { pieces: new Map(), bytes: 0, accessedAt };
    this.#torrents.set(infoHash, torrent);
    torrent.pieces.set(index, bytes);
    torrent.bytes += bytes;
    this.#used += bytes;
    this.#changed.add(infoHash);
  }

  /** False: it was not there. */
  forget({ infoHash, index }: Kept): boolean {
    const torrent = this.#torrents.get(infoHash);
    const bytes = torrent?.pieces.get(index);
    if (torrent === undefined || bytes === undefined) return false;
    torrent.pieces.delete(index);
    torrent.bytes -= bytes;
    this.#used -= bytes;
    this.#changed.add(infoHash);
    if (torrent.pieces.size === 0) this.#torrents.delete(infoHash);
    return true;
  }

  /** Somebody reads the torrent, and of it the piece. */
  touch(infoHash: string, at: number, index: number | null = null): void {
    const torrent = this.#torrents.get(infoHash);
    if (torrent === undefined) return;
    torrent.accessedAt = at;
    this.#torrents.delete(infoHash);
    this.#torrents.set(infoHash, torrent);
    const bytes = index === null ? undefined : torrent.pieces.get(index);
    if (index === null || bytes === undefined) return;
    torrent.pieces.delete(index);
    torrent.pieces.set(index, bytes);
  }

  /** Which have changed since this was asked. */
  changed(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /**
   * Those that go so that `bytes` fit below `limit`. Torrents that nobody reads first; then what no viewer of the others is on
   * the way to, which is behind them. What is ahead of somebody never goes, nor what `isHeld`: `isEnough` is false when that
   * is what is left.
   */
  goersFor(
    bytes: number,
    limit: number,
    needs: Needs,
    isHeld: (kept: Kept) => boolean,
  ): { goers: readonly Kept[]; isEnough: boolean } {
    let missing = this.#used + bytes - limit;
    const goers: Kept[] = [];
    if (missing <= 0) return { goers, isEnough: true };
    for (const kept of this.#inOrder(needs)) {
      if (isHeld(kept)) continue;
      goers.push(kept);
      missing -= kept.bytes;
      if (missing <= 0) break;
    }
    return { goers, isEnough: missing <= 0 };
  }

  *#inOrder(needs: Needs): Generator<Kept> {
    const torrents = [...this.#torrents].map(([infoHash, { pieces }]) => ({
      infoHash,
      pieces,
      isNeeded: needs(infoHash),
    }));
    const byRead = (isRead: boolean) => torrents.filter(({ isNeeded }) => (isNeeded !== null) === isRead);
    for (const { infoHash, pieces, isNeeded } of [...byRead(false), ...byRead(true)])
      for (const [index, bytes] of pieces) if (isNeeded?.(index) !== true) yield { infoHash, index, bytes };
  }
}

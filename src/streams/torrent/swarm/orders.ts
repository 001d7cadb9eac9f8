import type { TorrentSpec } from '../engine.ts';

type Removed = { spec: TorrentSpec; users: number };

/** What the owner has said of torrents, for those that are opened later too. */
export class Orders {
  /** Paused, open or not. */
  readonly #onHold = new Set<string>();
  /** Removed while somebody had them open: begun anew when he reads on. */
  readonly #removed = new Map<string, Removed>();

  isHeld(infoHash: string): boolean {
    return this.#onHold.has(infoHash);
  }

  hold(infoHash: string, isHeld: boolean): void {
    if (isHeld) this.#onHold.add(infoHash);
    else this.#onHold.delete(infoHash);
  }

  /** By which it is begun anew; null: it is not one that was removed under its users. */
  removedSpec(infoHash: string): TorrentSpec | null {
    return this.#removed.get(infoHash)?.spec ?? null;
  }

  /** It goes, and so many have it open. */
  remove(spec: TorrentSpec, users: number): void {
    if (users > 0) this.#removed.set(spec.infoHash, { spec, users });
  }

  /** It is begun anew; how many have had it open all the while. */
  begunAnew(infoHash: string): number {
    const users = this.#removed.get(infoHash)?.users ?? 0;
    this.#removed.delete(infoHash);
    return users;
  }

  /** One user less. */
  release(infoHash: string): void {
    const removed = this.#removed.get(infoHash);
    if (removed === undefined) return;
    removed.users -= 1;
    if (removed.users === 0) this.#removed.delete(infoHash);
  }
}

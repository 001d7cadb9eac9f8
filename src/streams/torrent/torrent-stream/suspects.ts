import type { Wire } from 'torrent-stream';

/** Criterion 28: wrong pieces that a peer gave alone, until it is banned. */
const MAX_BAD_PIECES = 3;

type Alone = { wire: Wire; others: readonly Wire[] };

/**
 * Finds who gives wrong blocks. The library bans all who gave to four wrong pieces, and one liar among four peers gives to
 * every piece; here a wrong one is fetched again from one of its givers alone, so that one is proven or cleared.
 */
export class Suspects {
  readonly #wires: () => readonly Wire[];
  readonly #givers = new Map<number, Set<Wire>>();
  readonly #alone = new Map<number, Alone>();
  readonly #cleared = new WeakSet<Wire>();
  readonly #badPieces = new Map<string, number>();

  constructor(wires: () => readonly Wire[]) {
    this.#wires = wires;
  }

  gave(index: number, wire: Wire): void {
    const givers = this.#givers.get(index) ?? new Set();
    this.#givers.set(index, givers.add(wire));
  }

  /** The piece is what it should be. */
  right(index: number): void {
    const [only, ...more] = this.#givers.get(index) ?? [];
    this.#givers.delete(index);
    this.#letAll(index);
    if (only !== undefined && more.length === 0) this.#cleared.add(only);
  }

  /** The piece is not. Answers the peer that is to be banned, if one is. */
  wrong(index: number): Wire | null {
    const givers = [...(this.#givers.get(index) ?? [])];
    this.#givers.delete(index);
    this.#letAll(index);
    const [only, ...more] = givers;
    if (only === undefined || more.length > 0) {
      this.#leaveTo(index, this.#suspectOf(givers));
      return null;
    }
    this.#cleared.delete(only);
    this.#leaveTo(
      index,
      this.#wires().find((wire) => wire !== only && wire.peerPieces[index] === true),
    );
    const count = (this.#badPieces.get(only.peerAddress) ?? 0) + 1;
    this.#badPieces.set(only.peerAddress, count);
    return count >= MAX_BAD_PIECES ? only : null;
  }

  /** Who was not cleared; where all were, one lies now and then. */
  #suspectOf(givers: readonly Wire[]): Wire | undefined {
    const connected = givers.filter((wire) => this.#wires().includes(wire));
    const suspect = connected.find((wire) => !this.#cleared.has(wire));
    if (suspect === undefined) for (const wire of connected) this.#cleared.delete(wire);
    return suspect ?? connected[0];
  }

  /** The library asks a peer for what it has: the others do not have this piece for now. */
  #leaveTo(index: number, wire: Wire | undefined): void {
    if (wire === undefined) return;
    const others = this.#wires().filter((other) => other !== wire && other.peerPieces[index] === true);
    for (const other of others) other.peerPieces[index] = false;
    this.#alone.set(index, { wire, others });
  }

  #letAll(index: number): void {
    for (const { peerPieces } of this.#alone.get(index)?.others ?? []) peerPieces[index] = true;
    this.#alone.delete(index);
  }

  gone(wire: Wire): void {
    for (const [index, alone] of this.#alone) if (alone.wire === wire) this.#letAll(index);
  }
}

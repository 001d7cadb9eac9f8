import { AppError } from '../../../../kit/errors.ts';
import type { Net } from '../../../../platform/net.ts';
import type { PeerListener } from '../connection.ts';
import type { Layout } from '../layout.ts';
import type { Peer } from '../peer.ts';
import { BusySeed, MissingFile } from './faults.ts';
import { SeedFiles } from './files.ts';
import { openWebSeed } from './link.ts';
import { createLocations, type Locations } from './range.ts';

const [MAX_KNOWN, MAX_OPEN] = [50, 10];
/** Pauses after failures without a byte in between, as of peers; then it is not asked any more. */
const RETRY_MS = [1000, 5000, 15_000, 60_000, 300_000] as const;
/** Wrong pieces until a seed is not asked any more. */
const MAX_BAD_PIECES = 3;

type Seed = {
  url: string;
  failures: number;
  notBefore: number;
  /** It has been refused, or has nothing that is right. */
  isDropped: boolean;
  peer: Peer | null;
  readonly missing: Set<number>;
  readonly badPieces: Set<number>;
  readonly locations: Locations;
};

export type WebSeedsDeps = {
  net: Pick<Net, 'http1'>;
  listener: Pick<PeerListener, 'placeFor' | 'onBlock' | 'onReadEnd' | 'onGone'>;
  /** Those of the torrent: a web seed is one of them. */
  peers: Set<Peer>;
};

/** The web seeds of one torrent (BEP 19): who is known, open, resting, dropped. */
export class WebSeeds {
  readonly #deps: WebSeedsDeps;
  readonly #seeds = new Map<string, Seed>();
  readonly #ofPeer = new WeakMap<Peer, Seed>();
  #files: SeedFiles | null = null;

  constructor(deps: WebSeedsDeps) {
    this.#deps = deps;
  }

  get bannedCount(): number {
    return [...this.#seeds.values()].filter(({ badPieces }) => badPieces.size >= MAX_BAD_PIECES).length;
  }

  has(peer: Peer): boolean {
    return this.#ofPeer.has(peer);
  }

  add(urls: readonly string[]): void {
    for (const url of urls) {
      if (this.#seeds.size >= MAX_KNOWN) return;
      if (this.#seeds.has(url) || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) continue;
      this.#seeds.set(url, {
        ...{ url, failures: 0, notBefore: 0, isDropped: false, peer: null },
        ...{ missing: new Set(), badPieces: new Set(), locations: createLocations() },
      });
    }
  }

  /** What is where is known from now on. */
  begin(layout: Layout): void {
    this.#files = new SeedFiles(layout);
  }

  /** Opens what may be asked, as far as there is room: without a connection until something is wanted. */
  open(now: number): void {
    if (this.#files === null) return;
    let count = [...this.#seeds.values()].filter(({ peer }) => peer !== null).length;
    for (const seed of this.#seeds.values()) {
      if (count >= MAX_OPEN) return;
      if (seed.peer !== null || seed.isDropped || seed.notBefore > now) continue;
      if (this.#open(seed, this.#files)) count += 1;
    }
  }

  #open(seed: Seed, files: SeedFiles): boolean {
    const pieces = files.piecesWithout(seed.missing, seed.badPieces);
    seed.isDropped = pieces === null;
    if (pieces === null) return false;
    const { net, listener, peers } = this.#deps;
    const { url, locations } = seed;
    const peer = openWebSeed({
      ...{ net, url, locations, files, listener },
      onGone: (gone, error) => this.#gone(seed, gone, error),
    });
    peer.pieces = pieces;
    seed.peer = peer;
    this.#ofPeer.set(peer, seed);
    peers.add(peer);
    return true;
  }

  #gone(seed: Seed, peer: Peer, error: Error | null): void {
    seed.peer = null;
    if (peer.downloadedBytes > 0) seed.failures = 0;
    if (error !== null) this.#failed(seed, error);
    this.#deps.listener.onGone(peer, error ?? new Error('the web seed was sent away'));
    // One file less, and no reason to wait with the others.
    if (error instanceof MissingFile) this.open(performance.now());
  }

  #failed(seed: Seed, error: Error): void {
    if (error instanceof MissingFile) {
      seed.missing.add(error.fileIndex);
      return;
    }
    const pauseMs = error instanceof BusySeed ? error.pauseMs : RETRY_MS[seed.failures];
    if (!(error instanceof BusySeed)) seed.failures += 1;
    const isRefused = error instanceof AppError && error.code === 'net.refused';
    seed.isDropped ||= pauseMs === undefined || isRefused;
    seed.notBefore = performance.now() + (pauseMs ?? 0);
  }

  /** It alone gave this piece with a wrong hash, and is not asked for it again. True: it was once too often. */
  gaveBadPiece(peer: Peer, index: number): boolean {
    const seed = this.#ofPeer.get(peer);
    if (seed === undefined) return false;
    seed.badPieces.add(index);
    seed.isDropped ||= seed.badPieces.size >= MAX_BAD_PIECES;
    peer.pieces = this.#files?.piecesWithout(seed.missing, seed.badPieces) ?? null;
    return seed.isDropped;
  }
}

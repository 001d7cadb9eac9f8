import { randomBytes } from 'node:crypto';
import { NotFound } from '../../../kit/errors.ts';
import type { ByteRange } from '../../../kit/range.ts';
import type { Log } from '../../../platform/log.ts';
import type { Net } from '../../../platform/net.ts';
import type { Announced, TorrentFile, TorrentSpec, TorrentState } from '../engine.ts';
import { announce } from '../trackers/index.ts';
import { createUtp, type Utp, type UtpOptions } from '../utp/socket.ts';
import { peerUtp } from './dial-peer.ts';
import { createHeldPieces } from './held-pieces.ts';
import { openPieceCache, type PieceCache } from './piece-cache.ts';
import { createPieceMemory, type PieceMemory } from './piece-memory.ts';
import type { Part } from './playback.ts';
import { Torrent } from './torrent.ts';

const TICK_MS = 250;
/** Criterion 33: peers go 30 s after the last reader, the torrent after 5 min. */
const [REST_MS, FORGET_MS] = [30_000, 300_000];

export type SwarmEngineOptions = {
  net: Net;
  log: Log;
  /** What announces came to, in passing. */
  onAnnounced(announced: Announced): void;
  /** Pieces of all torrents together, on their way and kept. */
  memoryBytes: number;
  /** Where pieces are kept on disk, up to `maxBytes`; 0: nowhere. */
  cache: { folder: string; maxBytes: number };
  /** How long nobody may give anything while somebody waits. */
  deadMs: number;
  /** Peers are reached by uTP as well; null: by TCP alone, and there is no UDP socket for them. */
  utp?: Pick<UtpOptions, 'port'> | null;
  /** A piece buffer that will not be used again. */
  onGone(id: number): void;
};

type Entry = { torrent: Torrent; users: number; idleSince: number };

/** All torrents of this thread. */
export class SwarmEngine {
  readonly memory: PieceMemory;
  readonly #torrents = new Map<string, Entry>();
  readonly #deps: ConstructorParameters<typeof Torrent>[1];
  readonly #utp: Utp | null;
  #ticker: NodeJS.Timeout | null = null;
  #tickedAt = 0;

  private constructor(options: SwarmEngineOptions, cache: PieceCache) {
    const { net, memoryBytes, deadMs, onGone, onAnnounced, utp = null } = options;
    const memory = createPieceMemory(memoryBytes, onGone);
    this.memory = memory;
    // Azureus style (BEP 20); the rest is anew with each start.
    const peerId = Buffer.concat([Buffer.from('-TB0001-'), randomBytes(12)]);
    this.#utp = utp === null ? null : createUtp({ ...utp, net });
    this.#deps = {
      net: { dial: net.dial, utp: this.#utp === null ? null : peerUtp(this.#utp) },
      ...{ deadMs, peerId, memory, cache, onAnnounced },
      held: createHeldPieces(memory),
      announce: (url, request, signal) => announce(url, request, { net }, signal),
    };
  }

  static async start(options: SwarmEngineOptions): Promise<SwarmEngine> {
    const { log, cache } = options;
    let engine: SwarmEngine | null = null;
    const isPlaying = (infoHash: string) => (engine?.state(infoHash)?.readers ?? 0) > 0;
    engine = new SwarmEngine(options, await openPieceCache({ ...cache, log, isPlaying }));
    return engine;
  }

  /** One user more of the torrent; `release` it. Resolves when its files are known. */
  async open(
    spec: TorrentSpec,
    signal: AbortSignal,
  ): Promise<{ info: Uint8Array; files: readonly TorrentFile[] }> {
    const entry = this.#entryOf(spec);
    entry.users += 1;
    try {
      const { layout } = await entry.torrent.ready(signal, spec.isHasty);
      return { info: entry.torrent.info ?? new Uint8Array(), files: layout.files };
    } catch (error) {
      this.release(spec.infoHash);
      throw error;
    }
  }

  #entryOf(spec: TorrentSpec): Entry {
    const known = this.#torrents.get(spec.infoHash);
    if (known !== undefined) {
      known.torrent.learn(spec);
      return known;
    }
    const torrent = new Torrent(spec, this.#deps);
    const fresh = { torrent, users: 0, idleSince: 0 };
    this.#torrents.set(spec.infoHash, fresh);
    this.#tickedAt = performance.now();
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    return fresh;
  }

  /** A half-open range of a file, in parts. */
  read(infoHash: string, fileIndex: number, range: ByteRange, signal: AbortSignal): AsyncGenerator<Part> {
    const entry = this.#torrents.get(infoHash);
    const playback = entry?.torrent.playback;
    const file = playback?.layout.files[fileIndex];
    if (entry === undefined || playback == null || file === undefined)
      throw new NotFound('play.no_file', 'This torrent has no such file.');
    entry.torrent.swarm.resume();
    return playback.read(file.offset + range.start, file.offset + range.end, signal);
  }

  state(infoHash: string): TorrentState | null {
    return this.#torrents.get(infoHash)?.torrent.state() ?? null;
  }

  /** Of those that somebody reads. */
  readStates(): TorrentState[] {
    return [...this.#torrents.values()]
      .map(({ torrent }) => torrent.state())
      .filter(({ readers }) => readers > 0);
  }

  release(infoHash: string): void {
    const entry = this.#torrents.get(infoHash);
    if (entry === undefined) return;
    entry.users -= 1;
    if (entry.users === 0) entry.idleSince = performance.now();
  }

  #tick(): void {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#tickedAt) / 1000);
    this.#tickedAt = now;
    for (const [infoHash, { torrent, users, idleSince }] of [...this.#torrents]) {
      torrent.tick(now, seconds);
      if (users > 0) continue;
      if (now - idleSince > REST_MS) torrent.rest();
      if (now - idleSince > FORGET_MS) this.#forget(infoHash, torrent);
    }
  }

  #forget(infoHash: string, torrent: Torrent): void {
    torrent.close();
    this.#torrents.delete(infoHash);
    if (this.#torrents.size > 0 || this.#ticker === null) return;
    this.memory.trim();
    clearInterval(this.#ticker);
    this.#ticker = null;
  }

  close(): void {
    for (const [infoHash, { torrent }] of [...this.#torrents]) this.#forget(infoHash, torrent);
    this.#utp?.close();
  }
}

import { randomBytes } from 'node:crypto';
import { NotFound } from '../../../kit/errors.ts';
import type { ByteRange } from '../../../kit/range.ts';
import type { Log } from '../../../platform/log.ts';
import type { Net } from '../../../platform/net.ts';
import type { TorrentTotals } from '../../../platform/torrent-metrics.ts';
import type { TrafficLimits } from '../../kind.ts';
import { createSlabMemory, type SlabMemory } from '../../slab-memory.ts';
import type { StoredTorrent } from '../../storage.ts';
import type { Dht } from '../dht/index.ts';
import type { Announced, TorrentFile, TorrentSpec, TorrentState } from '../engine.ts';
import { announce } from '../trackers/index.ts';
import { createUtp, type Utp, type UtpOptions } from '../utp/socket.ts';
import { peerUtp } from './dial-peer.ts';
import { createHeldPieces } from './held-pieces.ts';
import { listenUnlessTaken, type PeerListening } from './listener.ts';
import { Orders } from './orders.ts';
import { removedTorrent } from './paused.ts';
import { openPieceCache, type PieceCache } from './piece-cache.ts';
import type { Part } from './playback.ts';
import { edgeBytes } from './readers.ts';
import { letRest } from './resting.ts';
import { StoredReports } from './stored-reports.ts';
import { Torrent } from './torrent.ts';
import { Totals } from './totals.ts';
import { Traffic } from './traffic.ts';

const TICK_MS = 250;
const IDLE_MS = 30_000;
/** Players come range by range: between two of them the torrent is still being watched. */
const WATCHED_MS = 60_000;
const MEASURE_MS = 10_000;

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
  /** Who takes nothing for so long keeps one piece. 30 s (criterion 29) where it is left out. */
  idleMs?: number;
  /** Peers of public torrents without trackers; absent or null: it is off. */
  dht?: Dht | null;
  /** Peers are reached by uTP as well; null: by TCP alone, and there is no UDP socket for them. */
  utp?: Pick<UtpOptions, 'port'> | null;
  /** A piece buffer that will not be used again. */
  onGone(id: number): void;
  /** What may go out and in; absent: nothing out, anything in. */
  limits?: TrafficLimits;
  /** What the owner should know. */
  onWarning?(text: string): void;
  /** Where peers may dial us; absent: nowhere. */
  listen?: { port: number; host?: string | undefined };
};

type Entry = {
  torrent: Torrent;
  users: number;
  idleSince: number;
  /** Epoch ms of the last read. */
  accessedAt: number;
};

/** All torrents of this thread. */
export class SwarmEngine {
  readonly memory: SlabMemory;
  readonly #torrents = new Map<string, Entry>();
  readonly #deps: ConstructorParameters<typeof Torrent>[1];
  readonly #totals = new Totals();
  readonly #cacheLimitBytes: number;
  readonly #traffic = new Traffic();
  #listening: PeerListening | null = null;
  readonly #cache: PieceCache;
  readonly #reports: StoredReports;
  readonly #orders = new Orders();
  #measuredAt = 0;
  readonly #utp: Utp | null;
  #ticker: NodeJS.Timeout | null = null;
  #tickedAt = 0;

  private constructor(options: SwarmEngineOptions, cache: PieceCache) {
    const {
      net,
      memoryBytes,
      deadMs,
      idleMs = IDLE_MS,
      onGone,
      onAnnounced,
      limits,
      dht = null,
      utp = null,
    } = options;
    const memory = createSlabMemory(memoryBytes, onGone);
    this.memory = memory;
    this.#cacheLimitBytes = options.cache.maxBytes;
    this.#cache = cache;
    this.#reports = new StoredReports(cache);
    // Azureus style (BEP 20); the rest is anew with each start.
    const peerId = Buffer.concat([Buffer.from('-TB0001-'), randomBytes(12)]);
    this.#utp = utp === null ? null : createUtp({ ...utp, net });
    this.#deps = {
      net: { ...net, utp: this.#utp === null ? null : peerUtp(this.#utp) },
      ...{ deadMs, idleMs, peerId, memory, cache, onAnnounced, dht, traffic: this.#traffic },
      listenPort: () => this.listenPort,
      held: createHeldPieces(memory),
      announce: (url, request, signal) => announce(url, request, { net }, signal),
    };
    if (limits !== undefined) this.setLimits(limits);
  }

  static async start(options: SwarmEngineOptions): Promise<SwarmEngine> {
    const { log, cache } = options;
    let begun: SwarmEngine | null = null;
    const needs = (infoHash: string) => begun?.needsOf(infoHash) ?? null;
    const engine = new SwarmEngine(options, await openPieceCache({ ...cache, log, needs }));
    begun = engine;
    const { listen, onWarning = () => {} } = options;
    const torrentOf = (infoHash: string) => engine.#torrents.get(infoHash)?.torrent ?? null;
    if (listen !== undefined)
      engine.#listening = await listenUnlessTaken({ ...listen, torrentOf }, onWarning);
    return engine;
  }

  /** Where peers can dial us; null: nowhere. */
  get listenPort(): number | null {
    return this.#listening?.port ?? null;
  }

  /** What may go out and in from now on. */
  setLimits(limits: TrafficLimits): void {
    this.#traffic.set(limits);
  }

  /** What viewers have yet to see of a torrent; null: nobody watches it. */
  needsOf(infoHash: string): ((index: number) => boolean) | null {
    const entry = this.#torrents.get(infoHash);
    if (entry === undefined || Date.now() - entry.accessedAt > WATCHED_MS) return null;
    const edge = edgeBytes(this.#cacheLimitBytes);
    return (index) => entry.torrent.playback?.isAhead(index, edge) ?? false;
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
    const torrent = new Torrent(spec, this.#deps, this.#orders.isHeld(spec.infoHash));
    const users = this.#orders.begunAnew(spec.infoHash);
    const fresh = { torrent, users, idleSince: 0, accessedAt: 0 };
    this.#torrents.set(spec.infoHash, fresh);
    // Not for those that come later: of what the others got since the last tick a moment's rate would be made.
    if (this.#ticker === null) this.#tickedAt = performance.now();
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    return fresh;
  }

  /** A half-open range of a file, in parts. */
  read(infoHash: string, fileIndex: number, range: ByteRange, signal: AbortSignal): AsyncGenerator<Part> {
    const removed = this.#orders.removedSpec(infoHash);
    const entry = removed === null ? this.#torrents.get(infoHash) : this.#entryOf(removed);
    const playback = entry?.torrent.playback;
    const file = playback?.layout.files[fileIndex];
    if (entry === undefined || playback == null || file === undefined)
      throw new NotFound('play.no_file', 'This torrent has no such file.');
    entry.torrent.wake();
    entry.accessedAt = Date.now();
    return playback.read({ from: file.offset, to: file.offset + file.sizeBytes }, range, signal);
  }

  state(infoHash: string): TorrentState | null {
    return this.#torrents.get(infoHash)?.torrent.state() ?? null;
  }

  /** Of those that somebody reads or waits for. */
  readStates(): TorrentState[] {
    const torrents = [...this.#torrents.values()].map(({ torrent }) => torrent);
    return torrents.filter(({ isInUse }) => isInUse).map((torrent) => torrent.state());
  }

  totals(): TorrentTotals {
    const states = [...this.#torrents.values()].map(({ torrent }) => torrent.state());
    return this.#totals.of(states, {
      ...{ memoryBytes: this.memory.usedBytes(), memoryLimitBytes: this.memory.limitBytes },
      ...{ cacheBytes: this.#deps.cache.usedBytes(), cacheLimitBytes: this.#cacheLimitBytes },
    });
  }

  release(infoHash: string): void {
    this.#orders.release(infoHash);
    const entry = this.#torrents.get(infoHash);
    if (entry === undefined) return;
    entry.users -= 1;
    if (entry.users === 0) entry.idleSince = performance.now();
  }

  /** The owner's pause, or its end; of a torrent that is opened later, too. */
  hold(infoHash: string, isHeld: boolean): void {
    this.#orders.hold(infoHash, isHeld);
    this.#torrents.get(infoHash)?.torrent.hold(isHeld);
  }

  /** From memory and disk. False: somebody reads it, and it is not forced. */
  async remove(infoHash: string, isForced: boolean): Promise<boolean> {
    const entry = this.#torrents.get(infoHash);
    if (entry !== undefined) {
      const { torrent, users } = entry;
      if (!isForced && torrent.state().readers > 0) return false;
      // Its row goes with it: what went and came until now counts no more.
      const { earlier: _gone, ...spec } = torrent.spec;
      this.#orders.remove({ ...spec, info: torrent.info }, users);
      this.#forget(infoHash, torrent, removedTorrent());
    }
    await this.#cache.remove(infoHash);
    this.#orders.hold(infoHash, false);
    this.#reports.forget(infoHash);
    return true;
  }

  /** What lies on disk, as far as it has changed since this was asked. */
  stored(): StoredTorrent[] {
    return this.#reports.collect(this.#torrents);
  }

  #tick(): void {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#tickedAt) / 1000);
    this.#tickedAt = now;
    if (now - this.#measuredAt > MEASURE_MS) {
      this.#measuredAt = now;
      this.#cache.measure().catch(() => {});
    }
    for (const [infoHash, entry] of this.#torrents) {
      const { torrent } = entry;
      torrent.tick(now, seconds);
      if ((torrent.playback?.readerCount ?? 0) === 0) continue;
      entry.accessedAt = Date.now();
      this.#cache.touch(infoHash);
    }
    for (const [infoHash, torrent] of letRest(this.#torrents, now)) this.#forget(infoHash, torrent);
  }

  #forget(infoHash: string, torrent: Torrent, reason?: Error): void {
    this.#totals.forget(torrent.state());
    this.#reports.close(infoHash, torrent.state());
    torrent.close(reason);
    this.#torrents.delete(infoHash);
    if (this.#torrents.size > 0 || this.#ticker === null) return;
    this.memory.trim();
    // Torrents go five minutes after their last user, so this is five minutes without any.
    void this.#deps.dht?.rest();
    clearInterval(this.#ticker);
    this.#ticker = null;
  }

  close(): void {
    this.#listening?.close();
    this.#traffic.close();
    for (const [infoHash, { torrent }] of [...this.#torrents]) this.#forget(infoHash, torrent);
    this.#utp?.close();
  }
}

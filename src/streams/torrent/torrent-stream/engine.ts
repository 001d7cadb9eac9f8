import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotFound } from '../../../kit/errors.ts';
import type { ByteRange } from '../../../kit/range.ts';
import type { TorrentTotals } from '../../../platform/torrent-metrics.ts';
import { createSlabMemory, type SlabMemory } from '../../slab-memory.ts';
import type { StoredTorrent } from '../../storage.ts';
import type { TorrentFile, TorrentSpec, TorrentState } from '../engine.ts';
import { pausedTorrent } from '../swarm/paused.ts';
import { Totals } from '../swarm/totals.ts';
import type { EnginePart, ThreadEngine, ThreadEngineOptions } from '../thread/thread-engine.ts';
import { announce } from '../trackers/index.ts';
import { loadLibrary } from './library.ts';
import { StreamedTorrent, type StreamedTorrentDeps } from './torrent.ts';

const TICK_MS = 250;
/** Criterion 33: peers go 30 s after the last reader, the torrent after 5 min. */
const [REST_MS, FORGET_MS] = [30_000, 300_000];
/** Where nothing is to be kept: it cannot do without a disk, but a torrent is gone with its last user. */
const UNKEPT_BYTES = 1024 * 1024 * 1024;
/** Of another process, or of one that was killed: ours is touched each minute. */
const [TOUCH_MS, LEFT_BEHIND_MS] = [60_000, 3_600_000];

type Entry = { torrent: StreamedTorrent; users: number; idleSince: number };

export type TorrentStreamOptions = ThreadEngineOptions & { restMs?: number; forgetMs?: number };

/** All torrents of this thread, by torrent-stream. */
export class TorrentStreamEngine implements ThreadEngine {
  readonly memory: SlabMemory;
  readonly #torrents = new Map<string, Entry>();
  readonly #deps: StreamedTorrentDeps;
  readonly #maxBytes: number;
  readonly #totals = new Totals();
  /** Paused by the owner. */
  readonly #onHold = new Set<string>();
  /** It takes no connections. */
  readonly listenPort = null;
  readonly #restMs: number;
  readonly #forgetMs: number;
  #ticker: NodeJS.Timeout | null = null;
  #touchedAt = performance.now();

  private constructor(
    options: TorrentStreamOptions,
    library: StreamedTorrentDeps['library'],
    folder: string,
  ) {
    const {
      net,
      memoryBytes,
      deadMs,
      onGone,
      onAnnounced,
      cache,
      restMs = REST_MS,
      forgetMs = FORGET_MS,
    } = options;
    this.memory = createSlabMemory(memoryBytes, onGone);
    this.#maxBytes = cache.maxBytes === 0 ? UNKEPT_BYTES : cache.maxBytes;
    this.#restMs = restMs;
    this.#forgetMs = cache.maxBytes === 0 ? 0 : forgetMs;
    this.#deps = {
      ...{ library, net, deadMs, folder, onAnnounced, memory: this.memory },
      // Azureus style (BEP 20); ASCII, since the library takes it as text.
      peerId: Buffer.from(`-TB0001-${randomBytes(6).toString('hex')}`),
      windowBytes: this.#maxBytes / 2,
      announce: (url, request, signal) => announce(url, request, { net }, signal),
    };
  }

  static async start(options: TorrentStreamOptions): Promise<TorrentStreamEngine> {
    const all = join(options.cache.folder || tmpdir(), 'torrent-stream');
    await removeLeftBehind(all);
    // Instances may share the cache.
    const own = join(all, randomBytes(8).toString('hex'));
    return new TorrentStreamEngine(options, await loadLibrary(), own);
  }

  async open(
    spec: TorrentSpec,
    signal: AbortSignal,
  ): Promise<{ info: Uint8Array; files: readonly TorrentFile[] }> {
    if (this.#onHold.has(spec.infoHash)) throw pausedTorrent();
    const entry = this.#entryOf(spec);
    entry.users += 1;
    try {
      const { info, reading } = await entry.torrent.ready(signal, spec.isHasty);
      return { info, files: reading.layout.files };
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
    const fresh = { torrent: new StreamedTorrent(spec, this.#deps), users: 0, idleSince: 0 };
    this.#torrents.set(spec.infoHash, fresh);
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    return fresh;
  }

  read(
    infoHash: string,
    fileIndex: number,
    range: ByteRange,
    signal: AbortSignal,
  ): AsyncGenerator<EnginePart> {
    const torrent = this.#torrents.get(infoHash)?.torrent;
    const reading = torrent?.reading;
    const file = reading?.layout.files[fileIndex];
    if (torrent === undefined || reading == null || file === undefined)
      throw new NotFound('play.no_file', 'This torrent has no such file.');
    torrent.resume();
    return reading.read(file.offset + range.start, file.offset + range.end, signal);
  }

  state(infoHash: string): TorrentState | null {
    return this.#torrents.get(infoHash)?.torrent.state() ?? null;
  }

  readStates(): TorrentState[] {
    return [...this.#torrents.values()]
      .map(({ torrent }) => torrent.state())
      .filter(({ readers }) => readers > 0);
  }

  totals(): TorrentTotals {
    const torrents = [...this.#torrents.values()].map(({ torrent }) => torrent);
    const cacheBytes = torrents.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    return this.#totals.of(
      torrents.map((torrent) => torrent.state()),
      {
        ...{ memoryBytes: this.memory.usedBytes(), memoryLimitBytes: this.memory.limitBytes },
        ...{ cacheBytes, cacheLimitBytes: this.#maxBytes },
      },
    );
  }

  /** Nothing of it outlives the process. */
  stored(): StoredTorrent[] {
    return [];
  }

  /** Whoever watches it is cut off: it cannot give what it has without its peers. */
  hold(infoHash: string, isHeld: boolean): void {
    if (!isHeld) return void this.#onHold.delete(infoHash);
    this.#onHold.add(infoHash);
    const entry = this.#torrents.get(infoHash);
    if (entry !== undefined) void this.#forget(infoHash, entry);
  }

  async remove(infoHash: string, isForced: boolean): Promise<boolean> {
    const entry = this.#torrents.get(infoHash);
    if (entry === undefined) return true;
    if (entry.torrent.state().readers > 0 && !isForced) return false;
    await this.#forget(infoHash, entry);
    return true;
  }

  /** It gives nothing, and takes as fast as it comes. */
  setLimits(): void {}

  release(infoHash: string): void {
    const entry = this.#torrents.get(infoHash);
    if (entry === undefined) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.idleSince = performance.now();
    if (this.#forgetMs === 0) void this.#forget(infoHash, entry);
  }

  #tick(): void {
    const now = performance.now();
    for (const [infoHash, entry] of [...this.#torrents]) {
      entry.torrent.tick(now);
      if (entry.users > 0) continue;
      if (now - entry.idleSince > this.#restMs) entry.torrent.rest();
      if (now - entry.idleSince > this.#forgetMs) void this.#forget(infoHash, entry);
    }
    this.#makeRoom();
    if (now - this.#touchedAt < TOUCH_MS) return;
    this.#touchedAt = now;
    void utimes(this.#deps.folder, new Date(), new Date()).catch(() => {});
  }

  /** Over the limit of the disk the longest unused go, and where all are in use the largest begins with nothing again. */
  #makeRoom(): void {
    const entries = [...this.#torrents].sort(([, one], [, other]) => one.idleSince - other.idleSince);
    let over = entries.reduce((sum, [, { torrent }]) => sum + torrent.heldBytes, 0) - this.#maxBytes;
    for (const [infoHash, entry] of entries) {
      if (over <= 0) return;
      if (entry.users > 0) continue;
      over -= entry.torrent.heldBytes;
      void this.#forget(infoHash, entry);
    }
    if (over <= 0) return;
    const [largest] = entries
      .map(([, { torrent }]) => torrent)
      .sort((one, other) => other.heldBytes - one.heldBytes);
    largest?.startOver();
  }

  async #forget(infoHash: string, { torrent }: Entry): Promise<void> {
    this.#totals.forget(torrent.state());
    this.#torrents.delete(infoHash);
    if (this.#torrents.size === 0 && this.#ticker !== null) {
      clearInterval(this.#ticker);
      this.#ticker = null;
    }
    await torrent.close();
    if (this.#torrents.size === 0) this.memory.trim();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#torrents].map(([infoHash, entry]) => this.#forget(infoHash, entry)));
    await rm(this.#deps.folder, { recursive: true, force: true }).catch(() => {});
  }
}

async function removeLeftBehind(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => {});
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? Date.now());
    if (age > LEFT_BEHIND_MS) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

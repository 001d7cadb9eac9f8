import { Worker } from 'node:worker_threads';
import type { ByteRange } from '../../../kit/range.ts';
import type { TorrentTotals } from '../../../platform/torrent-metrics.ts';
import type { ByteSink, DhtState } from '../../kind.ts';
import type { StoredTorrent } from '../../storage.ts';
import type {
  Announced,
  OpenTorrent,
  TorrentEngine,
  TorrentFile,
  TorrentSpec,
  TorrentState,
} from '../engine.ts';
import { type FromThread, fromFailure, type ThreadData, type ToThread } from './messages.ts';
import { PartSender } from './part-sender.ts';

export type RemoteEngineOptions = ThreadData & {
  ownPorts(): Iterable<number>;
  onAnnounced(announced: Announced): void;
  onDht(state: DhtState): void;
  /** Each second in which they changed. */
  onTotals(totals: TorrentTotals): void;
  /** What the owner should know. */
  onWarning(text: string): void;
  onStored(stored: readonly StoredTorrent[]): void;
};

type Call = { resolve(value: unknown): void; reject(error: Error): void; sender: PartSender | null };

type Opened = { info: Uint8Array; files: readonly TorrentFile[] };

/** Its garbage is messages and promises, gone at once; V8 would let 48 MiB of them gather (ten torrents at once: 404 MiB resident). */
const MAX_YOUNG_MIB = 6;

/** The engine in a thread of its own, begun with the first torrent. What it downloads is sent from the memory it lies in. */
export function createRemoteEngine(options: RemoteEngineOptions): TorrentEngine {
  const { ownPorts, onAnnounced, onDht, onTotals, onWarning, onStored, ...data } = options;
  const nothingOpen: TorrentTotals = {
    ...{ torrents: 0, peers: 0, giving: 0, downloadedBytes: 0, wastedBytes: 0, bannedPeers: 0 },
    ...{ memoryBytes: 0, memoryLimitBytes: data.memoryBytes },
    ...{ cacheBytes: 0, cacheLimitBytes: data.cache.maxBytes },
  };
  onTotals(nothingOpen);
  const calls = new Map<number, Call>();
  const memory = new Map<number, Buffer>();
  const states = new Map<string, TorrentState>();
  const users = new Map<string, number>();
  /** By the owner; a thread that is begun later is told. */
  const paused = new Set<string>();
  /** Openings whose viewers left before the answer: what was opened all the same is released when it comes. */
  const abandoned = new Map<number, string>();
  let worker: Worker | null = null;
  let lastCall = 0;

  function started(): Worker {
    if (worker !== null) return worker;
    const thread = new Worker(new URL('thread.ts', import.meta.url), {
      ...{ workerData: data, name: 'torrents' },
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MIB },
    });
    thread.on('message', onMessage);
    thread.on('error', (error) => lost(thread, error));
    thread.on('exit', () => lost(thread, new Error('the torrent engine has stopped')));
    worker = thread;
    if (paused.size > 0) post({ type: 'hold', infoHashes: [...paused], isHeld: true });
    return thread;
  }

  /** What it was asked fails; the next torrent begins a new one. */
  function lost(thread: Worker, error: unknown): void {
    if (worker !== thread) return;
    worker = null;
    memory.clear();
    states.clear();
    abandoned.clear();
    onTotals(nothingOpen);
    const failed = error instanceof Error ? error : new Error(String(error));
    for (const call of [...calls.values()]) call.reject(failed);
    calls.clear();
  }

  function post(message: ToThread): void {
    worker?.postMessage(message);
  }

  function onMessage(message: FromThread): void {
    switch (message.type) {
      case 'memory':
        memory.set(message.id, Buffer.from(message.shared));
        break;
      case 'gone':
        memory.delete(message.id);
        break;
      case 'announced':
        onAnnounced(message.announced);
        break;
      case 'dht':
        onDht(message.state);
        break;
      case 'warned':
        onWarning(message.text);
        break;
      case 'stored':
        onStored(message.stored);
        break;
      case 'states':
        message.states.forEach(keepState);
        break;
      case 'totals':
        onTotals(message.totals);
        break;
      case 'part':
        onPart(message);
        break;
      default:
        onAnswer(message);
    }
  }

  /** Only of what is open here or about to be: the map ends with its users. */
  function keepState(state: TorrentState): void {
    if (users.has(state.infoHash)) states.set(state.infoHash, state);
  }

  function count(infoHash: string, change: 1 | -1): void {
    const left = (users.get(infoHash) ?? 0) + change;
    users.set(infoHash, left);
    if (left > 0) return;
    users.delete(infoHash);
    states.delete(infoHash);
  }

  function onPart({ call, part, memory: id, from, to }: Extract<FromThread, { type: 'part' }>): void {
    const bytes = memory.get(id);
    if (bytes !== undefined) calls.get(call)?.sender?.take(part, bytes.subarray(from, to));
  }

  function onAnswer(message: Extract<FromThread, { type: 'done' | 'failed' }>): void {
    const call = calls.get(message.call);
    calls.delete(message.call);
    const infoHash = abandoned.get(message.call);
    abandoned.delete(message.call);
    if (infoHash !== undefined && message.type === 'done') post({ type: 'release', infoHash });
    if (message.type === 'done') call?.resolve(message.value);
    else call?.reject(fromFailure(message.error));
  }

  /** Asks the thread and waits for its answer; it is told when `signal` aborts. */
  function ask(
    message: (call: number) => ToThread,
    signal: AbortSignal | null,
    sender: PartSender | null = null,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    started();
    lastCall += 1;
    const call = lastCall;
    const asked = message(call);
    return new Promise((fulfil, fail) => {
      const settled = () => signal?.removeEventListener('abort', onAbort);
      const onAbort = () => {
        calls.delete(call);
        if (asked.type === 'open') abandoned.set(call, asked.spec.infoHash);
        post({ type: 'abort', call });
        settled();
        fail(signal?.reason);
      };
      calls.set(call, {
        sender,
        resolve(value) {
          settled();
          fulfil(value);
        },
        reject(error) {
          settled();
          fail(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      sender?.listen(
        (part) => post({ type: 'sent', call, part }),
        () => post({ type: 'abort', call }),
      );
      post(asked);
    });
  }

  async function read(
    infoHash: string,
    fileIndex: number,
    range: ByteRange,
    sink: ByteSink,
    signal: AbortSignal,
  ): Promise<void> {
    const sender = new PartSender(sink);
    try {
      await ask((call) => ({ type: 'read', call, infoHash, fileIndex, range }), signal, sender);
      await sender.drained(signal);
    } finally {
      sender.close();
    }
  }

  async function opened(spec: TorrentSpec, signal: AbortSignal): Promise<Opened> {
    try {
      const asked = await ask((call) => ({ type: 'open', call, spec, ownPorts: [...ownPorts()] }), signal);
      return asked as Opened;
    } catch (error) {
      count(spec.infoHash, -1);
      throw error;
    }
  }

  return {
    async open(spec: TorrentSpec, signal: AbortSignal): Promise<OpenTorrent> {
      const { infoHash } = spec;
      count(infoHash, 1);
      const { info, files } = await opened(spec, signal);
      let isClosed = false;
      return {
        ...{ infoHash, info, files },
        read: (fileIndex, range, sink, until) => read(infoHash, fileIndex, range, sink, until),
        state: () => states.get(infoHash) ?? null,
        close() {
          if (isClosed) return;
          isClosed = true;
          count(infoHash, -1);
          post({ type: 'release', infoHash });
        },
      };
    },
    state: (infoHash) => states.get(infoHash) ?? null,
    setLimits(limits) {
      // A thread that begins later, or again, begins with them.
      data.limits = limits;
      post({ type: 'limits', limits });
    },
    pause(infoHash) {
      paused.add(infoHash);
      post({ type: 'hold', infoHashes: [infoHash], isHeld: true });
    },
    resume(infoHash) {
      paused.delete(infoHash);
      post({ type: 'hold', infoHashes: [infoHash], isHeld: false });
    },
    async remove(infoHash, isForced) {
      const isGone = await ask((call) => ({ type: 'remove', call, infoHash, isForced }), null);
      if (isGone === true) paused.delete(infoHash);
      return isGone === true;
    },
    async close() {
      const running = worker;
      if (running === null) return;
      await ask((call) => ({ type: 'close', call }), null).catch(() => {});
      worker = null;
      await running.terminate();
    },
  };
}

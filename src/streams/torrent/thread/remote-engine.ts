import type { TorrentTotals } from '../../../platform/torrent-metrics.ts';
import type { DhtState } from '../../kind.ts';
import type { StoredTorrent } from '../../storage.ts';
import { createThreadHost } from '../../thread-host.ts';
import type {
  Announced,
  OpenTorrent,
  TorrentEngine,
  TorrentFile,
  TorrentSpec,
  TorrentState,
} from '../engine.ts';
import type { Ask, Tell, ThreadData, Told } from './messages.ts';

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
  const states = new Map<string, TorrentState>();
  const users = new Map<string, number>();
  /** By the owner; a thread that is begun later is told. */
  const paused = new Set<string>();
  const thread = createThreadHost<Ask, Tell, Told>({
    script: new URL('thread.ts', import.meta.url),
    name: 'torrents',
    data: () => data,
    maxYoungMib: MAX_YOUNG_MIB,
    onTold,
    onStarted() {
      if (paused.size > 0) thread.tell({ type: 'hold', infoHashes: [...paused], isHeld: true });
    },
    onLost() {
      states.clear();
      onTotals(nothingOpen);
    },
  });

  function onTold(told: Told): void {
    switch (told.type) {
      case 'announced':
        onAnnounced(told.announced);
        break;
      case 'dht':
        onDht(told.state);
        break;
      case 'warned':
        onWarning(told.text);
        break;
      case 'stored':
        onStored(told.stored);
        break;
      case 'states':
        told.states.forEach(keepState);
        break;
      default:
        onTotals(told.totals);
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

  async function opened(spec: TorrentSpec, signal: AbortSignal): Promise<Opened> {
    const { infoHash } = spec;
    try {
      const question: Ask = { type: 'open', spec, ownPorts: [...ownPorts()] };
      // What was opened although its viewer had left is released when the answer comes.
      const onLate = () => thread.tell({ type: 'release', infoHash });
      return (await thread.ask(question, { signal, onLate })) as Opened;
    } catch (error) {
      count(infoHash, -1);
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
        async read(fileIndex, range, sink, until) {
          await thread.ask({ type: 'read', infoHash, fileIndex, range }, { signal: until, sink });
        },
        state: () => states.get(infoHash) ?? null,
        close() {
          if (isClosed) return;
          isClosed = true;
          count(infoHash, -1);
          thread.tell({ type: 'release', infoHash });
        },
      };
    },
    state: (infoHash) => states.get(infoHash) ?? null,
    setLimits(limits) {
      // A thread that begins later, or again, begins with them.
      data.limits = limits;
      thread.tell({ type: 'limits', limits });
    },
    pause(infoHash) {
      paused.add(infoHash);
      thread.tell({ type: 'hold', infoHashes: [infoHash], isHeld: true });
    },
    resume(infoHash) {
      paused.delete(infoHash);
      thread.tell({ type: 'hold', infoHashes: [infoHash], isHeld: false });
    },
    async remove(infoHash, isForced) {
      const isGone = (await thread.ask({ type: 'remove', infoHash, isForced })) === true;
      if (isGone) paused.delete(infoHash);
      return isGone;
    },
    close: () => thread.close({ type: 'close' }),
  };
}

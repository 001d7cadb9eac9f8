import { Counter, Gauge, type Registry } from 'prom-client';

/** What all torrents hold now; bytes and bans since their engine began. */
export type TorrentTotals = {
  torrents: number;
  peers: number;
  /** Peers that let us ask. */
  giving: number;
  downloadedBytes: number;
  wastedBytes: number;
  bannedPeers: number;
  memoryBytes: number;
  memoryLimitBytes: number;
  cacheBytes: number;
  cacheLimitBytes: number;
};

/** Figures of torrents; without labels of strangers' making. */
export type TorrentMetrics = {
  onTotals(totals: TorrentTotals): void;
  /** What an announce came to; `ok` with a reason is a tracker that refused. */
  onAnnounced(outcome: { ok: boolean; reason: string | null }): void;
  /** Somebody was told that no peer gives anything (504). */
  onDead(): void;
};

const GROWING = ['downloadedBytes', 'wastedBytes', 'bannedPeers'] as const;

export function createTorrentMetrics(registry: Registry): TorrentMetrics {
  const own = instruments(registry);
  const seen = { downloadedBytes: 0, wastedBytes: 0, bannedPeers: 0 };

  return {
    onTotals(totals) {
      own.open.set(totals.torrents);
      own.peers.set({ state: 'connected' }, totals.peers);
      own.peers.set({ state: 'giving' }, totals.giving);
      own.memoryBytes.set(totals.memoryBytes);
      own.memoryLimit.set(totals.memoryLimitBytes);
      own.cacheBytes.set(totals.cacheBytes);
      own.cacheLimit.set(totals.cacheLimitBytes);
      for (const figure of GROWING) {
        const now = totals[figure];
        // Less than before: the engine began anew, and counts from 0.
        own[figure].inc(now >= seen[figure] ? now - seen[figure] : now);
        seen[figure] = now;
      }
    },
    onAnnounced: ({ ok, reason }) => own.announces.inc({ outcome: outcomeOf(ok, reason) }),
    onDead: () => own.dead.inc(),
  };
}

function outcomeOf(ok: boolean, reason: string | null): 'answered' | 'refused' | 'failed' {
  if (!ok) return 'failed';
  return reason === null ? 'answered' : 'refused';
}

function instruments(registry: Registry) {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `tributary_${name}`, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `tributary_${name}`, help, labelNames, registers });
  return {
    open: gauge('torrents_open', 'Torrents that are known to their peers, and up to 5 min after'),
    peers: gauge('torrent_peers', 'Peers connected, and of them those that let us ask', ['state']),
    downloadedBytes: counter('torrent_downloaded_bytes_total', 'Bytes of blocks that peers gave'),
    wastedBytes: counter(
      'torrent_wasted_bytes_total',
      'Bytes that failed their hash or that nobody asked for (any more)',
    ),
    bannedPeers: counter('torrent_banned_peers_total', 'Addresses that gave too many wrong pieces'),
    announces: counter('torrent_announces_total', 'Announces to trackers by outcome', ['outcome']),
    memoryBytes: gauge('torrent_memory_bytes', 'Bytes of memory that pieces lie in'),
    memoryLimit: gauge('torrent_memory_limit_bytes', 'Bytes of memory that pieces may take'),
    cacheBytes: gauge('torrent_cache_bytes', 'Bytes of pieces on disk; known from the first torrent on'),
    cacheLimit: gauge('torrent_cache_limit_bytes', 'Bytes that pieces may take on disk'),
    dead: counter('torrent_dead_total', 'Times a viewer was told that no peer gives anything (504)'),
  };
}

import type { TorrentTotals } from '../../../platform/torrent-metrics.ts';
import type { TorrentState } from '../engine.ts';

type Counted = Pick<TorrentState, 'downloadedBytes' | 'wastedBytes' | 'bannedPeers'>;
type Room = Pick<TorrentTotals, 'memoryBytes' | 'memoryLimitBytes' | 'cacheBytes' | 'cacheLimitBytes'>;

/** All torrents of an engine together; what forgotten ones did stays counted. */
export class Totals {
  #gone: Counted = { downloadedBytes: 0, wastedBytes: 0, bannedPeers: 0 };

  forget(state: Counted): void {
    this.#gone = added(this.#gone, state);
  }

  of(states: readonly TorrentState[], room: Room): TorrentTotals {
    const sum = (figure: 'peers' | 'unchoked') => states.reduce((total, state) => total + state[figure], 0);
    return {
      ...{ torrents: states.length, peers: sum('peers'), giving: sum('unchoked') },
      ...states.reduce(added, this.#gone),
      ...room,
    };
  }
}

function added(one: Counted, other: Counted): Counted {
  return {
    downloadedBytes: one.downloadedBytes + other.downloadedBytes,
    wastedBytes: one.wastedBytes + other.wastedBytes,
    bannedPeers: one.bannedPeers + other.bannedPeers,
  };
}

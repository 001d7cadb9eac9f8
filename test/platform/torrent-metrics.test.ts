import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createTorrentMetrics, type TorrentTotals } from '../../src/platform/torrent-metrics.ts';
import { Totals } from '../../src/streams/torrent/swarm/totals.ts';

const ROOM = { memoryBytes: 5, memoryLimitBytes: 10, cacheBytes: 6, cacheLimitBytes: 20 };
const NOTHING: TorrentTotals = {
  ...{ torrents: 0, peers: 0, giving: 0, downloadedBytes: 0, wastedBytes: 0, bannedPeers: 0 },
  ...ROOM,
};

async function figures(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('tributary_'));
  return Object.fromEntries(
    lines
      .map((line) => line.slice('tributary_'.length).split(' '))
      .map(([name, value]) => [name, Number(value)]),
  );
}

test('what an engine did counts on when another takes its place', async () => {
  const registry = new Registry();
  const metrics = createTorrentMetrics(registry);
  metrics.onTotals({ ...NOTHING, torrents: 2, peers: 9, giving: 4, downloadedBytes: 100, bannedPeers: 1 });
  metrics.onTotals({ ...NOTHING, torrents: 2, peers: 9, giving: 4, downloadedBytes: 150, bannedPeers: 1 });
  metrics.onTotals(NOTHING);
  metrics.onTotals({ ...NOTHING, torrents: 1, peers: 3, giving: 2, downloadedBytes: 30, wastedBytes: 7 });
  expect(await figures(registry)).toMatchObject({
    torrents_open: 1,
    'torrent_peers{state="connected"}': 3,
    'torrent_peers{state="giving"}': 2,
    torrent_downloaded_bytes_total: 180,
    torrent_wasted_bytes_total: 7,
    torrent_banned_peers_total: 1,
    torrent_memory_bytes: 5,
    torrent_memory_limit_bytes: 10,
    torrent_cache_bytes: 6,
    torrent_cache_limit_bytes: 20,
  });
});

test('announces are told apart by what came of them', async () => {
  const registry = new Registry();
  const metrics = createTorrentMetrics(registry);
  metrics.onAnnounced({ ok: true, reason: null });
  metrics.onAnnounced({ ok: true, reason: 'not registered here' });
  metrics.onAnnounced({ ok: false, reason: 'no answer' });
  metrics.onAnnounced({ ok: false, reason: 'no answer' });
  expect(await figures(registry)).toMatchObject({
    'torrent_announces_total{outcome="answered"}': 1,
    'torrent_announces_total{outcome="refused"}': 1,
    'torrent_announces_total{outcome="failed"}': 2,
  });
});

test('a forgotten torrent is open no more, and its bytes stay counted', () => {
  const state = {
    ...{ infoHash: 'a'.repeat(40), peers: 3, unchoked: 2, bytesPerSecond: 1, downloadedBytes: 50 },
    ...{ wastedBytes: 8, piecesHeld: 1, pieceCount: 2, readers: 1, bannedPeers: 1 },
    ...{ uploadedBytes: 0, uploadRate: 0, utpPeers: 0 },
  };
  const totals = new Totals();
  totals.forget(state);
  expect(totals.of([], ROOM)).toEqual({ ...NOTHING, downloadedBytes: 50, wastedBytes: 8, bannedPeers: 1 });
  expect(totals.of([state], ROOM)).toEqual({
    ...{ torrents: 1, peers: 3, giving: 2, downloadedBytes: 100, wastedBytes: 16, bannedPeers: 2 },
    ...ROOM,
  });
});

import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

const MIB = 1024 * 1024;
const FILM = makeTorrent(randomBytes(24 * MIB), 256 * 1024);
const NEVER = new AbortController().signal;

test('the only peer forgets what it was asked for: it is asked again within half a minute', {
  timeout: 60_000,
}, async () => {
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const seed = await startSeedPeer(FILM, '127.0.1.1', { bytesPerSecond: 8 * MIB });
  const engine = await SwarmEngine.start({
    ...{ net, log: createLog('silent'), memoryBytes: 64 * MIB, cache: { folder: '', maxBytes: 0 } },
    ...{ deadMs: 45_000, onGone: () => {}, onAnnounced: () => {} },
  });
  try {
    await engine.open(
      { infoHash: FILM.infoHash, info: FILM.info, trackers: [], peers: [seed], isPrivate: false },
      NEVER,
    );
    let bytes = 0;
    const reading = (async () => {
      for await (const { from, to, release } of engine.read(
        FILM.infoHash,
        0,
        { start: 0, end: FILM.bytes.length },
        NEVER,
      )) {
        bytes += to - from;
        release();
      }
    })();
    await waitUntil(() => bytes >= 4 * MIB, { what: 'it has begun', timeoutMs: 10_000 });
    seed.manners.isSilent = true;
    let sent = -1;
    const hasStopped = () => {
      const before = sent;
      sent = seed.counts.sent;
      return sent === before;
    };
    // Until it owes all that may be asked of it, and nothing more is asked.
    await waitUntil(hasStopped, { what: 'all that it owed is sent', timeoutMs: 10_000, everyMs: 1000 });
    expect(seed.counts.asked - sent).toBeGreaterThan(MIB);
    seed.manners.isSilent = false;
    const silentSince = performance.now();
    await reading;
    expect(bytes).toBe(FILM.bytes.length);
    expect(performance.now() - silentSince).toBeLessThan(30_000);
  } finally {
    engine.close();
    await seed.stop();
    await net.close();
  }
});

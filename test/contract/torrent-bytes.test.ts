import { torrentKind } from '../../src/streams/torrent/index.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { type OpenableSetup, openableKindContract } from './stream-kind.ts';

const PIECE_BYTES = 64 * 1024;
/** Less than half of the file stays in memory, so that pieces are given up and fetched again all the time. */
const MEMORY_BYTES = 5 * 1024 * 1024;

for (const engine of ['swarm', 'torrent-stream'] as const)
  openableKindContract(`torrent by ${engine}`, (bytes) => setUp(engine, bytes));

async function setUp(torrentEngine: 'swarm' | 'torrent-stream', bytes: Buffer): Promise<OpenableSetup> {
  const held = await openKindDeps();
  const torrent = makeTorrent(bytes, PIECE_BYTES);
  const peers = await Promise.all(
    ['127.0.0.31', '127.0.0.32', '127.0.0.33'].map((host) => startSeedPeer(torrent, host)),
  );
  const deps = { ...held.deps, streamMemoryBytes: MEMORY_BYTES, torrentEngine };
  const kind = torrentKind(deps, { deadMs: 1000 });
  const addresses = peers.map(({ host, port }) => `&x.pe=${host}:${port}`).join('');
  return {
    kind,
    input: { url: `magnet:?xt=urn:btih:${torrent.infoHash}${addresses}` },
    badInputs: [{ url: 'magnet:?xt=urn:btih:abc' }],
    async dieAfter(count) {
      for (const peer of peers) peer.manners.cutAfter = peer.counts.sent + count / peers.length;
      await Promise.all(peers.map((peer) => peer.leave()));
      await Promise.all(peers.map((peer) => peer.comeBack()));
    },
    async close() {
      await kind.close?.();
      await Promise.all(peers.map((peer) => peer.stop()));
      await held.close();
    },
  };
}

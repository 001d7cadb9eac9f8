import { randomBytes } from 'node:crypto';
import { afterAll, afterEach } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import type { TorrentSpec } from '../../src/streams/torrent/engine.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { type Manners, makeTorrent, startSeedPeer, type TestTorrent } from './seed-peer.ts';
import { startWebSeedServer, type WebSeedManners, type WebSeedServer } from './web-seed-server.ts';

export const MIB = 1024 * 1024;
export const NEVER = new AbortController().signal;
const PIECE_BYTES = 256 * 1024;

type Reading = { signal?: AbortSignal; torrent?: TestTorrent; file?: number };

/** A film, servers and peers that have it, engines that play it. Registers the hooks that end them. 127.0.0.3 must not be reached. */
export function webSeedRoom() {
  const film = makeTorrent(randomBytes(24 * MIB + 4711), PIECE_BYTES);
  const allow = ['127.0.0.1', '127.0.0.2', '127.0.1.0/24'];
  const net = createNet({ mode: 'listed', allow, ownPorts: () => new Set() });
  const engines: SwarmEngine[] = [];
  const servers: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const engine of engines.splice(0)) engine.close();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  afterAll(() => net.close());

  async function webSeed(
    files: Readonly<Record<string, Buffer>> = { '/Film.mkv': film.bytes },
    manners: Partial<WebSeedManners> = {},
    host = '127.0.0.1',
  ) {
    const server = await startWebSeedServer(files, manners, host);
    servers.push(server);
    return server;
  }
  const filmSeed = (manners: Partial<WebSeedManners>, host?: string) => webSeed(undefined, manners, host);

  async function peer(manners: Partial<Manners> = {}) {
    const seed = await startSeedPeer(film, '127.0.1.1', manners);
    servers.push(seed);
    return seed;
  }

  async function play(
    webSeeds: readonly string[],
    more: Partial<TorrentSpec> = {},
    { torrent = film, deadMs = 1500 } = {},
  ) {
    const engine = await SwarmEngine.start({
      ...{ net, log: createLog('silent'), memoryBytes: 64 * MIB, cache: { folder: '', maxBytes: 0 } },
      ...{ deadMs, onGone: () => {}, onAnnounced: () => {} },
    });
    engines.push(engine);
    const { infoHash, info } = torrent;
    await engine.open(
      { infoHash, info, trackers: [], peers: [], isPrivate: false, webSeeds, ...more },
      NEVER,
    );
    return engine;
  }

  async function readAll(
    engine: SwarmEngine,
    range = { start: 0, end: film.bytes.length },
    { signal = NEVER, torrent = film, file = 0 }: Reading = {},
  ): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const { piece, from, to, release } of engine.read(torrent.infoHash, file, range, signal)) {
      parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
      release();
    }
    return Buffer.concat(parts);
  }

  return {
    ...{ film, net, webSeed, filmSeed, peer, play, readAll },
    /** What came, as a number: a failed expectation prints no film. */
    lengthOf: async (reading: Promise<Buffer>) => (await reading).length,
    /** Whether these are the film's bytes from `start` on. */
    isFilm: (bytes: Buffer, start = 0) => bytes.equals(film.bytes.subarray(start, start + bytes.length)),
    sentBy: ({ requests }: WebSeedServer) => requests.reduce((sum, { sent }) => sum + sent, 0),
    stateOf(engine: SwarmEngine) {
      const state = engine.state(film.infoHash);
      if (state === null) throw new Error('the torrent is gone');
      return state;
    },
  };
}

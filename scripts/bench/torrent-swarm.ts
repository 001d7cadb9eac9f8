import { createServer } from 'node:http';
import { join } from 'node:path';
import { bencode } from '../../test/support/bencode.ts';
import type { RelayLink } from '../../test/support/real/peer-relay.ts';
import { type Place, startRelay, startSeeds } from '../../test/support/real/swarm.ts';
import { freePort } from './measure.ts';

/** How a peer is reached; `{}` without any relay between. */
export type Link = Omit<RelayLink, 'listen' | 'to'>;

/** libtorrent seeds behind their links, and torrents of one film that nobody has seen yet. */
export type BenchSwarm = AsyncDisposable & {
  /** Where the peers are reached. */
  peers: readonly Place[];
  /** The film under another info hash, each time. */
  next(): { infoHash: string; torrent: string };
};

export type SwarmOptions = {
  /** The film. */
  file: string;
  folder: string;
  /** Every swarm of a run has addresses of its own. */
  index: number;
  pieceBytes: number;
  links: readonly Link[];
  copies: number;
};

export async function openSwarm(options: SwarmOptions): Promise<BenchSwarm> {
  const { file, folder, index, pieceBytes, links, copies } = options;
  const torrent = join(folder, `swarm${index}.torrent`);
  const behind = await Promise.all(
    links.map(async (_, peer) => ({ host: `127.0.${10 + index}.${peer + 1}`, port: await freePort() })),
  );
  const seeds = await startSeeds({ files: file, torrent, pieceBytes, copies, peers: behind });
  const isPlain = links.every((link) => Object.keys(link).length === 0);
  const relayed = behind.map((to, peer) => ({
    ...links[peer],
    listen: { host: `127.0.${100 + index}.${peer + 1}`, port: to.port },
    to,
  }));
  const relay = isPlain ? null : await startRelay(relayed);
  let copy = 0;
  return {
    peers: isPlain ? behind : relayed.map(({ listen }) => listen),
    next() {
      copy += 1;
      const infoHash = seeds.infoHashes[copy];
      if (infoHash === undefined) throw new Error('every copy has been seen');
      return { infoHash, torrent: `${torrent}.${copy}` };
    },
    async [Symbol.asyncDispose]() {
      await relay?.stop();
      await seeds.stop();
    },
  };
}

/** A tracker that knows these peers of every torrent: aria2 takes none from its command line (BEP 3, BEP 23). */
export async function startPeerList(peers: readonly Place[]): Promise<AsyncDisposable & { url: string }> {
  const compact = Buffer.concat(
    peers.map(({ host, port }) => Buffer.from([...host.split('.').map(Number), port >> 8, port & 0xff])),
  );
  const answer = bencode({ interval: 1800, peers: compact });
  const server = createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/announce`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import Server from 'bittorrent-tracker/server';
import type { ScrapeSwarms, SwarmCounts } from '../../src/streams/torrent/health/check-swarms.ts';

export type TestTracker = AsyncDisposable & {
  /** `udp://127.0.0.1:…/announce` */
  url: string;
  /** Puts peers into a swarm, as if they had announced themselves. */
  seed(infoHash: string, swarm: { seeders: number; leechers: number }): Promise<void>;
};

/** A real tracker on loopback. */
export async function startTracker(): Promise<TestTracker> {
  const server = new Server({ http: true, udp: true, ws: false, stats: false });
  server.on('warning', () => undefined);
  server.listen({ http: 0, udp: 0 }, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' });
  await once(server, 'listening');
  const address = server.http.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const { port } = address;
  let peers = 0;

  async function announce(infoHash: string, left: number): Promise<void> {
    peers += 1;
    const hash = infoHash.replace(/../g, '%$&');
    const peerId = `-TB0001-${String(peers).padStart(12, '0')}`;
    const query = `info_hash=${hash}&peer_id=${peerId}&port=${1024 + peers}&left=${left}`;
    const response = await fetch(
      `http://127.0.0.1:${port}/announce?${query}&uploaded=0&downloaded=0&event=started&compact=1`,
    );
    const text = await response.text();
    if (!response.ok || text.includes('failure reason')) throw new Error(`announce: ${text}`);
  }

  return {
    url: `udp://127.0.0.1:${server.udp4.address().port}/announce`,
    async seed(infoHash, { seeders, leechers }) {
      for (let n = 0; n < seeders; n += 1) await announce(infoHash, 0);
      for (let n = 0; n < leechers; n += 1) await announce(infoHash, 1000);
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

const SCRAPE = 2;

/** A UDP scrape as BEP 15 has it, and no more. */
export const scrapeUdp: ScrapeSwarms = async (url, infoHashes, signal) => {
  const { hostname, port } = new URL(url);
  const socket = createSocket('udp4');
  const ask = async (packet: Buffer): Promise<Buffer> => {
    const answered = once(socket, 'message', { signal });
    socket.send(packet, Number(port), hostname);
    const [answer] = await answered;
    if (!Buffer.isBuffer(answer) || answer.readUInt32BE(0) === 3) throw new Error('the tracker refused');
    return answer;
  };
  try {
    const connection = (await ask(Buffer.from('0000041727101980000000000000002a', 'hex'))).subarray(8, 16);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(SCRAPE, 0);
    head.writeUInt32BE(43, 4);
    const hashes = infoHashes.map((infoHash) => Buffer.from(infoHash, 'hex'));
    const answer = await ask(Buffer.concat([connection, head, ...hashes]));
    const counts = (n: number): SwarmCounts => ({
      seeders: answer.readUInt32BE(8 + 12 * n),
      completed: answer.readUInt32BE(12 + 12 * n),
      leechers: answer.readUInt32BE(16 + 12 * n),
    });
    return new Map(infoHashes.map((infoHash, n) => [infoHash, counts(n)]));
  } finally {
    socket.close();
  }
};

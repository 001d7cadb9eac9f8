import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { readHandshake } from './wire.ts';

/** Who dials must have said what for in this time; as long as we wait for those we dial. */
const HANDSHAKE_MS = 10_000;
/** Connections that have not said it yet, in all and of one address. */
const [MAX_HALF_OPEN, MAX_HALF_OPEN_OF_ONE] = [200, 5];

/** A torrent that peers may come to. */
export type Visited = {
  /** Whether one more of this address is welcome. */
  isWelcome(host: string): boolean;
  /** `heard`: what it said so far, its handshake first. */
  welcome(socket: Socket, host: string, heard: Buffer): void;
};

export type PeerListening = { readonly port: number; close(): void };

type PeerListeningOptions = {
  port: number;
  /** Absent: all addresses of this machine. */
  host?: string | undefined;
  /** Null: nobody here wants it. */
  torrentOf(infoHash: string): Visited | null;
};

/** Takes connections of peers, for all torrents on one port. Rejects when the port cannot be had. */
async function listenForPeers({ port, host, torrentOf }: PeerListeningOptions): Promise<PeerListening> {
  const halfOpen = new Map<Socket, string>();
  const server = createServer({ noDelay: true, keepAlive: true }, greet);

  function greet(socket: Socket): void {
    // Whoever gets the socket listens too.
    socket.on('error', () => {});
    const from = plainAddress(socket.remoteAddress);
    const ofOne = [...halfOpen.values()].filter((other) => other === from).length;
    if (from === null || halfOpen.size >= MAX_HALF_OPEN || ofOne >= MAX_HALF_OPEN_OF_ONE)
      return void socket.destroy();
    halfOpen.set(socket, from);
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
    let heard = Buffer.alloc(0);
    const settle = () => {
      clearTimeout(timer);
      halfOpen.delete(socket);
      socket.off('data', hear).off('close', settle);
    };
    const hear = (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      const infoHash = infoHashIn(heard);
      if (infoHash === null) return;
      settle();
      const torrent = infoHash === 'none' ? null : torrentOf(infoHash);
      if (torrent?.isWelcome(from)) torrent.welcome(socket, from, heard);
      else socket.destroy();
    };
    socket
      .on('data', hear)
      .on('close', settle)
      .on('end', () => socket.destroy());
  }

  server.listen({ port, host });
  await once(server, 'listening');
  // What a peer does wrong is its own connection's business.
  server.on('error', () => {});
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close() {
      server.close();
      for (const socket of [...halfOpen.keys()]) socket.destroy();
    },
  };
}

/** The same, and where the port is taken `warn` is told, and nobody comes: peers are dialled all the same. */
export async function listenUnlessTaken(
  options: PeerListeningOptions,
  warn: (text: string) => void,
): Promise<PeerListening | null> {
  try {
    return await listenForPeers(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`no peer can connect to us: port ${options.port} cannot be had for torrents (${reason})`);
    return null;
  }
}

/** Null: it may still come. */
function infoHashIn(heard: Buffer): string | 'none' | null {
  try {
    return readHandshake(heard)?.infoHash ?? null;
  } catch {
    return 'none';
  }
}

/** As peers are known by; one that came by IPv4 to a socket of both families is written as such. */
function plainAddress(address: string | undefined): string | null {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '').split('%')[0] ?? null;
}

import { hash } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import TrackerServer from 'bittorrent-tracker/server';

export type TestTracker = AsyncDisposable & {
  udpUrl: string;
  httpUrl: string;
  wsUrl: string;
  /** Announces it took, by the protocol they came by. */
  announced: readonly string[];
  stop(): Promise<void>;
};

/** The tracker of the WebTorrent project on free ports of 127.0.0.1: udp, and http and ws on one port. */
export async function startTracker(
  options: { refuse?: string; udpPort?: number } = {},
): Promise<TestTracker> {
  const announced: string[] = [];
  const server = new TrackerServer({
    ...{ udp: true, http: true, ws: true, stats: false },
    filter: (_infoHash, params, callback) => {
      announced.push(params.type);
      callback(options.refuse === undefined ? null : new Error(options.refuse));
    },
  });
  // A client that lies is its business.
  server.on('warning', () => {});
  server.on('error', () => {});
  server.listen({ http: 0, udp: options.udpPort ?? 0 }, { http: '127.0.0.1', udp4: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.http.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    udpUrl: `udp://127.0.0.1:${server.udp4.address().port}/announce`,
    httpUrl: `http://127.0.0.1:${address.port}/announce`,
    wsUrl: `ws://127.0.0.1:${address.port}/`,
    announced,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

export type FakeUdpTracker = AsyncDisposable & {
  port: number;
  url: string;
  /** Actions it was asked for, in their order: 0 connect, 1 announce, 2 scrape. */
  actions: readonly number[];
};

/** Answers each datagram with what `answer` makes of it (null: silence); `reply` writes a packet's head. */
export async function startFakeUdpTracker(
  answer: (
    request: Buffer,
    reply: (action: number, ...parts: Buffer[]) => Buffer,
    from: RemoteInfo,
  ) => Buffer | null,
  host = '127.0.0.1',
): Promise<FakeUdpTracker> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const actions: number[] = [];
  socket.on('message', (request, from) => {
    actions.push(request.readUInt32BE(8));
    const reply = (action: number, ...parts: Buffer[]) =>
      Buffer.concat([numbers(action), request.subarray(12, 16), ...parts]);
    const datagram = answer(request, reply, from);
    if (datagram !== null) socket.send(datagram, from.port, from.address);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  const stop = async () => {
    socket.close();
    await once(socket, 'close');
  };
  const url = `udp://${host.includes(':') ? `[${host}]` : host}:${port}/announce`;
  return { port, url, actions, [Symbol.asyncDispose]: stop };
}

/** What the routes and jobs of trackers want besides a database and a dialer. */
export const trackerDeps = {
  config: { outbound: { mode: 'all' as const }, trackerCheckIntervalMs: 900_000 },
  checkLater: async () => {},
  dht: () => ({ status: 'running' as const, nodes: 132, lookups: 1 }),
};

/** 32 bits each, as they go over the wire. */
export function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** A TCP server that does with each connection as told: says nothing, or what no tracker says. */
export async function startFakeTcp(
  onSocket: (socket: Socket) => void,
): Promise<AsyncDisposable & { port: number; connections(): number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: address.port, connections: () => connections, [Symbol.asyncDispose]: stop };
}

/** An HTTP server on loopback that is taken for a tracker. */
export async function startFakeHttp(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createHttpServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/announce`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Shakes hands (RFC 6455) and sends one text whatever it hears. */
export async function startFakeWebSocket(message: string): Promise<AsyncDisposable & { url: string }> {
  const fake = await startFakeTcp((socket) => {
    socket.once('data', (request) => {
      const key = /^sec-websocket-key: (.*)\r$/im.exec(request.toString('latin1'))?.[1] ?? '';
      const accept = hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      const payload = Buffer.from(message);
      const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(payload.length, 6);
      const short = Buffer.from([0x81, payload.length]);
      socket.write(Buffer.concat([payload.length < 126 ? short : head, payload]));
    });
  });
  return { url: `ws://127.0.0.1:${fake.port}/`, [Symbol.asyncDispose]: fake[Symbol.asyncDispose] };
}

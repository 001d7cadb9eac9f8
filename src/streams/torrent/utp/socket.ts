import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { abortable } from '../../../platform/abortable.ts';
import type { CheckedAddress } from '../../../platform/dial.ts';
import type { Net } from '../../../platform/net.ts';
import { KIND, makePacket, type Packet, readPacket, stamp } from './packet.ts';
import type { SharedBytes } from './reassembly.ts';
import { UtpStream } from './stream.ts';

const TICK_MS = 50;
/** As much as the system gives; Linux stops at 208 KiB (`net.core.rmem_max`) unless its owner says otherwise. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;
/** Who still sends to a connection that is closed is told so, for so long and at most so often. */
const [CLOSED_MS, RESET_EVERY_MS, MAX_CLOSED] = [15_000, 250, 1000];

export type Utp = {
  /** A connection to a peer whose address was checked as every other that is dialled. Rejects after 3 s of silence. */
  connect(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /** How many connections there are, those being made included. */
  readonly size: number;
  /** Ends all connections at once. */
  close(): void;
};

export type UtpOptions = {
  net: Pick<Net, 'addressesOf' | 'rules'>;
  /** Null, or when it is taken: one that the system chooses. */
  port: number | null;
  /** The number of the first packet of each connection; any, when left out. */
  firstSequence?: number;
};

/** uTP (BEP 29) by one UDP socket for IPv4 and one for IPv6, opened when they are first needed. Only who was dialled is heard. */
export function createUtp({ net, port, firstSequence }: UtpOptions): Utp {
  const streams = new Map<string, UtpStream>();
  const closed = new LRUCache<string, { toldAt: number }>({ max: MAX_CLOSED, ttl: CLOSED_MS });
  const shared: SharedBytes = { bytes: 0 };
  const sockets = new Map<4 | 6, Promise<Socket>>();
  const localAddress = net.rules.localAddress ?? null;
  let ticker: NodeJS.Timeout | null = null;
  let isClosed = false;

  function socketOf(family: 4 | 6): Promise<Socket> {
    const known = sockets.get(family);
    if (known !== undefined) return known;
    const opening = openSocket(family, port, localAddress).then((socket) => {
      if (isClosed) socket.close();
      socket.on('message', (datagram, from) => receive(socket, datagram, from.address, from.port));
      return socket;
    });
    sockets.set(family, opening);
    opening.catch(() => sockets.delete(family));
    return opening;
  }

  function receive(socket: Socket, datagram: Buffer, address: string, from: number): void {
    const packet = readPacket(datagram);
    if (packet === null) return;
    const key = keyOf(address, from, packet.connectionId);
    const stream = streams.get(key) ?? resetOf(address, from, packet);
    if (stream !== undefined) stream.receive(packet, performance.now());
    else tellClosed(socket, key, packet, address, from);
  }

  /** A reset may carry the id by which we speak to them: who knows of no connection sends back what it got. */
  function resetOf(address: string, from: number, { kind, connectionId }: Packet): UtpStream | undefined {
    return kind === KIND.reset ? streams.get(keyOf(address, from, (connectionId - 1) & 0xffff)) : undefined;
  }

  function tellClosed(socket: Socket, key: string, packet: Packet, address: string, to: number): void {
    const end = closed.get(key);
    const now = performance.now();
    if (end === undefined || packet.kind === KIND.reset || now - end.toldAt < RESET_EVERY_MS) return;
    end.toldAt = now;
    const reset = makePacket(KIND.reset, (packet.connectionId + 1) & 0xffff, packet.ack);
    stamp(reset, { timestampDifference: 0, windowBytes: 0, ack: packet.sequence });
    socket.send(reset, to, address, IGNORE);
  }

  async function connect(host: string, to: number, signal: AbortSignal): Promise<Duplex> {
    const url = new URL(`udp://${host.includes(':') ? `[${host}]` : host}:${to}`);
    const addresses = await net.addressesOf(url, signal);
    // From an address of one family only that family is reached.
    const checked = addresses.find(({ family }) => localAddress === null || family === isIP(localAddress));
    if (checked === undefined) throw new Error('the host has no address that can be reached from here');
    const socket = await abortable(socketOf(checked.family), signal);
    if (isClosed) throw new Error('the engine is closed');
    return await connected(socket, checked, to, signal);
  }

  function connected(
    socket: Socket,
    { address }: CheckedAddress,
    to: number,
    signal: AbortSignal,
  ): Promise<Duplex> {
    signal.throwIfAborted();
    const receiveId = freeId(address, to);
    const key = keyOf(address, to, receiveId);
    return new Promise((fulfil, reject) => {
      const onAbort = () => stream.destroy(asError(signal.reason));
      const unsent = (error: Error | null) => {
        // A packet that was not sent is as one that was lost; without a route there is no sense in waiting.
        if (error !== null && stream.isConnecting) stream.destroy(error);
      };
      const stream: UtpStream = new UtpStream({
        ...{ receiveId, shared },
        firstSequence: firstSequence ?? randomInt(0x10000),
        send: (packet) => socket.send(packet, to, address, unsent),
        onConnected() {
          signal.removeEventListener('abort', onAbort);
          fulfil(stream);
        },
        onClosed() {
          signal.removeEventListener('abort', onAbort);
          forget(key, stream.isConnecting);
        },
      });
      // Whoever gets the stream listens too; this one keeps an error in between from ending the process.
      stream.on('error', reject);
      stream.on('close', () => reject(new Error('the connection was closed')));
      signal.addEventListener('abort', onAbort, { once: true });
      streams.set(key, stream);
      ticker ??= setInterval(tick, TICK_MS);
    });
  }

  /** Any that is not in use, nor was a moment ago: what is still on its way to the old one would be taken for the new one's. */
  function freeId(address: string, to: number): number {
    for (;;) {
      const id = randomInt(0x10000);
      const key = keyOf(address, to, id);
      if (!streams.has(key) && !closed.has(key)) return id;
    }
  }

  /** Who was not told yet is told with its first packet. */
  function forget(key: string, isUntold: boolean): void {
    streams.delete(key);
    closed.set(key, { toldAt: isUntold ? Number.NEGATIVE_INFINITY : performance.now() });
    if (streams.size > 0 || ticker === null) return;
    clearInterval(ticker);
    ticker = null;
  }

  function tick(): void {
    const now = performance.now();
    for (const stream of [...streams.values()]) stream.tick(now);
  }

  return {
    connect,
    get size() {
      return streams.size;
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      for (const stream of [...streams.values()]) stream.destroy();
      for (const opening of sockets.values()) opening.then((socket) => socket.close(), IGNORE);
    },
  };
}

const IGNORE = () => {};

function keyOf(address: string, port: number, id: number): string {
  return `${address} ${port} ${id}`;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

async function openSocket(family: 4 | 6, port: number | null, localAddress: string | null): Promise<Socket> {
  const address = localAddress ?? (family === 4 ? '0.0.0.0' : '::');
  try {
    return await bound(family, port ?? 0, address);
  } catch (error) {
    if (port === null) throw error;
    return await bound(family, 0, address);
  }
}

function bound(family: 4 | 6, port: number, address: string): Promise<Socket> {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    // It is an address already: no name is ever asked for here, and a packet goes out before `send` returns.
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  socket.unref();
  return new Promise((fulfil, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.once('listening', () => {
      socket.removeAllListeners('error');
      socket.on('error', IGNORE);
      socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
      fulfil(socket);
    });
    socket.bind(port, address);
  });
}

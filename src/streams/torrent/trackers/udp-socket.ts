import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { CheckedAddress } from '../../../platform/dial.ts';

/** BEP 15: a connection id may be used for a minute after it was received. */
const CONNECTION_ID_MS = 60_000;
const ERROR = 3;

/** One tracker at one checked address. Requests share its socket: the port, which a tracker may have bound the id to, stays. */
export type UdpTracker = {
  readonly family: 4 | 6;
  /** Null: not connected, or the id is older than a minute. */
  connectionId(): Buffer | null;
  /** null: the id is not believed any more. */
  setConnectionId(id: Buffer | null): void;
  /**
   * Sends one packet (`head`, action, a new transaction id, `body`) and waits for its answer: the whole datagram, of this
   * action or an error (3). Null after `waitMs` of silence. Rejects when the system says that nobody is there.
   */
  ask(packet: UdpPacket, waitMs: number, signal: AbortSignal): Promise<Buffer | null>;
  close(): void;
};

export type UdpPacket = { head: Buffer; action: number; body: Buffer };

type Pending = { action: number; settle(answer: Buffer | null): void; fail(error: unknown): void };

/** A socket that is connected to this very address: datagrams of others are dropped by the system, and a closed port is an error. */
export async function openUdpTracker(
  { address, family }: CheckedAddress,
  port: number,
  localAddress: string | null,
  onIdle: () => void,
): Promise<UdpTracker> {
  const pending = new Map<number, Pending>();
  let connection: { id: Buffer; until: number } | null = null;
  let isClosed = false;
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    // It is an address already: no name is ever asked for here.
    lookup: (_host, _options, callback) => callback(null, address, family),
  });
  // A minute without a request; nothing of it keeps the program running.
  const idle = setTimeout(rest, CONNECTION_ID_MS).unref();
  socket.unref();
  socket.on('message', receive);
  socket.on('error', (error) => {
    for (const { fail } of pending.values()) fail(error);
  });

  try {
    if (localAddress !== null) await bound(socket, localAddress);
    await connected(socket, port, address);
  } catch (error) {
    close();
    throw error;
  }

  function receive(datagram: Buffer) {
    if (datagram.length < 8) return;
    const request = pending.get(datagram.readUInt32BE(4));
    const action = datagram.readUInt32BE(0);
    // What nobody asked for is dropped, so that who guesses wrong cannot end a request.
    if (request !== undefined && (action === request.action || action === ERROR)) request.settle(datagram);
  }

  function rest() {
    if (pending.size === 0) close();
    else idle.refresh();
  }

  function close() {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(idle);
    socket.close();
    onIdle();
  }

  async function ask({ head, action, body }: UdpPacket, waitMs: number, signal: AbortSignal) {
    signal.throwIfAborted();
    idle.refresh();
    const transaction = freshNumber(pending);
    const middle = Buffer.alloc(8);
    middle.writeUInt32BE(action, 0);
    middle.writeUInt32BE(transaction, 4);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>();
    const onAbort = () => reject(signal.reason);
    const timer = setTimeout(resolve, waitMs, null);
    signal.addEventListener('abort', onAbort, { once: true });
    pending.set(transaction, { action, settle: resolve, fail: reject });
    try {
      socket.send(Buffer.concat([head, middle, body]), (error) => error !== null && reject(error));
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      pending.delete(transaction);
    }
  }

  return {
    family,
    connectionId: () => (connection !== null && connection.until > performance.now() ? connection.id : null),
    setConnectionId: (id) => {
      connection = id === null ? null : { id, until: performance.now() + CONNECTION_ID_MS };
    },
    ask,
    close,
  };
}

async function bound(socket: Socket, localAddress: string): Promise<void> {
  socket.bind({ address: localAddress });
  await once(socket, 'listening');
}

async function connected(socket: Socket, port: number, address: string): Promise<void> {
  socket.connect(port, address);
  await once(socket, 'connect');
}

function freshNumber(taken: ReadonlyMap<number, unknown>): number {
  for (;;) {
    const number = randomBytes(4).readUInt32BE(0);
    if (!taken.has(number)) return number;
  }
}

import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressCheck } from './address-check.ts';
import { type Answer, encodeQuery, ID_BYTES, type NodeAddress, type Query, readAnswer } from './messages.ts';

/** Most that answer do it within half a second; later than this is lost. */
const ANSWER_MS = 2000;
/** libtorrent's answers have at most 1.5 KB; what is larger is not read. */
const MAX_DATAGRAM_BYTES = 4096;
/** A lookup's 50 queries take a second. Nobody whose address a liar gives us hears more from us than this. */
const [QUERIES_PER_SECOND, BURST] = [50, 16];

/** Asks nodes (KRPC, BEP 5) over one UDP socket. Answers no queries. */
export type RpcSocket = {
  readonly port: number;
  readonly isClosed: boolean;
  /** What the node answered; null where it may not be asked, is silent for two seconds, or sends an error. Never rejects. */
  ask(node: NodeAddress, query: Query, signal: AbortSignal): Promise<Answer | null>;
  close(): void;
};

type Pending = { place: string; settle(answer: Answer | null): void };

export type RpcSocketOptions = {
  /** Null, or when it is taken: one that the system chooses. */
  port: number | null;
  /** Everything goes out by it; null: by whichever the system takes. One of IPv6 reaches nobody here. */
  localAddress: string | null;
  /** Every address that is asked has passed it. */
  isAllowed: AddressCheck;
};

/** Rejects where no socket is to be had at that address. */
export async function openRpcSocket({ port, localAddress, isAllowed }: RpcSocketOptions): Promise<RpcSocket> {
  const id = randomBytes(ID_BYTES);
  const pending = new Map<string, Pending>();
  /** Who was asked, and how often: a datagram of anybody else is dropped before it is read. */
  const asked = new Map<string, number>();
  const turn = createPace(QUERIES_PER_SECOND, BURST);
  const socket = await boundSocket(port, localAddress);
  let isClosed = false;
  // Nothing of it keeps the program running.
  socket.unref();
  socket.on('message', receive);
  socket.on('error', close);

  function receive(datagram: Buffer, { address, port: from }: RemoteInfo): void {
    const place = `${address}:${from}`;
    if (datagram.length > MAX_DATAGRAM_BYTES || !asked.has(place)) return;
    const read = readAnswer(datagram);
    const request = read === null ? undefined : pending.get(read.transaction);
    if (read !== null && request?.place === place) request.settle(read.answer);
  }

  async function ask(node: NodeAddress, query: Query, signal: AbortSignal): Promise<Answer | null> {
    if (!(await isAllowed(node))) return null;
    await turn(signal).catch(() => {});
    if (signal.aborted || isClosed) return null;
    const transaction = freshTransaction(pending);
    const key = transaction.toString('latin1');
    const place = `${node.host}:${node.port}`;
    const { promise, resolve } = Promise.withResolvers<Answer | null>();
    const giveUp = () => resolve(null);
    const timer = setTimeout(giveUp, ANSWER_MS).unref();
    signal.addEventListener('abort', giveUp, { once: true });
    pending.set(key, { place, settle: resolve });
    asked.set(place, (asked.get(place) ?? 0) + 1);
    socket.send(encodeQuery(transaction, id, query), node.port, node.host, (error) => {
      if (error !== null) giveUp();
    });
    const answer = await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    pending.delete(key);
    const others = (asked.get(place) ?? 0) - 1;
    if (others > 0) asked.set(place, others);
    else asked.delete(place);
    return answer;
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    socket.close();
    for (const { settle } of [...pending.values()]) settle(null);
  }

  return {
    port: socket.address().port,
    get isClosed() {
      return isClosed;
    },
    ask,
    close,
  };
}

async function boundSocket(port: number | null, localAddress: string | null): Promise<Socket> {
  try {
    return await bound(port ?? 0, localAddress);
  } catch (error) {
    if (port === null) throw error;
    return await bound(0, localAddress);
  }
}

async function bound(port: number, localAddress: string | null): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    // It is an address already: no name is ever asked for here.
    lookup: (host, _options, callback) => callback(null, host, 4),
  });
  try {
    // With a lookup that answers at once it may listen before `bind` returns.
    const listening = once(socket, 'listening');
    socket.bind({ port, address: localAddress ?? '0.0.0.0', exclusive: true });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function freshTransaction(taken: ReadonlyMap<string, unknown>): Buffer {
  for (;;) {
    // 32 bits that nobody can foresee: who spoofs an answer has to guess them.
    const transaction = randomBytes(4);
    if (!taken.has(transaction.toString('latin1'))) return transaction;
  }
}

/** Waits until it is one's turn: `burst` at once, then so many a second. */
function createPace(perSecond: number, burst: number): (signal: AbortSignal) => Promise<void> {
  const stepMs = 1000 / perSecond;
  let nextAt = 0;
  return async (signal) => {
    const now = performance.now();
    nextAt = Math.max(nextAt, now - burst * stepMs) + stepMs;
    if (nextAt > now) await sleep(nextAt - now, undefined, { signal, ref: false });
  };
}

import type { Duplex } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { DialTarget } from '../../../platform/dial.ts';
import type { Net } from '../../../platform/net.ts';
import type { PeerAddress } from '../engine.ts';
import type { Utp } from '../utp/socket.ts';

/** How long the way that is tried first is alone: nearly every TCP connection is made within it, and no datagram is sent then. */
const HEAD_START_MS = 250;
const MAX_REMEMBERED = 5000;

/** The ways to peers. Without `utp` there is TCP alone. */
export type PeerNet = Pick<Net, 'dial'> & { utp?: PeerUtp | null };

export type PeerUtp = {
  connect: Utp['connect'];
  /** Who is tried by uTP first: it was reached by it the last time, or hangs up on TCP. */
  readonly first: LRUCache<string, true>;
};

export function peerUtp(utp: Utp): PeerUtp {
  return { connect: utp.connect, first: new LRUCache({ max: MAX_REMEMBERED }) };
}

type Way = (signal: AbortSignal) => Promise<Duplex>;

export type PeerDial = {
  /** Bytes of TCP are read into one buffer, as a socket's `onread`. */
  onread: NonNullable<DialTarget['onread']>;
  /** TCP has failed, and only uTP is left. */
  onTcpFailed(): void;
  signal: AbortSignal;
};

/** Connects by TCP and, where that takes long or fails, by uTP: whichever is first, and the other is given up. `isUtp`: bytes come as `data`. */
export async function dialPeer(
  { host, port }: PeerAddress,
  { dial, utp }: PeerNet,
  { onread, onTcpFailed, signal }: PeerDial,
): Promise<{ stream: Duplex; isUtp: boolean }> {
  const tcp: Way = (until) => dial({ ...{ host, port, isTls: false }, onread }, until);
  if (utp == null) return { stream: await tcp(signal), isUtp: false };
  const key = `${host}:${port}`;
  const isUtp = new Set<Duplex>();
  const byTcp: Way = async (until) => {
    try {
      return await tcp(until);
    } catch (error) {
      // Given up is not failed.
      if (!until.aborted) onTcpFailed();
      throw error;
    }
  };
  const byUtp: Way = async (until) => {
    const stream = await utp.connect(host, port, until);
    isUtp.add(stream);
    return stream;
  };
  const stream = await (utp.first.has(key) ? race(byUtp, byTcp, signal) : race(byTcp, byUtp, signal));
  if (isUtp.has(stream)) utp.first.set(key, true);
  else utp.first.delete(key);
  return { stream, isUtp: isUtp.has(stream) };
}

/** `second` begins after the head start, or when `first` has failed. Rejects as `first` did when both fail. */
async function race(first: Way, second: Way, signal: AbortSignal): Promise<Duplex> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', onAbort, { once: true });
  const headStart = Promise.withResolvers<void>();
  const timer = setTimeout(headStart.resolve, HEAD_START_MS);
  const one = first(stop.signal);
  one.catch(headStart.resolve);
  const other = headStart.promise.then(() => {
    stop.signal.throwIfAborted();
    return second(stop.signal);
  });
  try {
    const won = await Promise.any([one, other]);
    for (const way of [one, other]) way.then((stream) => stream !== won && stream.destroy(), IGNORE);
    return won;
  } catch {
    return await one;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    stop.abort(new Error('another way was faster'));
  }
}

const IGNORE = () => {};

import { WebSocket } from 'undici';
import { z } from 'zod';
import { UpstreamFailed } from '../../../kit/errors.ts';
import type { Net } from '../../../platform/net.ts';
import {
  type Announce,
  boundedInterval,
  countOf,
  malformed,
  silent,
  type Told,
  TrackerRefused,
} from './answer.ts';

/** What a WebTorrent tracker says; offers of WebRTC peers pass by on the same socket. */
const Message = z.object({
  action: z.string().optional(),
  info_hash: z.string().optional(),
  interval: z.number().optional(),
  complete: z.unknown().optional(),
  incomplete: z.unknown().optional(),
  'failure reason': z.string().optional(),
});
type Message = z.infer<typeof Message>;

/** Longest message that is read; an answer has 100 characters. */
const MAX_MESSAGE_CHARS = 64 * 1024;

/**
 * Announces to a WebTorrent tracker (ws, wss) without an offer. Its peers speak WebRTC, which we do not: there are never any,
 * and the answer tells that the tracker lives and how many it knows.
 */
export async function announceByWebSocket(
  { net, url, timeoutMs }: { net: Net; url: URL; timeoutMs: number },
  request: Announce,
  signal: AbortSignal,
): Promise<Told> {
  const limit = AbortSignal.timeout(timeoutMs);
  const deadline = AbortSignal.any([signal, limit]);
  try {
    // The socket would say of a refused host only that it failed.
    await net.assertAllowed(url, deadline);
    return toldOf(await ask(new WebSocket(url, { dispatcher: net.dispatcher }), request, deadline));
  } catch (error) {
    signal.throwIfAborted();
    throw limit.aborted ? silent() : error;
  }
}

function ask(socket: WebSocket, request: Announce, signal: AbortSignal): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  const infoHash = Buffer.from(request.infoHash, 'hex').toString('latin1');
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.addEventListener('open', () => socket.send(JSON.stringify(announceOf(request, infoHash))));
  socket.addEventListener('message', ({ data }) => {
    const message = parseMessage(data);
    if (message === null) return reject(malformed());
    const isOurs = message.action === 'announce' && message.info_hash === infoHash;
    if (message['failure reason'] !== undefined) reject(new TrackerRefused(message['failure reason']));
    else if (isOurs && message.interval !== undefined) resolve(message);
  });
  // Also a handshake that is refused, and a message past what the dialer takes.
  socket.addEventListener('error', ({ error }) => reject(broken(error)));
  socket.addEventListener('close', () => reject(broken(undefined)));
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort);
    socket.close();
  });
}

/** Bytes go as latin1 text: the protocol is JSON. */
function announceOf({ peerId, uploaded, downloaded, left, event, numWant }: Announce, infoHash: string) {
  return {
    action: 'announce',
    info_hash: infoHash,
    peer_id: peerId.toString('latin1'),
    ...{ uploaded, downloaded, left, numwant: numWant, offers: [] },
    ...(event === undefined ? {} : { event }),
  };
}

function parseMessage(data: unknown): Message | null {
  if (typeof data !== 'string' || data.length > MAX_MESSAGE_CHARS) return null;
  try {
    return Message.parse(JSON.parse(data));
  } catch {
    return null;
  }
}

function toldOf({ interval, complete, incomplete }: Message): Told {
  return {
    peers: [],
    intervalS: boundedInterval(interval ?? null),
    minIntervalS: null,
    seeders: countOf(complete),
    leechers: countOf(incomplete),
    trackerId: null,
    warning: null,
  };
}

function broken(cause: unknown): UpstreamFailed {
  return new UpstreamFailed('The tracker could not be reached, or is no WebSocket tracker.', {
    retryable: true,
    cause,
  });
}

import { BadInput } from '../../../kit/errors.ts';
import {
  type Announce,
  type AnnounceAnswer,
  type SwarmCounts,
  type Told,
  type TrackerDeps,
  unsupported,
} from './answer.ts';
import { announceByHttp, scrapeByHttp } from './http.ts';
import { announceByUdp, scrapeByUdp } from './udp.ts';
import { announceByWebSocket } from './web-socket.ts';

export {
  type Announce,
  type AnnounceAnswer,
  type SwarmCounts,
  type TrackerDeps,
  TrackerRefused,
} from './answer.ts';

// `trackersFor` stands in queries.ts: who only speaks to trackers (a thread of its own) loads no database.

/** A check must tell a dead tracker from a slow one before a viewer gives up. */
const TIMEOUT_MS = 5000;

/**
 * Announces to a tracker: udp (BEP 15), http and https (BEP 3, 7, 23), ws and wss (WebTorrent), all by the guarded dialer.
 * Rejects with `TrackerRefused` when the tracker said no (it is alive), with UpstreamFailed when it did not answer or answered
 * nonsense, with AppError `net.refused` when its host may not be asked. Takes `timeoutMs` (5 s) at most, retries included.
 */
export async function announce(
  url: string,
  request: Announce,
  { net, timeoutMs = TIMEOUT_MS }: TrackerDeps,
  signal: AbortSignal,
): Promise<AnnounceAnswer> {
  signal.throwIfAborted();
  const begun = performance.now();
  const place = { net, url: trackerOf(url), timeoutMs };
  const told = await announceBy(place, request, signal);
  return { ...told, latencyMs: Math.round(performance.now() - begun) };
}

function announceBy(place: Place, request: Announce, signal: AbortSignal): Promise<Told> {
  switch (place.url.protocol) {
    case 'udp:':
      return announceByUdp(place, request, signal);
    case 'ws:':
    case 'wss:':
      return announceByWebSocket(place, request, signal);
    default:
      return announceByHttp(place, request, signal);
  }
}

/**
 * Asks a tracker how many seed, leech and have completed each torrent (40 small hex characters): udp by at most 74 a packet,
 * http by at most 50 a URL (BEP 48), as many requests as it takes, each `timeoutMs` (5 s) at most. A torrent the tracker says
 * nothing of is absent; by udp one it does not know has 0 of everything. Rejects as `announce`, and for ws and wss.
 */
export async function scrape(
  url: string,
  infoHashes: readonly string[],
  { net, timeoutMs = TIMEOUT_MS }: TrackerDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SwarmCounts>> {
  signal.throwIfAborted();
  const place = { net, url: trackerOf(url), timeoutMs };
  const distinct = [...new Set(infoHashes)];
  if (distinct.length === 0) return new Map();
  if (place.url.protocol === 'udp:') return await scrapeByUdp(place, distinct, signal);
  if (/^https?:$/.test(place.url.protocol)) return await scrapeByHttp(place, distinct, signal);
  throw unsupported('WebSocket trackers are not scraped.');
}

type Place = { net: TrackerDeps['net']; url: URL; timeoutMs: number };

function trackerOf(text: string): URL {
  const url = URL.parse(text);
  const isTracker = url !== null && /^(udp|https?|wss?):$/.test(url.protocol) && url.hostname !== '';
  if (!isTracker || (url.protocol === 'udp:' && url.port === ''))
    throw new BadInput('tracker.invalid', 'This is not the announce URL of a tracker.');
  return url;
}

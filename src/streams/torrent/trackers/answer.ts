import { UpstreamFailed } from '../../../kit/errors.ts';
import type { Net } from '../../../platform/net.ts';

/** One announce (BEP 3): who we are, how far we are, what we want. */
export type Announce = {
  /** 40 small hex characters. */
  infoHash: string;
  /** 20 bytes. */
  peerId: Buffer;
  port: number;
  uploaded: number;
  downloaded: number;
  left: number;
  /** Absent: one of the regular ones in between. */
  event?: 'started' | 'stopped' | 'completed';
  numWant: number;
  /** What the tracker's last answer gave as `trackerId`. */
  trackerId?: string;
};

export type AnnounceAnswer = {
  /** At most 1,000; a host is an address, or (BEP 3, a list of dictionaries) a name. */
  peers: { host: string; port: number }[];
  /** Seconds until the next regular announce, 30 s to 24 h whatever the tracker says. */
  intervalS: number;
  minIntervalS: number | null;
  seeders: number | null;
  leechers: number | null;
  /** From asking to the answer: names looked up, connections made and lost packets included. */
  latencyMs: number;
  /** To be given back at the next announce (HTTP). */
  trackerId: string | null;
  /** `warning message`, at most 200 characters. */
  warning: string | null;
};

/** An answer as it was read; the caller's clock is not in it. */
export type Told = Omit<AnnounceAnswer, 'latencyMs'>;

/** What a tracker tells of one torrent; `completed` counts downloads that ended. */
export type SwarmCounts = { seeders: number; leechers: number; completed: number };

export type TrackerDeps = {
  net: Net;
  /** Of one request, retries included. Default 5 s. */
  timeoutMs?: number;
};

/** The tracker answered and said no: `failure reason`, or an error packet (BEP 15). It is alive. */
export class TrackerRefused extends UpstreamFailed {
  constructor(reason: string) {
    super(`The tracker refused: ${printable(reason)}`, { retryable: false });
    this.name = 'TrackerRefused';
  }
}

export function malformed(cause?: unknown): UpstreamFailed {
  return new UpstreamFailed('The tracker answered something that is no answer of a tracker.', {
    retryable: true,
    cause,
  });
}

export function silent(): UpstreamFailed {
  return new UpstreamFailed('The tracker did not answer in time.', { retryable: true, status: 504 });
}

export function unsupported(what: string): UpstreamFailed {
  return new UpstreamFailed(what, { retryable: false });
}

/** A stranger's text, fit for a log and a page. */
export function printable(text: string): string {
  return (
    text
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\uFFFD]+/gu, ' ')
      .trim()
      .slice(0, 200) || '(no words)'
  );
}

const MAX_PEERS = 1000;
const [MIN_INTERVAL_S, USUAL_INTERVAL_S, MAX_INTERVAL_S] = [30, 1800, 86_400];
const INT4 = 2_147_483_647;

/** 0 would be a flood, a year a torrent that nobody hears of again. */
export function boundedInterval(seconds: number | null): number {
  return Math.min(MAX_INTERVAL_S, Math.max(MIN_INTERVAL_S, Math.trunc(seconds ?? USUAL_INTERVAL_S)));
}

/** A count as it is stored; null for what is none. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? Math.min(INT4, Math.trunc(value)) : null;
}

/** Compact peers (BEP 23: 6 bytes, BEP 7: 18); what is left of a broken last one is dropped. */
export function compactPeers(bytes: Buffer, family: 4 | 6): AnnounceAnswer['peers'] {
  const addressBytes = family === 4 ? 4 : 16;
  const peers: AnnounceAnswer['peers'] = [];
  for (
    let at = 0;
    at + addressBytes + 2 <= bytes.length && peers.length < MAX_PEERS;
    at += addressBytes + 2
  ) {
    const port = bytes.readUInt16BE(at + addressBytes);
    if (port !== 0) peers.push({ host: addressOf(bytes.subarray(at, at + addressBytes)), port });
  }
  return peers;
}

/** Each once, in their order. */
export function distinctPeers(peers: AnnounceAnswer['peers']): AnnounceAnswer['peers'] {
  const byPlace = new Map(peers.map((peer) => [`${peer.host} ${peer.port}`, peer]));
  return [...byPlace.values()].slice(0, MAX_PEERS);
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  // The URL parser writes the short form (RFC 5952), by which one address has one spelling.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

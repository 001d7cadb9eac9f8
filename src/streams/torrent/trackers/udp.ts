import { UpstreamFailed } from '../../../kit/errors.ts';
import type { CheckedAddress } from '../../../platform/dial.ts';
import type { Net } from '../../../platform/net.ts';
import {
  type Announce,
  boundedInterval,
  compactPeers,
  countOf,
  malformed,
  type SwarmCounts,
  silent,
  type Told,
  TrackerRefused,
} from './answer.ts';
import { openUdpTracker, type UdpTracker } from './udp-socket.ts';

// BEP 15: connect (action 0) gives an id that proves our address; announce (1) and scrape (2) carry it.
const PROTOCOL_ID = Buffer.from('0000041727101980', 'hex');
const [CONNECT, ANNOUNCE, SCRAPE, ERROR] = [0, 1, 2, 3];
/** BEP 15 says about 74 fit one packet; opentracker answers 75 of 90 without a word. */
const HASHES_PER_PACKET = 74;
/** A try waits 15 · 2ⁿ s, n from 0 to 8. */
const [FIRST_TRY_MS, MOST_TRIES] = [15_000, 9];
/**
 * A limit of 5 s would see the first try of the BEP only and take every lost packet for a dead tracker. So under a limit the
 * first try takes three tenths of it (1.5 s of 5), the second twice that, the third what is left.
 */
const FIRST_TRY_SHARE = 0.3;
const PACKETS_AT_ONCE = 4;
const EVENTS = { completed: 1, started: 2, stopped: 3 } as const;

type Asked<T> = { action: number; body: Buffer; read(answer: Buffer, family: 4 | 6): T };
export type UdpPlace = { net: Net; url: URL; timeoutMs: number };

export function announceByUdp(place: UdpPlace, request: Announce, signal: AbortSignal): Promise<Told> {
  return exchange(
    place,
    {
      action: ANNOUNCE,
      body: Buffer.concat([announceBody(request), urlData(place.url)]),
      read: readAnnounce,
    },
    signal,
  );
}

/** Asks for at most 74 torrents a packet. A UDP answer has no word for "unknown": such a torrent has 0 of everything. */
export async function scrapeByUdp(
  place: UdpPlace,
  infoHashes: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SwarmCounts>> {
  const counts = new Map<string, SwarmCounts>();
  const packets = chunksOf(infoHashes, HASHES_PER_PACKET);
  for (const together of chunksOf(packets, PACKETS_AT_ONCE)) {
    const answers = await Promise.all(together.map((hashes) => scrapePacket(place, hashes, signal)));
    for (const [hash, told] of answers.flat()) counts.set(hash, told);
  }
  return counts;
}

function scrapePacket(place: UdpPlace, hashes: readonly string[], signal: AbortSignal) {
  const body = Buffer.from(hashes.join(''), 'hex');
  return exchange(place, { action: SCRAPE, body, read: (answer) => readScrape(answer, hashes) }, signal);
}

/** One request with the retries of the BEP, within the limit. */
async function exchange<T>(
  { net, url, timeoutMs }: UdpPlace,
  asked: Asked<T>,
  signal: AbortSignal,
): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs);
  const deadline = AbortSignal.any([signal, limit]);
  try {
    const addresses = await net.addressesOf(url, deadline);
    const open = (address: CheckedAddress) => trackerAt(net, address, Number(url.port));
    const firstTryMs = Math.min(FIRST_TRY_MS, timeoutMs * FIRST_TRY_SHARE);
    return await askAddresses(addresses, open, asked, firstTryMs, deadline);
  } catch (error) {
    signal.throwIfAborted();
    throw limit.aborted ? silent() : error;
  }
}

/** Each try goes to the next address. One the system cannot reach is left out, and the others are asked at once. */
async function askAddresses<T>(
  addresses: readonly CheckedAddress[],
  open: (address: CheckedAddress) => Promise<UdpTracker>,
  asked: Asked<T>,
  firstTryMs: number,
  signal: AbortSignal,
): Promise<T> {
  let left = addresses;
  let failure = silent();
  for (let attempt = 0; attempt < MOST_TRIES; ) {
    const address = left[attempt % left.length];
    if (address === undefined) break;
    try {
      const told = await tryOnce(await open(address), asked, firstTryMs * 2 ** attempt, signal);
      if (told !== null) return told.read;
      attempt += 1;
    } catch (error) {
      if (signal.aborted || error instanceof UpstreamFailed) throw error;
      failure = unreachable(error);
      left = left.filter((other) => other !== address);
    }
  }
  throw failure;
}

/** Null: silence. An error on an id that was kept may only mean that the tracker has forgotten it. */
async function tryOnce<T>(
  tracker: UdpTracker,
  { action, body, read }: Asked<T>,
  waitMs: number,
  signal: AbortSignal,
): Promise<{ read: T } | null> {
  for (;;) {
    const kept = tracker.connectionId();
    const head = kept ?? (await connect(tracker, waitMs, signal));
    if (head === null) return null;
    const answer = await tracker.ask({ head, action, body }, waitMs, signal);
    if (answer === null) tracker.setConnectionId(null);
    if (answer === null) return null;
    if (answer.readUInt32BE(0) !== ERROR) return { read: read(answer, tracker.family) };
    tracker.setConnectionId(null);
    if (kept === null) throw new TrackerRefused(answer.toString('utf8', 8));
  }
}

async function connect(tracker: UdpTracker, waitMs: number, signal: AbortSignal): Promise<Buffer | null> {
  const packet = { head: PROTOCOL_ID, action: CONNECT, body: Buffer.alloc(0) };
  const answer = await tracker.ask(packet, waitMs, signal);
  if (answer === null) return null;
  if (answer.readUInt32BE(0) === ERROR) throw new TrackerRefused(answer.toString('utf8', 8));
  if (answer.length < 16) throw malformed();
  const id = answer.subarray(8, 16);
  tracker.setConnectionId(id);
  return id;
}

/** Sockets by dialer and address; each leaves by itself after a minute of rest. */
const opened = new WeakMap<Net, Map<string, Promise<UdpTracker>>>();

function trackerAt(net: Net, address: CheckedAddress, port: number): Promise<UdpTracker> {
  const trackers = opened.get(net) ?? new Map<string, Promise<UdpTracker>>();
  opened.set(net, trackers);
  const key = `${address.address} ${port}`;
  const known = trackers.get(key);
  if (known !== undefined) return known;
  const forget = () => trackers.delete(key);
  const opening = openUdpTracker(address, port, net.rules.localAddress ?? null, forget);
  trackers.set(key, opening);
  opening.catch(forget);
  return opening;
}

function announceBody({ infoHash, peerId, port, event, ...request }: Announce): Buffer {
  const numbers = Buffer.alloc(42);
  numbers.writeBigUInt64BE(BigInt(request.downloaded), 0);
  numbers.writeBigUInt64BE(BigInt(request.left), 8);
  numbers.writeBigUInt64BE(BigInt(request.uploaded), 16);
  numbers.writeUInt32BE(event === undefined ? 0 : EVENTS[event], 24);
  // 28: our address, 0 = where this came from. 32: `key`, by which we are the same peer from another address.
  peerId.copy(numbers, 32, 16, 20);
  numbers.writeInt32BE(request.numWant, 36);
  numbers.writeUInt16BE(port, 40);
  return Buffer.concat([Buffer.from(infoHash, 'hex'), peerId, numbers]);
}

/** BEP 41: the path and query of the URL, in options of type 2 with at most 255 bytes; nothing for a plain `/announce`. */
function urlData({ pathname, search }: URL): Buffer {
  if (search === '' && /^(\/(announce)?)?$/.test(pathname)) return Buffer.alloc(0);
  const parts = chunksOf([...Buffer.from(`${pathname}${search}`)], 255);
  return Buffer.concat(parts.map((part) => Buffer.from([2, part.length, ...part])));
}

function readAnnounce(answer: Buffer, family: 4 | 6): Told {
  // opentracker on a torrent that is not on its whitelist: the head and nothing else.
  if (answer.length === 8) throw new TrackerRefused('an empty answer, as for a torrent not on its list');
  if (answer.length < 20) throw malformed();
  return {
    peers: compactPeers(answer.subarray(20), family),
    intervalS: boundedInterval(answer.readUInt32BE(8)),
    minIntervalS: null,
    leechers: countOf(answer.readUInt32BE(12)),
    seeders: countOf(answer.readUInt32BE(16)),
    trackerId: null,
    warning: null,
  };
}

/** Counts stand in the order of the question; a tracker that answers fewer said nothing of the last ones. */
function readScrape(answer: Buffer, hashes: readonly string[]): [string, SwarmCounts][] {
  const amount = (answer.length - 8) / 12;
  if (!Number.isInteger(amount) || amount === 0 || amount > hashes.length) throw malformed();
  return hashes.slice(0, amount).map((hash, index) => {
    const at = 8 + 12 * index;
    const [seeders, completed, leechers] = [at, at + 4, at + 8].map((place) =>
      countOf(answer.readUInt32BE(place)),
    );
    return [hash, { seeders: seeders ?? 0, completed: completed ?? 0, leechers: leechers ?? 0 }];
  });
}

function unreachable(cause: unknown): UpstreamFailed {
  return new UpstreamFailed('Nothing listens at the address of the tracker.', { retryable: true, cause });
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

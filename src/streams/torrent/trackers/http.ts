import { UpstreamFailed } from '../../../kit/errors.ts';
import type { Net } from '../../../platform/net.ts';
import { toUpstreamFailed } from '../../../platform/net-request.ts';
import {
  type Announce,
  type AnnounceAnswer,
  boundedInterval,
  compactPeers,
  countOf,
  distinctPeers,
  malformed,
  printable,
  type SwarmCounts,
  silent,
  type Told,
  TrackerRefused,
  unsupported,
} from './answer.ts';
import { type Bencoded, decode } from './bencode.ts';

/** An answer with 200 peers has 4 KiB, a scrape of 50 torrents 6. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** 3.6 KB of URL; opentracker takes 100 and answers 140 with 500. */
const HASHES_PER_URL = 50;

export type HttpPlace = { net: Net; url: URL; timeoutMs: number };
type Dictionary = Map<string, Bencoded>;

/** BEP 3, asking for compact peers (BEP 23); IPv6 ones come in `peers6` (BEP 7). */
export async function announceByHttp(
  place: HttpPlace,
  request: Announce,
  signal: AbortSignal,
): Promise<Told> {
  const { infoHash, peerId, port, uploaded, downloaded, left, event, numWant, trackerId } = request;
  const query = [
    `info_hash=${escaped(Buffer.from(infoHash, 'hex'))}&peer_id=${escaped(peerId)}&port=${port}`,
    `&uploaded=${uploaded}&downloaded=${downloaded}&left=${left}&compact=1&numwant=${numWant}`,
    `&key=${peerId.toString('hex', 16)}`,
    ...(event === undefined ? [] : [`&event=${event}`]),
    ...(trackerId === undefined ? [] : [`&trackerid=${encodeURIComponent(trackerId)}`]),
  ];
  const answer = await ask(place, withQuery(place.url, query.join('')), signal);
  const integer = (key: string) => countOf(answer.get(key));
  return {
    peers: distinctPeers([
      ...(peersOf(answer.get('peers'), 4) ?? missing()),
      ...(peersOf(answer.get('peers6'), 6) ?? []),
    ]),
    intervalS: boundedInterval(integer('interval')),
    minIntervalS: answer.has('min interval') ? boundedInterval(integer('min interval')) : null,
    seeders: integer('complete'),
    leechers: integer('incomplete'),
    trackerId: textOf(answer.get('tracker id')),
    warning: warningOf(answer),
  };

  /** Some answer an announce that wants nobody without `peers`; one without `interval` too is something else. */
  function missing(): AnnounceAnswer['peers'] {
    if (!answer.has('interval')) throw malformed();
    return [];
  }
}

/** BEP 48: where the path's last part begins with `announce`, the scrape is at `scrape`. */
export async function scrapeByHttp(
  place: HttpPlace,
  infoHashes: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SwarmCounts>> {
  const url = scrapeUrl(place.url);
  const counts = new Map<string, SwarmCounts>();
  for (let at = 0; at < infoHashes.length; at += HASHES_PER_URL) {
    const hashes = infoHashes.slice(at, at + HASHES_PER_URL);
    const query = hashes.map((hash) => `info_hash=${escaped(Buffer.from(hash, 'hex'))}`).join('&');
    const files = (await ask(place, withQuery(url, query), signal)).get('files');
    if (!(files instanceof Map)) throw malformed();
    for (const hash of hashes) {
      const file = fileOf(files, Buffer.from(hash, 'hex').toString('latin1'));
      if (file instanceof Map) counts.set(hash, countsOf(file));
    }
  }
  return counts;
}

/** The server of `bittorrent-tracker` (11.2) writes the bytes of a hash as if they were text: each from 0x80 on becomes two. */
function fileOf(files: Dictionary, hash: string): Bencoded | undefined {
  return files.get(hash) ?? files.get(Buffer.from(hash, 'utf8').toString('latin1'));
}

function countsOf(file: Dictionary): SwarmCounts {
  const integer = (key: string) => countOf(file.get(key)) ?? 0;
  return { seeders: integer('complete'), completed: integer('downloaded'), leechers: integer('incomplete') };
}

function scrapeUrl(url: URL): URL {
  const scrape = new URL(url);
  scrape.pathname = url.pathname.replace(/\/announce([^/]*)$/, '/scrape$1');
  if (scrape.pathname === url.pathname) throw unsupported('The tracker offers no scrape.');
  return scrape;
}

/** One GET and the dictionary it answers. A refusal may come with any status. */
async function ask({ net, timeoutMs }: HttpPlace, url: string, signal: AbortSignal): Promise<Dictionary> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const { status, bytes } = await fetchAnswer(net, url, AbortSignal.any([signal, limit]));
    const answer = dictionaryOf(bytes);
    const refusal = textOf(answer?.get('failure reason'));
    if (refusal !== null) throw new TrackerRefused(refusal);
    if (status !== 200)
      throw new UpstreamFailed(`The tracker answered with status ${status}.`, { retryable: true });
    return answer ?? unreadable();
  } catch (error) {
    signal.throwIfAborted();
    throw limit.aborted ? silent() : toUpstreamFailed(error);
  }
}

async function fetchAnswer(net: Net, url: string, signal: AbortSignal) {
  const headers = { 'user-agent': 'Tributary', 'accept-encoding': 'identity' };
  const response = await net.request(url, { headers, signal });
  // A body cut off below says so by an error event; one that nobody hears would end the process.
  response.body.on('error', () => {});
  try {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of response.body) {
      if (!(chunk instanceof Uint8Array)) continue;
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_ANSWER_BYTES) throw malformed(new RangeError('more than 1 MiB'));
      chunks.push(chunk);
    }
    return { status: response.status, bytes: Buffer.concat(chunks) };
  } finally {
    response.body.destroy();
  }
}

function dictionaryOf(bytes: Buffer): Dictionary | null {
  try {
    const value = decode(bytes);
    return value instanceof Map ? value : null;
  } catch {
    // A page of HTML; what it means depends on the status.
    return null;
  }
}

function unreadable(): never {
  throw malformed();
}

/** Compact, or a list of dictionaries (BEP 3). Null: there are none in the answer. */
function peersOf(value: Bencoded | undefined, family: 4 | 6): AnnounceAnswer['peers'] | null {
  if (Buffer.isBuffer(value)) return compactPeers(value, family);
  if (!Array.isArray(value)) return null;
  return value.flatMap((peer) => {
    if (!(peer instanceof Map)) return [];
    const [host, port] = [textOf(peer.get('ip')) ?? '', peer.get('port')];
    const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= 65_535;
    return isPort && /^[0-9A-Za-z.:_-]{2,253}$/.test(host) ? [{ host, port }] : [];
  });
}

function warningOf(answer: Dictionary): string | null {
  const warning = textOf(answer.get('warning message'));
  return warning === null ? null : printable(warning);
}

function textOf(value: Bencoded | undefined): string | null {
  return Buffer.isBuffer(value) ? value.toString('utf8') : null;
}

/** Appended by hand: a URL's own parameters (a passkey) stay as they are, and a hash is bytes, not text. */
function withQuery(url: URL, query: string): string {
  const { origin, pathname, search } = url;
  return `${origin}${pathname}${search.length > 1 ? `${search}&` : '?'}${query}`;
}

function escaped(bytes: Buffer): string {
  return bytes.toString('hex').replace(/../g, '%$&').toUpperCase();
}

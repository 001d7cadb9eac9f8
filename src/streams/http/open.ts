import { LRUCache } from 'lru-cache';
import { contentTypeOf } from '../../kit/content-type.ts';
import { requestTarget } from '../../platform/http1/pool.ts';
import type { Net } from '../../platform/net.ts';
import { withoutCredentials } from '../../platform/net-request.ts';
import type { ByteSource, KindDeps } from '../kind.ts';
import { rememberedFacts } from '../remembered-facts.ts';
import { resourceKey } from '../resource.ts';
import {
  CannotSeek,
  hasChanged,
  MAX_SKIP_BYTES,
  retrying,
  type Sender,
  type Sending,
  sendResuming,
} from '../resume.ts';
import { netTo } from '../source-access.ts';
import { Facts, learn, type Origin, originHeaders, refusalOf } from './facts.ts';
import { type Location, StaleLocation, type Transfer, transfer, UnknownLength } from './transfer.ts';
import { createUnrangedHosts, type UnrangedHosts } from './unranged-hosts.ts';

/** Origins that do not say how long their bodies are; asked anew now and then. */
const MAX_UNKNOWN_LENGTHS = 500;
const UNKNOWN_LENGTH_TTL_MS = 600_000;

/** Types that say nothing or that a browser would run as a page of ours. */
const MEANINGLESS_TYPE =
  /^(application\/octet-stream|binary\/octet-stream|application\/force-download|text\/plain|text\/html|$)/i;

/** `filename`: the name the origin gave. */
export type OriginSource = ByteSource & { readonly filename: string | null };

export type Origins = {
  open(origin: Origin, signal: AbortSignal): Promise<OriginSource>;
  /** Looks at the origin now, whatever is remembered. */
  ask(origin: Origin, signal: AbortSignal): Promise<Facts>;
};

/** What is known of origins, beyond one file. */
type Known = { unknownLengths: LRUCache<string, true>; unrangedHosts: UnrangedHosts };

export type OriginsDeps = Pick<KindDeps, 'net' | 'crypto' | 'openSpace'>;

/** Looks at origins once a minute, one instance for all, and reads ranges from them. */
export function createOrigins({ net: guarded, crypto, openSpace }: OriginsDeps): Origins {
  const known = rememberedFacts({ openSpace, crypto }, 'http-facts', Facts);
  const hosts: Known = {
    unknownLengths: new LRUCache<string, true>({ max: MAX_UNKNOWN_LENGTHS, ttl: UNKNOWN_LENGTH_TTL_MS }),
    unrangedHosts: createUnrangedHosts(),
  };

  async function look(origin: Origin, signal: AbortSignal): Promise<Facts> {
    const facts = await retrying(signal, () => learn(wayTo(origin), origin, signal));
    const { ranges } = facts;
    if (ranges === 'given' || ranges === 'refused') hosts.unrangedHosts.heard(facts, ranges === 'given');
    return facts;
  }

  const wayTo = ({ url, allowsPrivate = false }: Origin) => netTo(guarded, { url, allowsPrivate });

  /** Two links to one URL may carry different credentials, and one must not profit from the other's. Keyed: a plain hash in a dump would tell a guessed password. */
  function keyOf({ url, headers, allowsPrivate = false }: Origin): string {
    const told = [url, Object.entries(headers).sort()];
    const text = JSON.stringify(allowsPrivate ? [...told, 'private'] : told);
    return crypto.mac('http.facts', text).toString('base64url');
  }

  return {
    async ask(origin, signal) {
      const facts = await look(origin, signal);
      await known.put(keyOf(origin), facts);
      return facts;
    },
    async open(origin, signal) {
      const key = keyOf(origin);
      const facts = await known.get(key, (until) => look(origin, until), signal);
      let isForgotten = false;
      const remember = (next: Facts | null) => {
        if (next !== null) void known.put(key, next);
        // Once: the next source of the link has newer facts.
        else if (!isForgotten) void known.drop(key);
        isForgotten ||= next === null;
      };
      return sourceOf(wayTo(origin), origin, { facts, remember, ...hosts });
    },
  };
}

type Looked = Known & {
  facts: Facts;
  /** For the next opening; null: it is to look anew. */
  remember(facts: Facts | null): void;
};

function sourceOf(
  net: Net,
  origin: Origin,
  { facts: first, remember, unknownLengths, unrangedHosts }: Looked,
): OriginSource {
  let facts = first;
  let location = locationOf(origin, facts);

  const onRangeAnswered = (isPart: boolean) => {
    unrangedHosts.heard(facts, isPart);
    if (!isPart || (facts.ranges !== 'denied' && facts.ranges !== 'refused')) return;
    // It said `none` and gives them all the same.
    facts = { ...facts, ranges: 'given' };
    remember(facts);
  };
  const transferBy = (by: Transfer['by'], sending: Sending) =>
    transfer({ net, by, facts, location, onRangeAnswered, ...sending });
  const isForwardOnly = () => unrangedHosts.isForwardOnly(facts);

  const sender: Sender = {
    onFailed(failure) {
      // A seek that cannot be is nothing against what is known of the file.
      if (!(failure instanceof CannotSeek)) remember(null);
    },
    send(sending) {
      const isUndici = facts.sizeBytes === null || unknownLengths.has(facts.url.origin);
      return transferBy(isUndici ? 'undici' : 'http1', sending);
    },
    async mend(error, sending) {
      if (error instanceof UnknownLength) {
        unknownLengths.set(facts.url.origin, true);
        return await sender.send(sending).catch((failed) => sender.mend(failed, sending));
      }
      if (!(error instanceof StaleLocation)) throw error;
      facts = await lookAgain(net, origin, first, sending.signal);
      location = locationOf(origin, facts);
      await transferBy('undici', sending).catch(refusedTwice);
    },
  };

  return {
    size: first.sizeBytes,
    contentType: typeOf(first, origin),
    etag: first.etag ?? derivedEtag(first, origin),
    lastModified: first.lastModified,
    filename: first.filename,
    isForwardOnly,
    send: (range, sink, signal) =>
      range.start > MAX_SKIP_BYTES && isForwardOnly()
        ? Promise.reject(new CannotSeek())
        : sendResuming({ range, sink, signal }, sender),
    close: async () => {},
  };
}

function refusedTwice(error: unknown): never {
  throw error instanceof StaleLocation ? refusalOf(error.status, error.headers) : error;
}

/** Resolves the original URL again, by GET: a redirect may be signed for the method that asked. The file must still be the same. */
async function lookAgain(net: Net, origin: Origin, first: Facts, signal: AbortSignal): Promise<Facts> {
  const fresh = await learn(net, origin, signal, 'GET');
  const isSame =
    fresh.sizeBytes === first.sizeBytes && (fresh.etag ?? first.etag) === (first.etag ?? fresh.etag);
  if (!isSame) throw hasChanged();
  return { ...first, url: fresh.url };
}

/** A redirect to another host does not take the link's credentials along. */
function locationOf(origin: Origin, { url }: Facts): Location {
  const isSameOrigin = new URL(origin.url).origin === url.origin;
  const headers = originHeaders(isSameOrigin ? origin.headers : withoutCredentials(origin.headers));
  return { ...requestTarget(url, headers), headers };
}

function typeOf(facts: Facts, origin: Origin): string {
  const told = facts.contentType ?? '';
  if (!MEANINGLESS_TYPE.test(told)) return told;
  return contentTypeOf(facts.filename ?? new URL(origin.url).pathname);
}

/** Weak or missing upstream: same URL, length and time = same bytes. Without a length nothing can be promised. */
function derivedEtag({ sizeBytes, lastModified }: Facts, { url }: Origin): string | null {
  if (sizeBytes === null) return null;
  return `"${resourceKey('http', `${url}\n${sizeBytes}\n${lastModified?.toISOString() ?? ''}`)}"`;
}

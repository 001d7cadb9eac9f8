import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { AppError, UpstreamFailed } from '../kit/errors.ts';
import type { Budget } from '../platform/budget.ts';
import type { Net } from '../platform/net.ts';
import { type NetResponse, toUpstreamFailed } from '../platform/net-request.ts';
import { createBudgetCache } from './budget-cache.ts';
import { createCoalescer } from './coalesce.ts';
import { type Address, addressKey, getFrom } from './origin-fetch.ts';

/** A playlist or manifest as it came. */
export type Doc = {
  text: string;
  /** The text's bytes are these: UTF-8, or Latin-1 where that is not what they are. */
  encoding: 'utf8' | 'latin1';
  /** Where it came from, after redirects. */
  url: URL;
  /** As the origin says it. */
  contentType: string | null;
};

/** Playlists and manifests, fetched once for all who ask at the same time and kept as long as the caller says. */
export type Documents = {
  /** `lifeMs`: how long after its request this one may be handed out again. */
  read(address: Address, lifeMs: (doc: Doc) => number, signal: AbortSignal): Promise<Doc>;
  /** Something made of it is kept with it, of so many bytes. */
  grow(doc: Doc, moreBytes: number): void;
};

const MAX_BYTES = 10 * 1024 * 1024;
/** With what is made of them: a link has five times the characters of the URI it stands for. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
/** An origin that dribbles a playlist is given up; blocking reloads (LL-HLS) take three target durations at most. */
const DEADLINE_MS = 30_000;

export function createDocuments(net: Net, budget: Pick<Budget, 'openCache'>): Documents {
  const kept = createBudgetCache<Doc>({ budget, maxBytes: MAX_KEPT_BYTES });
  const shared = createCoalescer<Doc>();
  return {
    grow: kept.grow,
    async read(address, lifeMs, signal) {
      const key = addressKey(address);
      const known = kept.get(key);
      if (known !== undefined) return known;
      return await shared(key, (stop) => readNow(key, address, lifeMs, stop), signal);
    },
  };

  async function readNow(
    key: string,
    address: Address,
    lifeMs: (doc: Doc) => number,
    stop: AbortSignal,
  ): Promise<Doc> {
    const askedAtMs = performance.now();
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const doc = await fetchDoc(net, address, AbortSignal.any([stop, deadline])).catch((error: unknown) => {
      if (!deadline.aborted || stop.aborted) throw error;
      throw new UpstreamFailed('The origin did not send the playlist in time.', {
        retryable: true,
        status: 504,
        cause: error,
      });
    });
    // Counted from the request: the origin may have written the answer right then.
    const ttl = Math.floor(lifeMs(doc) - (performance.now() - askedAtMs));
    if (ttl > 0) kept.set(key, doc, textBytes(doc.text), ttl);
    return doc;
  }
}

/** Memory of a text, at most: V8 takes one byte a character or two. */
export function textBytes(text: string): number {
  return text.length * 2 + 100;
}

async function fetchDoc(net: Net, address: Address, signal: AbortSignal): Promise<Doc> {
  const response = await getFrom(net, address, signal);
  const bytes = await decoded(response, await collect(response, signal));
  const told = response.headers['content-type'];
  return { ...textOf(bytes), url: response.url, contentType: typeof told === 'string' ? told : null };
}

async function collect({ headers, body }: NetResponse, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    if (Number(headers['content-length'] ?? 0) > MAX_BYTES) throw tooLarge();
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk);
      sizeBytes += bytes.length;
      if (sizeBytes > MAX_BYTES) throw tooLarge();
      chunks.push(bytes);
    }
  } catch (error) {
    body.on('error', () => {}).destroy();
    signal.throwIfAborted();
    throw toUpstreamFailed(error);
  }
  return Buffer.concat(chunks);
}

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** We ask for no compression; some origins compress all the same. Past 10 MiB of text it is a bomb. */
async function decoded({ headers }: NetResponse, bytes: Buffer): Promise<Buffer> {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return bytes;
  const decode = Object.entries(DECODERS).find(([name]) => name === encoding)?.[1];
  try {
    if (decode !== undefined) return await decode(bytes, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw new UpstreamFailed('The origin’s playlist cannot be unpacked.', { retryable: false, cause });
  }
  throw new UpstreamFailed('The origin packs its playlist in an unknown way.', { retryable: false });
}

function textOf(bytes: Buffer): Pick<Doc, 'text' | 'encoding'> {
  try {
    // ignoreBOM: it stays part of the text, so that it comes out again.
    return {
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      encoding: 'utf8',
    };
  } catch {
    return { text: bytes.toString('latin1'), encoding: 'latin1' };
  }
}

function tooLarge(): AppError {
  return new AppError('play.playlist_too_large', 'The playlist is larger than 10 MiB.', { status: 502 });
}

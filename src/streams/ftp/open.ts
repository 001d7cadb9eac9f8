import { LRUCache } from 'lru-cache';
import { contentTypeOf } from '../../kit/content-type.ts';
import { BadInput } from '../../kit/errors.ts';
import { abortable } from '../../platform/abortable.ts';
import type { Cache, CacheSpace } from '../../platform/cache.ts';
import type { Crypto } from '../../platform/crypto.ts';
import { type FtpPlace, placeOf } from '../../platform/ftp/place.ts';
import { createFtpPool, type FtpPool, type FtpPoolOptions } from '../../platform/ftp/pool.ts';
import { ftpFailure } from '../../platform/ftp/refusal.ts';
import type { FtpSession } from '../../platform/ftp/session.ts';
import type { Net } from '../../platform/net.ts';
import type { ByteSource } from '../kind.ts';
import { resourceKey } from '../resource.ts';
import { CannotSeek, hasChanged, MAX_SKIP_BYTES, retrying, sendResuming } from '../resume.ts';
import { type FtpDetail, nameOf, remotePath } from './detail.ts';
import { FtpFacts, learn, versionOf } from './facts.ts';
import { Parked } from './parked.ts';
import { RangeSender } from './range-sender.ts';

/** As of HTTP origins: a minute at least; the cache takes up to a tenth off. */
const FACTS_TTL_MS = 67_000;
const MAX_FACTS = 1000;
const LOOK_WAIT_MS = 2000;
/** More servers than an owner has at home. */
const MAX_VOUCHED = 100;

type Connections = { pool: FtpPool; parked: Parked };

/** `allowsPrivate`: the owner of its source vouches for the server, which may be at home. */
export type FtpTarget = FtpDetail & { allowsPrivate?: boolean };

export type FtpOrigins = {
  open(detail: FtpTarget, signal: AbortSignal): Promise<ByteSource>;
  /** Looks at the file now, whatever is remembered. */
  ask(detail: FtpTarget, signal: AbortSignal): Promise<FtpFacts>;
  close(): void;
};

export type FtpOriginsDeps = { net: Net; crypto: Crypto; openSpace: Cache['space']; ftp?: FtpPoolOptions };

/** Looks at files once a minute, one instance for all, and reads ranges of them by pooled connections. */
export function createFtpOrigins({ net, crypto, openSpace, ftp }: FtpOriginsDeps): FtpOrigins {
  const guarded = connectionsBy(net);
  /** Of servers their owner vouches for; connections of one are of no use to who may not reach it. */
  const vouched = new LRUCache<string, Connections>({ max: MAX_VOUCHED, dispose: closeConnections });

  function connectionsBy(way: Net): Connections {
    return { pool: createFtpPool(way, ftp), parked: new Parked() };
  }

  function connectionsTo({ url, allowsPrivate = false }: FtpTarget): Connections {
    if (!allowsPrivate) return guarded;
    const { protocol, host } = new URL(url);
    const key = `${protocol}//${host}`;
    const open = vouched.get(key) ?? connectionsBy(net.permitting(new URL(url)));
    vouched.set(key, open);
    return open;
  }

  const known: CacheSpace<FtpFacts> = openSpace('ftp-facts', {
    ttlMs: FACTS_TTL_MS,
    maxEntries: MAX_FACTS,
    schema: FtpFacts,
    onceForAll: { waitMs: LOOK_WAIT_MS, crypto },
  });

  /** Runs what asks a few things of a session, which goes back even if nobody waits any more. */
  async function asking<T>(
    target: FtpTarget,
    signal: AbortSignal,
    run: (session: FtpSession) => Promise<T>,
  ): Promise<T> {
    try {
      const lease = await connectionsTo(target).pool.lease(placeFor(target), signal);
      return await abortable(
        run(lease.session).finally(() => lease.release()),
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      throw ftpFailure(error);
    }
  }

  function look(target: FtpTarget, signal: AbortSignal): Promise<FtpFacts> {
    const path = remotePath(target.url);
    return retrying(signal, () =>
      asking(target, signal, (session) => learn(session, session.absolute(path))),
    );
  }

  /** As of HTTP: keyed, and one login does not profit from another's. */
  function keyOf({ url, login, allowsPrivate = false }: FtpTarget): string {
    const told = allowsPrivate ? [url, login, 'private'] : [url, login];
    return crypto.mac('ftp.facts', JSON.stringify(told)).toString('base64url');
  }

  function sourceOf(detail: FtpTarget, key: string, first: FtpFacts): ByteSource {
    const { url } = detail;
    const [place, path] = [placeFor(detail), remotePath(url)];
    const { pool, parked } = connectionsTo(detail);
    let facts = first;
    const { sizeBytes, modifiedAt } = first;
    const version = `${sizeBytes}\n${modifiedAt?.toISOString() ?? ''}`;
    const sender = new RangeSender({
      ...{ pool, parked, place, path, key: `${key}\n${version}`, sizeBytes },
      canRestart: () => facts.canRestart,
      onCannotRestart() {
        facts = { ...facts, canRestart: false };
        void known.put(key, facts);
      },
      async assertSame(session) {
        const now = await versionOf(session, session.absolute(path));
        const isSame = now.sizeBytes === sizeBytes && now.modifiedAt?.getTime() === modifiedAt?.getTime();
        if (!isSame) throw hasChanged();
      },
      onFailed: () => void known.drop(key),
    });
    const isForwardOnly = () => !facts.canRestart && (sizeBytes ?? 0) > MAX_SKIP_BYTES;
    return {
      size: sizeBytes,
      contentType: contentTypeOf(nameOf(url)),
      etag: sizeBytes === null ? null : `"${resourceKey('ftp', `${url}\n${version}`)}"`,
      lastModified: modifiedAt,
      isForwardOnly,
      send: (range, sink, signal) =>
        range.start > MAX_SKIP_BYTES && isForwardOnly()
          ? Promise.reject(new CannotSeek())
          : sendResuming({ range, sink, signal }, sender),
      close: async () => {},
    };
  }

  return {
    async ask(detail, signal) {
      const facts = await look(detail, signal);
      await known.put(keyOf(detail), facts);
      return facts;
    },
    async open(detail, signal) {
      const key = keyOf(detail);
      const facts = await known.get(key, (until) => look(detail, until), signal);
      return sourceOf(detail, key, facts);
    },
    close() {
      closeConnections(guarded);
      vouched.clear();
    },
  };
}

function closeConnections({ pool, parked }: Connections): void {
  parked.close();
  pool.close();
}

function placeFor({ url, login }: FtpDetail): FtpPlace {
  const place = placeOf(url, login);
  if (place === null) throw new BadInput('request.invalid', 'The URL is not one of FTP.');
  return place;
}

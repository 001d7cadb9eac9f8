import { contentTypeOf } from '../../kit/content-type.ts';
import { BadInput } from '../../kit/errors.ts';
import { abortable } from '../../platform/abortable.ts';
import { createBudget } from '../../platform/budget.ts';
import { type FtpPlace, placeOf } from '../../platform/ftp/place.ts';
import type { FtpPoolOptions } from '../../platform/ftp/pool.ts';
import { createFtpPools } from '../../platform/ftp/pools.ts';
import { ftpFailure } from '../../platform/ftp/refusal.ts';
import type { FtpSession } from '../../platform/ftp/session.ts';
import type { ByteSource, KindDeps } from '../kind.ts';
import { rememberedFacts } from '../remembered-facts.ts';
import { resourceKey } from '../resource.ts';
import { CannotSeek, hasChanged, MAX_SKIP_BYTES, retrying, sendResuming } from '../resume.ts';
import { netTo } from '../source-access.ts';
import { type FtpDetail, type FtpOrigin, nameOf, remotePath } from './detail.ts';
import { FtpFacts, learn, versionOf } from './facts.ts';
import { Parked } from './parked.ts';
import { RangeSender } from './range-sender.ts';

export type FtpOrigins = {
  open(detail: FtpOrigin, signal: AbortSignal): Promise<ByteSource>;
  /** Looks at the file now, whatever is remembered. */
  ask(detail: FtpOrigin, signal: AbortSignal): Promise<FtpFacts>;
  close(): void;
};

export type FtpOriginsDeps = Pick<KindDeps, 'net' | 'crypto' | 'openSpace' | 'budget'> & {
  ftp?: FtpPoolOptions;
};

/** Looks at files once a minute, one instance for all, and reads ranges of them by pooled connections. */
export function createFtpOrigins({ net, crypto, openSpace, budget, ftp }: FtpOriginsDeps): FtpOrigins {
  const pools = createFtpPools(ftp);
  /** What the URL says is read once: a seek asks for nothing else before it writes to the server. */
  function leaserOf({ url, login, allowsPrivate = false }: FtpOrigin) {
    const [way, place] = [netTo(net, { url, allowsPrivate }), placeFor({ url, login })];
    return (signal: AbortSignal) => pools.for(way).lease(place, signal);
  }
  const parked = new Parked(budget ?? createBudget({ limitBytes: 0 }));
  const known = rememberedFacts({ openSpace, crypto }, 'ftp-facts', FtpFacts);

  /** Runs what asks a few things of a session, which goes back even if nobody waits any more. */
  async function asking<T>(
    origin: FtpOrigin,
    signal: AbortSignal,
    run: (session: FtpSession) => Promise<T>,
  ): Promise<T> {
    try {
      const { session, release } = await leaserOf(origin)(signal);
      return await abortable(run(session).finally(release), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw ftpFailure(error);
    }
  }

  function look(origin: FtpOrigin, signal: AbortSignal): Promise<FtpFacts> {
    const path = remotePath(origin.url);
    return retrying(signal, () =>
      asking(origin, signal, (session) => learn(session, session.absolute(path))),
    );
  }

  /** As of HTTP: keyed, and one login or permission does not profit from another's. */
  function keyOf({ url, login, allowsPrivate = false }: FtpOrigin): string {
    return crypto.mac('ftp.facts', JSON.stringify([url, login, allowsPrivate])).toString('base64url');
  }

  function sourceOf(detail: FtpOrigin, key: string, first: FtpFacts): ByteSource {
    const { url } = detail;
    const path = remotePath(url);
    let facts = first;
    const { sizeBytes, modifiedAt } = first;
    const version = `${sizeBytes}\n${modifiedAt?.toISOString() ?? ''}`;
    const sender = new RangeSender({
      ...{ parked, path, key: `${key}\n${version}`, sizeBytes },
      lease: leaserOf(detail),
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
      parked.close();
      pools.close();
    },
  };
}

function placeFor({ url, login }: FtpDetail): FtpPlace {
  const place = placeOf(url, login);
  if (place === null) throw new BadInput('request.invalid', 'The URL is not one of FTP.');
  return place;
}

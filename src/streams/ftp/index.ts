import type { z } from 'zod';
import { contentTypeOf } from '../../kit/content-type.ts';
import { AppError, NotFound } from '../../kit/errors.ts';
import type { FtpPoolOptions } from '../../platform/ftp/pool.ts';
import type { KindDeps, StreamKind, StreamRef } from '../kind.ts';
import { streamIdsOf, targetsOf } from '../listing.ts';
import { moveFtp } from '../moved-files.ts';
import { resourceKey } from '../resource.ts';
import { openPassword, type SourceAccess } from '../source-access.ts';
import { FtpDetail, type FtpOrigin, Login, liesIn, nameOf, parseFtp, urlHash } from './detail.ts';
import { createFtpOrigins } from './open.ts';
import {
  offeredFtp,
  replaceCredentials,
  saveFtpRow,
  staleCredentials,
  storedFtp,
  streamOfFtpUrl,
} from './queries.ts';

const SEALED_CREDENTIALS = 'ftp.credentials';

/** Files on FTP servers: `ftp:`, `ftpes:` (TLS by AUTH) and `ftps:` (TLS from the first byte). */
export function ftpKind(deps: KindDeps & { ftp?: FtpPoolOptions }): StreamKind {
  const { db, crypto } = deps;
  const origins = createFtpOrigins(deps);
  return {
    kind: 'ftp',
    parse: parseFtp,
    resource: (detail) => resourceKey('ftp', FtpDetail.parse(detail).url),
    find: (on, detail) => streamOfFtpUrl(on, urlHash(FtpDetail.parse(detail).url)),
    async describe(detail, signal) {
      const target = FtpDetail.parse(detail);
      const { sizeBytes } = await origins.ask(target, signal);
      const name = nameOf(target.url);
      return { name, sizeBytes, contentType: contentTypeOf(name), files: [], trackers: [] };
    },
    async save(on, streamId, detail, place) {
      const { url, login } = FtpDetail.parse(detail);
      const credentialsSealed =
        login === null ? null : crypto.seal(SEALED_CREDENTIALS, JSON.stringify(login));
      const row = { streamId, url, urlHash: urlHash(url), credentialsSealed };
      await saveFtpRow(on, { ...row, place: place ?? null });
    },
    async targets(on, refs) {
      const offered = await offeredFtp(on, streamIdsOf(refs));
      return targetsOf(refs, offered, ({ url }, { fileIndex }) => ({
        via: 'play',
        fileIndex,
        resource: resourceKey('ftp', url),
        contentType: contentTypeOf(nameOf(url)),
      }));
    },
    move: async (on, moved) =>
      await moveFtp(
        on,
        moved.map(({ detail, ...rest }) => {
          const { url } = FtpDetail.parse(detail);
          return { ...rest, url, urlHash: urlHash(url) };
        }),
      ),
    sealed: [
      { purpose: SEALED_CREDENTIALS, atOnce: 100, stale: staleCredentials, replace: replaceCredentials },
    ],
    async beside(streamId, address, signal) {
      const source = (await storedFtp(db, streamId))?.source ?? null;
      if (source === null || !liesIn(source.baseUrl, address)) return null;
      const { url } = parseFtp({ url: address });
      return await origins.open({ url, ...accessBy(source, url, null) }, signal);
    },
    open: async (ref, signal) => await origins.open(await detailOf(ref), signal),
    async check(ref, signal) {
      const checkedAt = new Date();
      try {
        await origins.ask(await detailOf(ref), signal);
        return { isReachable: true, checkedAt, reason: null };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AppError)) throw error;
        return { isReachable: false, checkedAt, reason: error.message };
      }
    },
    close: async () => origins.close(),
  };

  /** Where a stream is and who is there, stored or told. */
  async function detailOf(ref: StreamRef): Promise<FtpOrigin> {
    if ('detail' in ref) return FtpDetail.parse(ref.detail);
    const stored = await storedFtp(db, ref.streamId);
    if (stored === null) throw new NotFound('stream.not_found', 'This stream does not exist any more.');
    const { url, credentialsSealed, source } = stored;
    const own = credentialsSealed === null ? null : openLogin(credentialsSealed);
    return { url, ...accessBy(source, url, own) };
  }

  /** What the owner gave the source goes to files below its base, and nowhere else. */
  function accessBy(source: SourceAccess, url: string, own: z.infer<typeof Login> | null) {
    if (source === null || !liesIn(source.baseUrl, url)) return { login: own };
    const { username, passwordSealed, allowsPrivate } = source;
    if (own !== null || username === null) return { login: own, allowsPrivate };
    return { login: { username, password: openPassword(crypto, passwordSealed) ?? '' }, allowsPrivate };
  }

  function openLogin(sealed: Buffer) {
    const plain = crypto.open(SEALED_CREDENTIALS, sealed);
    if (plain === null)
      throw new AppError(
        'stream.sealed',
        'The stored access of this stream cannot be read. Save the stream again.',
        { status: 500 },
      );
    return Login.parse(JSON.parse(plain.toString('utf8')));
  }
}

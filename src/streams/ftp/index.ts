import type { z } from 'zod';
import { contentTypeOf } from '../../kit/content-type.ts';
import { NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import type { FtpPoolOptions } from '../../platform/ftp/pool.ts';
import { healthOf } from '../health-of.ts';
import type { KindDeps, StreamKind, StreamRef } from '../kind.ts';
import { streamIdsOf, targetsOf } from '../listing.ts';
import type { SavedDetail } from '../many-at-once.ts';
import { moveFtp } from '../queries.ts';
import { resourceKey } from '../resource.ts';
import { openAccess, openPassword, type SourceAccess } from '../source-access.ts';
import { FtpDetail, type FtpOrigin, Login, liesIn, nameOf, parseFtp, urlHash } from './detail.ts';
import { createFtpOrigins } from './open.ts';
import {
  offeredFtp,
  replaceCredentials,
  saveFtpRows,
  staleCredentials,
  storedFtp,
  streamsOfFtpUrls,
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
    find: async (on, detail) => (await findAll(on, [detail]))[0] ?? null,
    findAll,
    async describe(detail, signal) {
      const target = FtpDetail.parse(detail);
      const { sizeBytes } = await origins.ask(target, signal);
      const name = nameOf(target.url);
      return { name, sizeBytes, contentType: contentTypeOf(name), files: [], trackers: [] };
    },
    save: (on, streamId, detail, place) => saveAll(on, [{ streamId, detail, place }]),
    saveAll,
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
    check: (ref, signal) => healthOf(async () => await origins.ask(await detailOf(ref), signal), signal),
    close: async () => origins.close(),
  };

  function findAll(on: Db, details: readonly unknown[]): Promise<(number | null)[]> {
    return streamsOfFtpUrls(
      on,
      details.map((detail) => urlHash(FtpDetail.parse(detail).url)),
    );
  }

  async function saveAll(on: Db, saved: readonly SavedDetail[]): Promise<void> {
    await saveFtpRows(
      on,
      saved.map(({ streamId, detail, place = null }) => {
        const { url, login } = FtpDetail.parse(detail);
        const credentialsSealed =
          login === null ? null : crypto.seal(SEALED_CREDENTIALS, JSON.stringify(login));
        return { streamId, url, urlHash: urlHash(url), credentialsSealed, place };
      }),
    );
  }

  /** Where a stream is and who is there, stored or told. */
  async function detailOf(ref: StreamRef): Promise<FtpOrigin> {
    if ('detail' in ref) return FtpDetail.parse(ref.detail);
    const stored = await storedFtp(db, ref.streamId);
    if (stored === null) throw new NotFound('stream.not_found', 'This stream does not exist any more.');
    const { url, credentialsSealed, source } = stored;
    const own =
      credentialsSealed === null ? null : openAccess(crypto, SEALED_CREDENTIALS, credentialsSealed, Login);
    return { url, ...accessBy(source, url, own) };
  }

  /** What the owner gave the source goes to files below its base, and nowhere else. */
  function accessBy(source: SourceAccess, url: string, own: z.infer<typeof Login> | null) {
    if (source === null || !liesIn(source.baseUrl, url)) return { login: own };
    const { username, passwordSealed, allowsPrivate } = source;
    if (own !== null || username === null) return { login: own, allowsPrivate };
    return { login: { username, password: openPassword(crypto, passwordSealed) ?? '' }, allowsPrivate };
  }
}

import { z } from 'zod';
import { basicAuthorization } from '../../kit/basic-authorization.ts';
import { contentTypeOf } from '../../kit/content-type.ts';
import { AppError, NotFound } from '../../kit/errors.ts';
import { pathBelow } from '../../kit/url-below.ts';
import type { Db } from '../../platform/db.ts';
import { healthOf } from '../health-of.ts';
import type { Described, KindDeps, StreamKind, StreamRef } from '../kind.ts';
import { streamIdsOf, targetsOf } from '../listing.ts';
import type { SavedDetail } from '../many-at-once.ts';
import { moveHttp } from '../queries.ts';
import { resourceKey } from '../resource.ts';
import { openAccess, openPassword, type SourceAccess } from '../source-access.ts';
import { openDelivered } from './delivery.ts';
import { HttpDetail, type HttpOrigin, nameOf, parseHttp, urlHash } from './detail.ts';
import { createOrigins } from './open.ts';
import {
  offeredHttp,
  rebaseHttp,
  replaceHeaders,
  saveHttpRows,
  staleHeaders,
  storedHttp,
  streamsOfUrls,
} from './queries.ts';

const Headers = z.record(z.string(), z.string());
const SEALED_HEADERS = 'http.headers';

/** Files at http(s) URLs. HLS and DASH are how such bytes are delivered, so their playlists are of this kind too. */
export function httpKind(deps: KindDeps): StreamKind {
  const { db, crypto } = deps;
  const origins = createOrigins(deps);
  return {
    kind: 'http',
    parse: parseHttp,
    resource: (detail) => resourceKey('http', HttpDetail.parse(detail).url),
    find: async (on, detail) => (await findAll(on, [detail]))[0] ?? null,
    findAll,
    describe,
    save: (on, streamId, detail, place) => saveAll(on, [{ streamId, detail, place }]),
    saveAll,
    rebase: rebaseHttp,
    targets,
    move: async (on, moved) =>
      await moveHttp(
        on,
        moved.map(({ detail, ...rest }) => {
          const { url } = HttpDetail.parse(detail);
          return { ...rest, url, urlHash: urlHash(url) };
        }),
      ),
    sealed: [{ purpose: SEALED_HEADERS, atOnce: 100, stale: staleHeaders, replace: replaceHeaders }],
    async beside(streamId, address, signal) {
      const source = (await storedHttp(db, streamId))?.source ?? null;
      const url = URL.parse(address);
      if (source === null || url === null || !pathBelow(new URL(source.baseUrl), url)) return null;
      return await origins.open({ url: url.href, ...accessBy(source, url.href, {}) }, signal);
    },
    open: async (ref, signal) => openDelivered(origins, await detailOf(ref), signal),
    check: (ref, signal) => healthOf(async () => await origins.ask(await detailOf(ref), signal), signal),
  };

  async function describe(detail: unknown, signal: AbortSignal): Promise<Described> {
    const target = HttpDetail.parse(detail);
    const source = await origins.open(target, signal);
    const name = source.filename ?? nameOf(target.url);
    return { name, sizeBytes: source.size, contentType: source.contentType, files: [], trackers: [] };
  }

  function findAll(on: Db, details: readonly unknown[]): Promise<(number | null)[]> {
    return streamsOfUrls(
      on,
      details.map((detail) => urlHash(HttpDetail.parse(detail).url)),
    );
  }

  async function saveAll(on: Db, saved: readonly SavedDetail[]): Promise<void> {
    await saveHttpRows(
      on,
      saved.map(({ streamId, detail, place = null }) => {
        const { url, headers, format, expiresAt } = HttpDetail.parse(detail);
        const hasHeaders = Object.keys(headers).length > 0;
        const headersSealed = hasHeaders ? crypto.seal(SEALED_HEADERS, JSON.stringify(headers)) : null;
        return { streamId, url, urlHash: urlHash(url), format, headersSealed, expiresAt, place };
      }),
    );
  }

  async function detailOf(ref: StreamRef): Promise<HttpOrigin> {
    if ('detail' in ref)
      return { ...HttpDetail.parse(ref.detail), allowsPrivate: ref.allowsPrivate ?? false };
    const stored = await storedHttp(db, ref.streamId);
    if (stored === null) throw new NotFound('stream.not_found', 'This stream does not exist any more.');
    if (stored.isExpired)
      throw new AppError('stream.expired', 'The link of this stream has expired.', { status: 410 });
    const own =
      stored.headersSealed === null ? {} : openAccess(crypto, SEALED_HEADERS, stored.headersSealed, Headers);
    return {
      url: stored.url,
      ...accessBy(stored.source, stored.url, own),
      format: stored.format ?? 'progressive',
      expiresAt: null,
    };
  }

  /** What the owner gave the source goes to files below its base, and nowhere else. */
  function accessBy(source: SourceAccess, url: string, own: Readonly<Record<string, string>>) {
    if (source === null || !pathBelow(new URL(source.baseUrl), new URL(url))) return { headers: own };
    const { username, allowsPrivate } = source;
    if (username === null) return { headers: own, allowsPrivate };
    const authorization = basicAuthorization(username, openPassword(crypto, source.passwordSealed));
    return { headers: { authorization, ...own }, allowsPrivate };
  }
}

const targets: StreamKind['targets'] = async (db, refs) => {
  const offered = await offeredHttp(db, streamIdsOf(refs));
  return targetsOf(refs, offered, ({ url, name, expiresAt, direct }, { fileIndex }) => {
    return {
      via: 'play',
      fileIndex,
      resource: resourceKey('http', url),
      contentType: typeByNames(nameOf(url), name),
      ...(expiresAt === null ? {} : { goodUntil: expiresAt }),
      ...(direct === null ? {} : { direct: { url, isOnly: direct === 'direct' } }),
    };
  });
};

/** The URL's own name decides; `…/download?id=5` has none that helps, then the stream's. */
function typeByNames(urlName: string | null, streamName: string): string {
  const byUrl = contentTypeOf(urlName ?? '');
  return byUrl === 'application/octet-stream' ? contentTypeOf(streamName) : byUrl;
}

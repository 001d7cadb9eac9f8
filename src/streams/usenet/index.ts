import type { Db } from '../../platform/db.ts';
import type { Described, KindDeps, StreamKind } from '../kind.ts';
import { NOTHING_INSIDE, streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { parseUsenetInput, UsenetDetail } from './detail.ts';
import type { UsenetEngine } from './engine.ts';
import { fetchNzb, mayComeLater } from './fetch-nzb.ts';
import { checkPosts } from './health/check-posts.ts';
import { filesOfLearned, filesOfNzb } from './posted-files.ts';
import {
  learnedOf,
  offeredUsenet,
  sealedNzbs,
  sealedPasswords,
  sealedUploads,
  sealedUrls,
  streamOfNzb,
} from './queries.ts';
import { nzbOfDetail, readDetail, withNzb } from './read-detail.ts';
import { createReleases, SEALED_NZB, SEALED_PASSWORD, SEALED_URL } from './releases.ts';

/** Somebody who adds an address waits so long for its NZB. */
const COMPLETE_MS = 8000;

type EngineOf = (deps: KindDeps, usenet: NonNullable<KindDeps['usenet']>) => UsenetEngine;

/** Usenet posts: known and listed by their NZB; reading articles is not built yet, so there is nothing to open. */
export function usenetKind(deps: KindDeps, { engineOf }: { engineOf?: EngineOf } = {}): StreamKind {
  const { db, crypto, net, log, usenet } = deps;
  const releases = createReleases({ db, crypto, net, onInside: deps.onInside });
  const isOn = usenet !== undefined && usenet.providers.length > 0;
  const engine = isOn ? (engineOf?.(deps, usenet) ?? null) : null;
  return {
    kind: 'usenet',
    parse: parseUsenetInput,
    complete,
    describe,
    resource(detail) {
      const { key, guid } = UsenetDetail.parse(detail);
      return resourceKey('usenet', key ?? guid);
    },
    find(on, detail) {
      const { guid, key } = UsenetDetail.parse(detail);
      return streamOfNzb(on, guid, key);
    },
    save: async (on: Db, streamId, detail) =>
      await releases.save(on, streamId, await readDetail(UsenetDetail.parse(detail))),
    linkDetail: async (detail) => await releases.linkDetail(await readDetail(UsenetDetail.parse(detail))),
    ...(engine === null
      ? {}
      : {
          posts: {
            providers: () => engine.providers(),
            checkDue: (signal) => checkPosts({ db, log, releases, engine }, signal),
          },
          close: () => engine.close(),
        }),
    sealed: [
      { purpose: SEALED_URL, atOnce: 100, ...sealedUrls },
      { purpose: SEALED_NZB, atOnce: 4, ...sealedNzbs },
      { purpose: SEALED_PASSWORD, atOnce: 100, ...sealedPasswords },
      { purpose: SEALED_NZB, atOnce: 4, ...sealedUploads },
    ],
    async targets(on, refs) {
      const rows = await offeredUsenet(on, streamIdsOf(refs));
      return targetsOf(refs, rows, () => ({
        via: 'listed',
        reason: 'Playback from Usenet is not available yet.',
      }));
    },
  };

  /** With its NZB, from the indexer where only its address is known; one that is away is asked again when it is first watched. */
  async function complete(value: unknown, signal: AbortSignal): Promise<unknown> {
    const detail = await readDetail(UsenetDetail.parse(value), signal);
    if (detail.packed !== null || detail.nzbUrl === null) return detail;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(COMPLETE_MS)]);
    try {
      return await withNzb(detail, await fetchNzb(net, detail.nzbUrl, bounded), bounded);
    } catch (error) {
      signal.throwIfAborted();
      if (bounded.aborted || mayComeLater(error, net.rules.mode)) return detail;
      throw error;
    }
  }

  async function describe(value: unknown, signal: AbortSignal): Promise<Described> {
    const detail = await readDetail(UsenetDetail.parse(value), signal);
    const nzb = await nzbOfDetail(detail);
    if (nzb === null || detail.key === null) return { ...NOTHING_INSIDE, name: detail.name };
    const learned = await learnedOf(db, detail.key);
    const files = learned?.files == null ? filesOfNzb(nzb, detail.name) : filesOfLearned(learned.files);
    const [only, another] = files;
    return {
      name: detail.name ?? (another === undefined ? (only?.name ?? null) : null),
      sizeBytes: files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
      ...{ contentType: null, files, trackers: [] },
    };
  }
}

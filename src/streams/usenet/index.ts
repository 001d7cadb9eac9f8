import { LRUCache } from 'lru-cache';
import { contentTypeOf, isVideoName } from '../../kit/content-type.ts';
import { AppError } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import type { ByteSource, Described, KindDeps, StreamKind, StreamRef, Target } from '../kind.ts';
import { NOTHING_INSIDE, streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { parseUsenetInput, UsenetDetail } from './detail.ts';
import type { Learned, UsenetEngine, UsenetSpec } from './engine.ts';
import { fetchNzb, mayComeLater } from './fetch-nzb.ts';
import { checkPosts } from './health/check-posts.ts';
import { checkSoon } from './health/queries.ts';
import { writeNzb } from './nzb/write-nzb.ts';
import { openFile } from './open.ts';
import { filesOfLearned, filesOfNzb } from './posted-files.ts';
import { type WatchedReleases, watchReleases } from './progress.ts';
import {
  forgetPostAccess,
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
import { createRemoteEngine } from './thread/remote-engine.ts';

/** Somebody who adds an address waits so long for its NZB. */
const COMPLETE_MS = 8000;

/** What posts nearly always hold. */
const USUAL_TYPE = 'video/x-matroska';
/** What was learned lately: it is asked for before the database has it. */
const MAX_FRESH = 100;
/** Articles of all viewers; half of what streams may hold, where that is less. */
const MAX_MEMORY_BYTES = 128 * 1024 * 1024;

/** Usenet posts: listed by their NZB, read article by article from the owner's providers. Without providers they are only listed. */
export function usenetKind(deps: KindDeps): StreamKind {
  const { db, crypto, net, log, usenet } = deps;
  const releases = createReleases({ db, crypto, net, onInside: deps.onInside });
  const fresh = new LRUCache<string, Learned>({ max: MAX_FRESH });
  const engine = usenet === undefined || usenet.providers.length === 0 ? null : engineOf(usenet);

  const watched = engine === null ? null : watchReleases(engine);

  function engineOf({
    providers,
    cache,
    fillsHoles = () => false,
  }: NonNullable<KindDeps['usenet']>): UsenetEngine {
    const { mode, allow, publicUrl = null, ownPorts } = net.rules;
    const most = deps.streamMemoryBytes ?? 2 * MAX_MEMORY_BYTES;
    return createRemoteEngine({
      ...{ providers, cache, publicUrl, ownPorts, fillsHoles, outbound: { mode, allow } },
      memoryBytes: Math.min(MAX_MEMORY_BYTES, Math.floor(most / 2)),
      onLearned(key, learned) {
        fresh.set(key, learned);
        releases
          .keepLearned(key, learned)
          .catch((err) => log.warn({ err }, 'what was learned of a post was not kept'));
      },
      onGone(key) {
        checkSoon(db, key).catch((err) => log.warn({ err }, 'a damaged post was not put down for a check'));
      },
      onWarning: (text) => log.warn(text),
    });
  }

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
    forgetAccess: forgetPostAccess,
    save: async (on: Db, streamId, detail) =>
      await releases.save(on, streamId, await readDetail(UsenetDetail.parse(detail))),
    linkDetail: async (detail) => await releases.linkDetail(await readDetail(UsenetDetail.parse(detail))),
    async document(streamId, signal) {
      const { nzb, password } = await releases.specOf({ streamId, fileIndex: null }, signal);
      return writeNzb({ ...nzb, password });
    },
    ...(engine === null || watched === null
      ? {}
      : {
          posts: {
            providers: () => engine.providers(),
            checkDue: (signal) => checkPosts({ db, log, releases, engine }, signal),
          },
          open: (ref, signal) => open(watched, ref, signal),
          progress: watched.progress,
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
      return targetsOf(refs, rows, ({ guid, key, name }, { fileIndex }): Target => {
        if (engine === null)
          return { via: 'listed', reason: 'No Usenet provider is configured (USENET_PROVIDERS).' };
        const contentType = isVideoName(name) ? contentTypeOf(name) : USUAL_TYPE;
        return { via: 'play', fileIndex, resource: resourceKey('usenet', key ?? guid), contentType };
      });
    },
  };

  async function open(on: WatchedReleases, ref: StreamRef, signal: AbortSignal): Promise<ByteSource> {
    const key = await releases.keyOf(ref);
    if (key !== null)
      return await openFile(on, { key, load: () => releases.specOf(ref, signal) }, ref.fileIndex, signal);
    const spec = await releases.specOf(ref, signal);
    return await openFile(on, { key: spec.key, load: async () => spec }, ref.fileIndex, signal);
  }

  /** With its NZB, from the indexer where only its address is known; one that is away is asked again when it is first watched. */
  async function complete(value: unknown, signal: AbortSignal): Promise<unknown> {
    const detail = await readDetail(UsenetDetail.parse(value), signal);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(COMPLETE_MS)]);
    try {
      if (detail.packed !== null || detail.nzbUrl === null) return await lookInside(detail, bounded);
      const read = await withNzb(detail, await fetchNzb(net, detail.nzbUrl, bounded), bounded);
      return await lookInside(read, bounded);
    } catch (error) {
      signal.throwIfAborted();
      if (bounded.aborted || mayComeLater(error, net.rules.mode)) return detail;
      throw error;
    }
  }

  /** What cannot be played is refused while somebody is there to read why; a provider that is away, or a slow one, is no reason. */
  async function lookInside(detail: UsenetDetail, signal: AbortSignal): Promise<UsenetDetail> {
    const { key } = detail;
    const nzb = key === null ? null : await nzbOfDetail(detail);
    if (engine === null || key === null || nzb === null) return detail;
    const learned = await learnedOf(db, key);
    const spec: UsenetSpec = { key, nzb, password: detail.password ?? nzb.password, learned };
    const isOpened = await opens(engine, spec, signal);
    const inside = isOpened ? (fresh.get(key)?.files ?? learned?.files ?? []) : [];
    return { ...detail, isPassworded: detail.isPassworded || inside.some(({ isEncrypted }) => isEncrypted) };
  }

  async function opens(on: UsenetEngine, spec: UsenetSpec, signal: AbortSignal): Promise<boolean> {
    try {
      const release = await on.open(spec.key, async () => spec, signal);
      release.close();
      return true;
    } catch (error) {
      if (isRefusal(error)) throw error;
      log.debug({ err: error }, 'nobody could look into a post');
      return false;
    }
  }

  async function describe(value: unknown, signal: AbortSignal): Promise<Described> {
    const detail = await readDetail(UsenetDetail.parse(value), signal);
    const nzb = await nzbOfDetail(detail);
    if (nzb === null || detail.key === null) return { ...NOTHING_INSIDE, name: detail.name };
    const learned = fresh.get(detail.key) ?? (await learnedOf(db, detail.key));
    const files = learned?.files == null ? filesOfNzb(nzb, detail.name) : filesOfLearned(learned.files);
    const [only, another] = files;
    return {
      name: detail.name ?? (another === undefined ? (only?.name ?? null) : null),
      sizeBytes: files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
      ...{ contentType: null, files, trackers: [] },
    };
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === 'usenet.refused';
}

import { NotFound, UpstreamFailed } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Db } from '../../platform/db.ts';
import type { Net } from '../../platform/net.ts';
import type { KindDeps, StreamRef } from '../kind.ts';
import { UsenetDetail } from './detail.ts';
import type { Learned, UsenetSpec } from './engine.ts';
import { fetchNzb } from './fetch-nzb.ts';
import type { Nzb } from './nzb/nzb.ts';
import { unpackNzb } from './nzb/pack.ts';
import { filesOfLearned, filesOfNzb } from './posted-files.ts';
import {
  keepUpload,
  keyOfStream,
  learnedOf,
  saveLearned,
  saveUsenetRow,
  storedPost,
  streamsOfRelease,
  uploadOf,
} from './queries.ts';
import { factsOfNzb, nzbOfDetail, withNzb } from './read-detail.ts';

export const SEALED_URL = 'usenet.nzb-url';
export const SEALED_NZB = 'usenet.nzb';
export const SEALED_PASSWORD = 'usenet.password';

/** A link lives 30 days at most (`MAX_LIFE_S`); what it needs a day longer. */
const UPLOAD_DAYS = 31;
/** As the table's own rule: some 5,000 posted files whose parts all differ. */
const MAX_LEARNED_BYTES = 256 * 1024;

export type ReleaseDeps = {
  db: Db;
  crypto: Pick<Crypto, 'seal' | 'open'>;
  net: Pick<Net, 'request'>;
  /** Told what is inside a stored stream, once that is known; the stream-index room writes it. */
  onInside?: KindDeps['onInside'];
};

/** What opens releases, and what is kept of them. */
export type Releases = {
  /** Throws NotFound where the stream or the link's NZB is gone, UpstreamFailed where the indexer does not give it, BadInput for what is no NZB. */
  specOf(ref: StreamRef, signal: AbortSignal): Promise<UsenetSpec>;
  /** By which the engine may have it open; null: its NZB has to be read first. */
  keyOf(ref: StreamRef): Promise<string | null>;
  save(on: Db, streamId: number, detail: UsenetDetail): Promise<void>;
  /** Keeps the NZB of a link, which does not fit a URL; answers what does. */
  linkDetail(detail: UsenetDetail): Promise<UsenetDetail>;
  /** Keeps what was learned, and tells what is inside when that is new. What is too large to keep is learned again the next time. */
  keepLearned(key: string, learned: Learned): Promise<void>;
};

export function createReleases({ db, crypto, net, onInside }: ReleaseDeps): Releases {
  async function save(on: Db, streamId: number, detail: UsenetDetail): Promise<void> {
    const nzb = await nzbOfDetail(detail);
    await saveUsenetRow(on, {
      ...{ streamId, guid: detail.guid, isPassworded: detail.isPassworded },
      // Indexers put the member's API key into the URL.
      urlSealed: detail.nzbUrl === null ? null : crypto.seal(SEALED_URL, detail.nzbUrl),
      passwordSealed: detail.password === null ? null : crypto.seal(SEALED_PASSWORD, detail.password),
      nzb: nzb === null ? null : columnsOf(detail, nzb),
    });
  }

  function columnsOf({ key, packed, name }: UsenetDetail, nzb: Nzb) {
    const sizes = filesOfNzb(nzb, name).map(({ sizeBytes }) => sizeBytes ?? 0);
    return {
      key: key ?? '',
      sealed: crypto.seal(SEALED_NZB, Buffer.from(packed ?? '', 'base64')),
      sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
      ...factsOfNzb(nzb),
    };
  }

  async function opened(sealed: Buffer): Promise<Nzb> {
    const packed = crypto.open(SEALED_NZB, sealed);
    if (packed === null) throw gone();
    return await unpackNzb(packed);
  }

  async function specWith(key: string, nzb: Nzb, password: string | null): Promise<UsenetSpec> {
    return { key, nzb, password: password ?? nzb.password, learned: await learnedOf(db, key) };
  }

  /** From the indexer; each time counts against the member's limit, so the caller keeps it. */
  async function fetched(detail: UsenetDetail, signal: AbortSignal) {
    if (detail.nzbUrl === null) throw gone();
    const read = await withNzb(detail, await fetchNzb(net, detail.nzbUrl, signal), signal);
    const nzb = await nzbOfDetail(read);
    if (nzb === null || read.key === null) throw gone();
    return { read, spec: await specWith(read.key, nzb, read.password) };
  }

  async function specOfStream(streamId: number, signal: AbortSignal): Promise<UsenetSpec> {
    const stored = await storedPost(db, streamId);
    if (stored === null) throw new NotFound('stream.not_found', 'This stream does not exist any more.');
    const password = opensAs(SEALED_PASSWORD, stored.passwordSealed);
    if (stored.nzbSealed !== null && stored.key !== null)
      return await specWith(stored.key, await opened(stored.nzbSealed), password);
    const { guid, name } = stored;
    const nzbUrl = opensAs(SEALED_URL, stored.urlSealed);
    const detail = UsenetDetail.parse({ guid, nzbUrl, isPassworded: false, password, name });
    const { read, spec } = await fetched(detail, signal);
    await save(db, streamId, read);
    return spec;
  }

  async function specOfLink(detail: UsenetDetail, signal: AbortSignal): Promise<UsenetSpec> {
    const kept = detail.key === null ? null : await uploadOf(db, detail.key);
    if (kept !== null && detail.key !== null)
      return await specWith(detail.key, await opened(kept), detail.password);
    const { read, spec } = await fetched(detail, signal);
    await linkDetail(read);
    return spec;
  }

  function opensAs(purpose: string, sealed: Buffer | null): string | null {
    return sealed === null ? null : (crypto.open(purpose, sealed)?.toString('utf8') ?? null);
  }

  async function linkDetail(detail: UsenetDetail): Promise<UsenetDetail> {
    const { key, packed } = detail;
    if (key !== null && packed !== null)
      await keepUpload(db, key, crypto.seal(SEALED_NZB, Buffer.from(packed, 'base64')), UPLOAD_DAYS);
    // A long address only serves where the NZB is lost.
    const nzbUrl =
      (detail.nzbUrl?.length ?? 0) > MAX_LINK_URL_CHARS && packed !== null ? null : detail.nzbUrl;
    return { ...detail, nzbUrl, nzb: null, packed: null };
  }

  return {
    specOf: (ref, signal) =>
      'detail' in ref
        ? specOfLink(UsenetDetail.parse(ref.detail), signal)
        : specOfStream(ref.streamId, signal),
    keyOf: async (ref) =>
      'detail' in ref ? UsenetDetail.parse(ref.detail).key : await keyOfStream(db, ref.streamId),
    save,
    linkDetail,
    async keepLearned(key, learned) {
      const before = onInside === undefined ? null : await learnedOf(db, key);
      if (Buffer.byteLength(JSON.stringify(learned)) <= MAX_LEARNED_BYTES * 0.9)
        await saveLearned(db, key, learned);
      if (onInside === undefined || learned.files === null || isSameInside(before, learned)) return;
      for (const streamId of await streamsOfRelease(db, key))
        onInside(streamId, filesOfLearned(learned.files));
    },
  };
}

function isSameInside(before: Learned | null, now: Learned): boolean {
  return JSON.stringify(before?.files ?? null) === JSON.stringify(now.files);
}

/** What leaves room in a play link (8 KiB, sealed and in base64) for the rest. */
const MAX_LINK_URL_CHARS = 2000;

function gone(): UpstreamFailed {
  return new UpstreamFailed('The NZB of this post is not here any more, and nobody told where it is.', {
    ...{ retryable: false, status: 410 },
  });
}

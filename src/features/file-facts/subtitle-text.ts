import type { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { AppError, NotFound } from '../../kit/errors.ts';
import { isTextSubtitle } from '../../kit/media-facts.ts';
import { toWebVtt } from '../../kit/web-vtt.ts';
import type { Net } from '../../platform/net.ts';
import type { NetResponse } from '../../platform/net-request.ts';
import type { SubtitleLink } from '../../platform/subtitle-links.ts';
import { asReadable, type ByteSource } from '../../streams/kind.ts';
import { isPlayable } from '../stream-index/index.ts';
import { factsOfFile } from './look.ts';
import { MAX_LINKED_FILES, type ProbeDeps, withSource } from './probe-stream.ts';
import { linkedFiles, storedSubtitle } from './queries.ts';

export type SubtitleDeps = ProbeDeps & { net: Pick<Net, 'request'> };

export type SubtitleTexts = {
  /** WebVTT behind a link; throws NotFound, AppError `media.*`, and what the origin did. */
  textOf(link: SubtitleLink, signal: AbortSignal): Promise<string>;
};

const MAX_BYTES = 10 * 1024 * 1024;
const MAX_CACHED_CHARS = 16 * 1024 * 1024;
const FETCH_MS = 20_000;

/** Subtitles as WebVTT. Embedded ones cost reading the whole file, so they are kept by its ETag, 16 MiB of them. */
export function createSubtitleTexts(deps: SubtitleDeps): SubtitleTexts {
  const embedded = new LRUCache<string, string>({
    maxSize: MAX_CACHED_CHARS,
    sizeCalculation: (text) => Math.max(1, text.length),
  });

  async function embeddedText(link: SubtitleLink, track: number, signal: AbortSignal): Promise<string> {
    const { streamId, fileIndex } = link;
    const files = await linkedFiles(deps.db, streamId, MAX_LINKED_FILES);
    const file = files.find((each) => each.fileIndex === fileIndex);
    if (file === undefined) throw gone();
    return await withSource(deps, { ...file, streamId }, signal, async (source) => {
      const key = JSON.stringify([streamId, fileIndex, track, source.etag, source.size]);
      const known = embedded.get(key);
      if (known !== undefined) return known;
      const text = await extracted(link, track, source, signal);
      embedded.set(key, text);
      return text;
    });
  }

  async function extracted(
    { streamId, fileIndex }: SubtitleLink,
    index: number,
    source: ByteSource,
    signal: AbortSignal,
  ): Promise<string> {
    const { media } = await factsOfFile(deps, { streamId, fileIndex }, source, signal);
    const track = media?.tracks.find((each) => each.index === index);
    if (track === undefined || !isTextSubtitle(track)) throw gone();
    const lent = await deps.lend(source);
    try {
      return toWebVtt(await deps.tools.subtitles(lent.url, track, signal), { encoding: 'utf-8' });
    } finally {
      lent.release();
    }
  }

  async function textBeside(streamId: number, subtitleId: number, signal: AbortSignal): Promise<string> {
    const stored = await storedSubtitle(deps.db, streamId, subtitleId);
    if (stored === null) throw gone();
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]);
    if (stored.fileIndex !== null)
      return await withSource(deps, { ...stored, streamId }, bounded, async (source) =>
        toWebVtt(await bytesOf(source, bounded), stored),
      );
    const beside = await deps.kinds.get(stored.kind)?.beside?.(streamId, stored.path, bounded);
    if (beside != null) return await textIn(beside, stored, bounded);
    if (!/^https?:/i.test(stored.path)) throw gone();
    const response = await deps.net.request(stored.path, {
      headers: { 'accept-encoding': 'identity' },
      signal: bounded,
    });
    return toWebVtt(await bodyOf(response), stored);
  }

  async function textIn(
    source: ByteSource,
    stored: { encoding: string | null; language: string | null },
    signal: AbortSignal,
  ): Promise<string> {
    try {
      return toWebVtt(await bytesOf(source, signal), stored);
    } finally {
      await source.close();
    }
  }

  return {
    async textOf(link, signal) {
      if (!(await isPlayable(deps.db, link.streamId))) throw gone();
      if (link.track !== undefined) return await embeddedText(link, link.track, signal);
      if (link.subtitleId === undefined) throw gone();
      return await textBeside(link.streamId, link.subtitleId, signal);
    },
  };
}

async function bodyOf({ status, body }: NetResponse): Promise<Buffer> {
  if (status !== 200) {
    await body.dump({ limit: 16_384 });
    throw new AppError('media.subtitle_away', 'This subtitle cannot be fetched from where it lies.', {
      status: status === 404 || status === 410 ? 404 : 502,
    });
  }
  return await wholeOf(body);
}

/** A subtitle that is a file of the stream. */
async function bytesOf(source: ByteSource, signal: AbortSignal): Promise<Buffer> {
  if (source.size === null || source.size > MAX_BYTES) throw tooLarge();
  return await wholeOf(asReadable(source, { start: 0, end: source.size }, signal));
}

async function wholeOf(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of body) {
    if (!Buffer.isBuffer(piece)) continue;
    sizeBytes += piece.length;
    if (sizeBytes > MAX_BYTES) {
      body.destroy();
      throw tooLarge();
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLarge(): AppError {
  return new AppError('media.subtitle_large', 'This subtitle is larger than 10 MiB.', { status: 502 });
}

function gone(): NotFound {
  return new NotFound('media.no_subtitle', 'There is no such subtitle (any more).');
}

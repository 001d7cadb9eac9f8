import { createSlabMemory } from '../../src/streams/slab-memory.ts';
import type { ArticleDisk } from '../../src/streams/usenet/articles/disk.ts';
import type { Layout, Part } from '../../src/streams/usenet/articles/part.ts';
import { createPostedFile, type SeekableFile } from '../../src/streams/usenet/articles/posted-file.ts';
import { type ReadOptions, readLayout } from '../../src/streams/usenet/articles/read-layout.ts';
import { type ArticleStoreOptions, createArticleStore } from '../../src/streams/usenet/articles/store.ts';
import { createYenc } from '../../src/streams/usenet/yenc/yenc.ts';
import { type NntpServer, startNntpServer, type Trouble } from './nntp-server.ts';
import { type PostedPart, type PostOptions, postFile } from './nzb-post.ts';
import { createPlainArticles, type PlainArticlesOptions } from './plain-articles.ts';
import { seededRandom } from './random-requests.ts';

export const MIB = 1024 * 1024;
export const NO_DISK: ArticleDisk = {
  has: () => false,
  read: async () => null,
  admit: () => false,
  write: async () => {},
  measure: async () => {},
  usedBytes: () => 0,
  close: async () => {},
};

export type RoomOptions = {
  trouble?: (id: string, count: number) => Trouble | null;
  /** A second server, asked after the first. */
  second?: (id: string, count: number) => Trouble | null;
  limitBytes?: number;
  store?: Partial<ArticleStoreOptions>;
  articles?: Partial<PlainArticlesOptions>;
};

/** Articles on a small server, and all that reads them. */
export async function openArticleRoom(options: RoomOptions = {}) {
  const { trouble, second, limitBytes = 256 * MIB } = options;
  const posted = new Map<string, Buffer>();
  const servers: NntpServer[] = [
    await startNntpServer({ articles: posted, ...(trouble ? { trouble } : {}) }),
  ];
  if (second !== undefined) servers.push(await startNntpServer({ articles: posted, trouble: second }));
  const yenc = createYenc();
  const providers = createPlainArticles({ yenc, servers, ...options.articles });
  const open = (more: Partial<ArticleStoreOptions> = {}) => {
    const memory = createSlabMemory(limitBytes, () => {});
    const store = createArticleStore({
      articles: providers,
      yenc,
      memory,
      disk: NO_DISK,
      ...options.store,
      ...more,
    });
    return { memory, store };
  };
  const { memory, store } = open();

  return {
    posted,
    servers,
    providers,
    memory,
    store,
    /** Another one, with nothing in memory. */
    open,
    /** BODYs that the servers were asked for. */
    asked: () => servers.flatMap(({ bodies }) => bodies),
    post: (more: PostOptions) => postFile(posted, more),
    file: (parts: readonly PostedPart[], more: Partial<Parameters<typeof createPostedFile>[0]> = {}) =>
      createPostedFile({ store, name: 'a.bin', segments: parts, missing: [], learned: null, ...more }),
    read: (files: readonly SeekableFile[], start: number, end: number, more: Partial<ReadOptions> = {}) =>
      readLayout({
        ...{ store, files, layout: plainLayout(end), range: { start, end } },
        ...{ viewer: 1, windowBytes: () => Number.POSITIVE_INFINITY, signal: new AbortController().signal },
        ...more,
      }),
    async [Symbol.asyncDispose]() {
      await store.close();
      for (const server of servers) await server.stop();
    },
  };
}
export type ArticleRoom = Awaited<ReturnType<typeof openArticleRoom>>;

/** One posted file as it is. */
export function plainLayout(sizeBytes: number): Layout {
  const stretch = (offset: number) => ({ volume: 0, offset, length: sizeBytes - offset });
  return { sizeBytes, locate: stretch, guess: stretch };
}

/** Stretches of volumes one after the other, as a stored archive has them. */
export function volumesLayout(
  stretches: readonly { volume: number; offset: number; length: number }[],
): Layout {
  const at = (wanted: number) => {
    let from = 0;
    for (const { volume, offset, length } of stretches) {
      if (wanted < from + length)
        return { volume, offset: offset + wanted - from, length: length - (wanted - from) };
      from += length;
    }
    return { volume: stretches.length, offset: 0, length: 0 };
  };
  const sizeBytes = stretches.reduce((sum, { length }) => sum + length, 0);
  return { sizeBytes, locate: async (wanted) => at(wanted), guess: at };
}

/** All of it, released as it comes; what came before an error is kept too. */
export async function collect(parts: AsyncIterable<Part>): Promise<{ bytes: Buffer; error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const part of parts) {
      chunks.push(Buffer.from(part.buffer.bytes.subarray(part.from, part.to)));
      part.release();
    }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
  return { bytes: Buffer.concat(chunks), error: null };
}

export function randomBytes(length: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) bytes[at] = random() * 256;
  return bytes;
}

export function seedOf(test: string): number {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
  console.info(`${test}: SEED=${seed}`);
  return seed;
}

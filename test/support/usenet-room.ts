import { randomBytes } from 'node:crypto';
import { createNet } from '../../src/platform/net.ts';
import type { ConnectionTimes } from '../../src/streams/usenet/nntp/connection.ts';
import { createAllProviders } from '../../src/streams/usenet/providers/all-providers.ts';
import type {
  ArticleJob,
  ArticlesOf,
  Attempt,
  Lane,
} from '../../src/streams/usenet/providers/articles-of.ts';
import type { Provider } from '../../src/streams/usenet/providers/provider.ts';
import { createYenc } from '../../src/streams/usenet/yenc/yenc.ts';
import { type NntpServer, type NntpServerOptions, startNntpServer } from './nntp-server.ts';
import { type PostedPart, postFile } from './nzb-post.ts';

/** A posted file, its articles, and what they hold. */
export type Post = {
  articles: Map<string, Buffer>;
  parts: readonly PostedPart[];
  bytes: Buffer;
  partBytes: number;
};

export function post(count: number, partBytes = 20_000): Post {
  const articles = new Map<string, Buffer>();
  const bytes = randomBytes(count * partBytes);
  const { parts } = postFile(articles, { name: 'film.mkv', bytes, partBytes });
  return { articles, parts, bytes, partBytes };
}

/** A try as the reader of articles makes it: bytes in memory of its own, and whether it was told the end. */
export type SeenAttempt = Attempt & { begin: number; bytes: Buffer; drops: number };

export type Fetched = { attempts: SeenAttempt[]; job: ArticleJob; whole: Promise<SeenAttempt> };

export type UsenetRoom = AsyncDisposable & {
  all: ArticlesOf;
  /** Asks for the part; fails where what comes is of another part. */
  fetch(part: number, options?: { viewer?: number; lane?: Lane; signal?: AbortSignal }): Fetched;
  /** Whether what came is that part. */
  isRight(part: number, attempt: SeenAttempt): boolean;
};

export type RoomOptions = { post: Post; providers: Provider[]; times?: Partial<ConnectionTimes> };

export function providerAt(server: { host: string; port: number }, more: Partial<Provider> = {}): Provider {
  return {
    ...{ name: `${server.host}:${server.port}`, host: server.host, port: server.port, tls: false },
    ...{ username: null, password: null, connections: 4, priority: 0, backup: false, tlsCa: null },
    ...more,
  };
}

/** Several of them as several providers, stopped together. */
export async function startServers(
  options: readonly Partial<NntpServerOptions>[],
  articles: ReadonlyMap<string, Buffer>,
): Promise<NntpServer[] & AsyncDisposable> {
  const servers = await Promise.all(
    options.map((one, index) => startNntpServer({ host: `127.0.0.${index + 1}`, articles, ...one })),
  );
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  return Object.assign(servers, { [Symbol.asyncDispose]: stop });
}

export function openRoom({ post: { parts, bytes, partBytes }, providers, times }: RoomOptions): UsenetRoom {
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const yenc = createYenc();
  const all = createAllProviders({ net, yenc, providers, ...(times === undefined ? {} : { times }) });

  function attempt(part: number, seen: SeenAttempt[]): SeenAttempt {
    let begin = -1;
    let memory = Buffer.alloc(0);
    const inner = yenc.decoder((header) => {
      begin = header.begin;
      memory = Buffer.alloc(Math.max(0, Math.min(header.end - header.begin, 2 * partBytes)));
      return memory;
    });
    const isOther = () => begin >= 0 && begin !== part * partBytes;
    const one: SeenAttempt = {
      drops: 0,
      get begin() {
        return begin;
      },
      get bytes() {
        return memory;
      },
      decoder: {
        feed(from, to) {
          if (one.drops > 0) throw new Error('fed after it was dropped');
          return inner.feed(from, to);
        },
        get header() {
          return inner.header;
        },
        get out() {
          return inner.out;
        },
        get written() {
          return inner.written;
        },
        get crc() {
          return inner.crc;
        },
        get isEnded() {
          return inner.isEnded;
        },
        get fault() {
          return inner.fault ?? (isOther() ? 'another part' : null);
        },
      },
      dropped() {
        one.drops += 1;
      },
    };
    seen.push(one);
    return one;
  }

  return {
    all,
    fetch(part, { viewer = 1, lane = 'ahead', signal = new AbortController().signal } = {}) {
      const attempts: SeenAttempt[] = [];
      const { id = '', bytes: posted = 0 } = parts[part] ?? {};
      const job: ArticleJob = { id, bytes: posted, viewer, lane, attempt: () => attempt(part, attempts) };
      const whole = all.fetch(job, signal).then((won) => {
        const seen = attempts.find((one) => one === won);
        if (seen === undefined) throw new Error('an attempt nobody made');
        return seen;
      });
      whole.catch(() => {});
      return { attempts, job, whole };
    },
    isRight: (part, { bytes: got }) =>
      got.equals(bytes.subarray(part * partBytes, Math.min(bytes.length, (part + 1) * partBytes))),
    async [Symbol.asyncDispose]() {
      await all.close();
      await net.close();
    },
  };
}

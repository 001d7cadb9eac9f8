import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A web seed's manners, changed while it runs. */
export type WebSeedManners = {
  /** Other bytes than the file's. */
  isLiar: boolean;
  /** Takes requests and answers none. */
  isSilent: boolean;
  /** Answers ranges with 200 and the whole file. */
  hasNoRanges: boolean;
  /** Of each answer's body; 0: as fast as it goes. */
  bytesPerSecond: number;
  /** Each answer begins so much later. */
  delayMs: number;
  /** The connection is cut after so many bytes of each body. */
  cutAfter: number;
  /** Answers hold no more than so much of what was asked for. */
  maxPart: number;
  /** What it says more or less than the file has. */
  lengthLie: number;
  /** The next answers: a status each, with `Retry-After`. */
  failures: { status: number; retryAfter?: string }[];
  /** Where a request is sent, by its path; null: it is answered. */
  redirect(path: string): string | null;
};

type WebSeedRequest = {
  path: string;
  range: string;
  at: number;
  sent: number;
  /** When the other side left before the end. */
  hungUpAt: number | null;
};

export type WebSeedServer = AsyncDisposable & {
  /** `http://127.0.0.x:port`, no slash at the end. */
  base: string;
  manners: WebSeedManners;
  requests: WebSeedRequest[];
  /** Most requests that were being answered at the same time. */
  mostAtOnce(): number;
  stop(): Promise<void>;
};

/** A web server of files by their decoded path, with faults. */
export async function startWebSeedServer(
  files: Readonly<Record<string, Buffer>>,
  manners: Partial<WebSeedManners> = {},
  host = '127.0.0.1',
): Promise<WebSeedServer> {
  const requests: WebSeedServer['requests'] = [];
  let [open, most] = [0, 0];
  const seed: WebSeedServer['manners'] = {
    ...{ isLiar: false, isSilent: false, hasNoRanges: false, bytesPerSecond: 0, delayMs: 0 },
    ...{ cutAfter: Number.POSITIVE_INFINITY, maxPart: Number.POSITIVE_INFINITY, lengthLie: 0, failures: [] },
    redirect: () => null,
    ...manners,
  };
  const server = createServer((req, res) => {
    const path = req.url ?? '';
    const range = req.headers.range ?? '';
    const request: WebSeedRequest = { path, range, at: performance.now(), sent: 0, hungUpAt: null };
    requests.push(request);
    open += 1;
    most = Math.max(most, open);
    res.on('close', () => {
      open -= 1;
      if (!res.writableFinished) request.hungUpAt = performance.now();
    });
    answer(req, res, request).catch(() => res.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');

  async function answer(req: IncomingMessage, res: ServerResponse, request: WebSeedRequest): Promise<void> {
    if (seed.isSilent) return;
    if (seed.delayMs > 0) await sleep(seed.delayMs);
    const to = seed.redirect(request.path);
    const failure = seed.failures.shift();
    const file = files[decodeURIComponent(request.path)];
    if (to !== null) res.writeHead(302, { Location: to }).end('over there');
    else if (failure !== undefined) refuse(res, failure);
    else if (file === undefined) res.writeHead(404).end('nothing here');
    else await give(req, res, request, file);
  }

  async function give(
    { socket }: IncomingMessage,
    res: ServerResponse,
    request: WebSeedRequest,
    file: Buffer,
  ): Promise<void> {
    const { start, last } = rangeOf(seed.hasNoRanges ? '' : request.range, file.length);
    const end = Math.min(start + seed.maxPart, last + 1);
    const isPart = request.range !== '' && !seed.hasNoRanges;
    res.writeHead(isPart ? 206 : 200, {
      'Content-Length': end - start,
      ...(isPart ? { 'Content-Range': `bytes ${start}-${end - 1}/${file.length + seed.lengthLie}` } : {}),
    });
    const bytes = file.subarray(start, end);
    await pipeline(Readable.from(paced(seed.isLiar ? spoilt(bytes) : bytes, request, socket)), res);
  }

  async function* paced(bytes: Buffer, request: WebSeedRequest, socket: Socket) {
    const step = seed.bytesPerSecond > 0 ? 8192 : 65_536;
    for (let at = 0; at < bytes.length; at += step) {
      if (request.sent >= seed.cutAfter) socket.destroy();
      const part = bytes.subarray(at, at + step);
      request.sent += part.length;
      yield part;
      if (seed.bytesPerSecond > 0) await sleep((1000 * part.length) / seed.bytesPerSecond);
    }
  }

  const stop = async () => {
    server.close();
    server.closeAllConnections();
    if (server.listening) await once(server, 'close');
  };
  return {
    base: `http://${host}:${address.port}`,
    manners: seed,
    requests,
    mostAtOnce: () => most,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function refuse(res: ServerResponse, { status, retryAfter }: { status: number; retryAfter?: string }): void {
  res.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter }).end('no');
}

function rangeOf(range: string, size: number): { start: number; last: number } {
  const [, start = 0, last = size - 1] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  return { start: Number(start), last: Math.min(size - 1, Number(last)) };
}

function spoilt(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  for (let at = 100; at < other.length; at += 5000) other[at] = (other[at] ?? 0) ^ 0xff;
  return other;
}

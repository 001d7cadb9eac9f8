import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

/** How the origin behaves from now on; tests change it between requests. */
export type OriginBehaviour = {
  bytes: Buffer;
  /** 'none': a range is answered with 200 and everything; 'wrong': 206 that begins one byte late. */
  ranges: 'good' | 'none' | 'wrong';
  /** `Accept-Ranges` of every answer. */
  acceptRanges: string | null;
  /** Status of HEAD; 200 answers properly. */
  headStatus: number;
  /** Status of GET; 200 answers properly. */
  getStatus: number;
  etag: string | null;
  lastModified: string | null;
  contentType: string | null;
  /** Chunked, without a length. */
  isEndless: boolean;
  /** The socket is destroyed after so many body bytes of a response. */
  cutAfter: number;
  /** After such a cut nothing is answered any more. */
  isDeadAfterCut: boolean;
  /** Nothing of the body is sent past so many bytes, and the connection stays open. */
  stallAfter: number;
  /** So many next requests lose their connection before a head. */
  drops: number;
  /** The next GET is answered 503 with this `Retry-After`, in seconds. */
  busyOnce: number | null;
  /** Location of a redirect per path. */
  redirects: Readonly<Record<string, string>>;
  /** Nothing is answered before; what came while it was another keeps to that. */
  answersAfter: Promise<unknown> | null;
};

type OriginRequest = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Body bytes the socket took. */
  sent: number;
  /** `performance.now()` when the other side hung up before the end; null = it did not. */
  hungUpAtMs: number | null;
};

export type Origin = AsyncDisposable & {
  /** `http://127.0.0.1:port/film.mp4` */
  url: string;
  base: string;
  port: number;
  behaviour: OriginBehaviour;
  requests: readonly OriginRequest[];
  /** Connections taken so far. */
  connections(): number;
  /** Responses that are still being sent. */
  openBodies(): number;
  stop(): Promise<void>;
};

const PIECE = 64 * 1024;

/** An HTTP origin on loopback that can do everything wrong real ones do. */
export async function startOrigin(
  bytes: Buffer,
  options: Partial<OriginBehaviour> & { host?: string } = {},
): Promise<Origin> {
  const { host = '127.0.0.1', ...changes } = options;
  const behaviour: OriginBehaviour = {
    bytes,
    ranges: 'good',
    acceptRanges: null,
    headStatus: 200,
    getStatus: 200,
    etag: '"v1"',
    lastModified: 'Sat, 10 May 2008 10:00:00 GMT',
    contentType: 'video/mp4',
    isEndless: false,
    cutAfter: Number.POSITIVE_INFINITY,
    isDeadAfterCut: false,
    stallAfter: Number.POSITIVE_INFINITY,
    drops: 0,
    busyOnce: null,
    redirects: {},
    answersAfter: null,
    ...changes,
  };
  const requests: OriginRequest[] = [];
  let open = 0;
  let connections = 0;
  const server = createServer((req, res) => {
    const seen: OriginRequest = {
      method: req.method ?? '',
      path: req.url ?? '',
      headers: req.headers,
      sent: 0,
      hungUpAtMs: null,
    };
    requests.push(seen);
    open += 1;
    res.once('close', () => {
      open -= 1;
      if (!res.writableFinished) seen.hungUpAtMs = performance.now();
    });
    behaviour.drops -= 1;
    if (behaviour.drops >= 0) res.destroy();
    else if (behaviour.answersAfter === null) answer(req, res, behaviour, seen);
    else void behaviour.answersAfter.then(() => answer(req, res, behaviour, seen));
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const base = `http://${host}:${address.port}`;
  const stop = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  const { port } = address;
  return {
    url: `${base}/film.mp4`,
    base,
    port,
    behaviour,
    requests,
    connections: () => connections,
    openBodies: () => open,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function answer(
  req: IncomingMessage,
  res: ServerResponse,
  behaviour: OriginBehaviour,
  seen: OriginRequest,
): void {
  const location = behaviour.redirects[req.url ?? ''];
  if (location !== undefined) {
    res.writeHead(302, { Location: location }).end('moved');
    return;
  }
  if (req.method === 'GET' && behaviour.busyOnce !== null) {
    res.writeHead(503, { 'Retry-After': behaviour.busyOnce }).end();
    behaviour.busyOnce = null;
    return;
  }
  const status = req.method === 'HEAD' ? behaviour.headStatus : behaviour.getStatus;
  if (status !== 200) {
    res.writeHead(status).end();
    return;
  }
  const { bytes, isEndless } = behaviour;
  const part = partOf(req.headers.range, behaviour);
  const { start, end } = part ?? { start: 0, end: bytes.length };
  res.writeHead(part === null ? 200 : 206, {
    ...fieldsOf(behaviour),
    ...(part === null ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` }),
    ...(isEndless ? {} : { 'Content-Length': end - start }),
  });
  if (req.method === 'HEAD') res.end();
  else send(res, bytes.subarray(start, end), behaviour, seen);
}

function fieldsOf({
  contentType,
  etag,
  lastModified,
  acceptRanges,
}: OriginBehaviour): Record<string, string> {
  return {
    ...(acceptRanges === null ? {} : { 'Accept-Ranges': acceptRanges }),
    ...(contentType === null ? {} : { 'Content-Type': contentType }),
    ...(etag === null ? {} : { ETag: etag }),
    ...(lastModified === null ? {} : { 'Last-Modified': lastModified }),
  };
}

function send(res: ServerResponse, body: Buffer, behaviour: OriginBehaviour, seen: OriginRequest): void {
  const { cutAfter, stallAfter } = behaviour;
  let at = 0;
  const limit = Math.min(body.length, cutAfter, stallAfter);
  const next = () => {
    while (at < limit && !res.destroyed) {
      const piece = body.subarray(at, Math.min(at + PIECE, limit));
      at += piece.length;
      const takesMore = res.write(piece, () => {
        seen.sent += piece.length;
      });
      if (!takesMore) return void res.once('drain', next);
    }
    if (limit === body.length) res.end();
    else if (limit === cutAfter) cut(res, behaviour);
  };
  next();
}

function cut(res: ServerResponse, behaviour: OriginBehaviour): void {
  if (behaviour.isDeadAfterCut) behaviour.drops = Number.POSITIVE_INFINITY;
  setImmediate(() => res.destroy());
}

function partOf(
  header: string | undefined,
  { bytes, ranges, isEndless }: OriginBehaviour,
): { start: number; end: number } | null {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (ranges === 'none' || isEndless || first === undefined || Number(first) >= bytes.length) return null;
  const start = ranges === 'wrong' ? Number(first) + 1 : Number(first);
  return { start, end: last ? Math.min(Number(last) + 1, bytes.length) : bytes.length };
}

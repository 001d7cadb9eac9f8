import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

type SeenRequest = {
  method: string;
  /** Path and query as sent. */
  path: string;
  range: string | undefined;
  userAgent: string | undefined;
  status: number;
  /** Body bytes handed to the socket so far. */
  sentBytes: number;
  hasHungUp: boolean;
};

type RangeServerOptions = {
  /** URL path → file on disk. */
  files: Readonly<Record<string, string>>;
  /** A brake for every response, so that players cannot swallow a clip whole; absent: none. */
  bytesPerSecond?: number;
};

export type RangeServer = AsyncDisposable & {
  /** `http://127.0.0.1:port`, no slash at the end. */
  url: string;
  requests: readonly SeenRequest[];
  stop(): Promise<void>;
};

const TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.mkv': 'video/x-matroska',
  '.ts': 'video/mp2t',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.html': 'text/html; charset=utf-8',
  '.json': 'application/json',
};

/** A correct file server on loopback: one range each (RFC 9110 §14), HEAD, 416, Last-Modified, strong ETag, CORS. It writes down who asked for what. */
export async function startRangeServer(options: RangeServerOptions): Promise<RangeServer> {
  const requests: SeenRequest[] = [];
  const server = createServer((req, res) => {
    const seen: SeenRequest = {
      method: req.method ?? '',
      path: req.url ?? '',
      range: req.headers.range,
      userAgent: req.headers['user-agent'],
      status: 0,
      sentBytes: 0,
      hasHungUp: false,
    };
    requests.push(seen);
    res.once('close', () => {
      seen.hasHungUp = !res.writableFinished;
    });
    answer(req, res, seen, options).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const stop = () => close(server);
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  seen: SeenRequest,
  options: RangeServerOptions,
): Promise<void> {
  const begin = (status: number, headers: Record<string, string | number>) => {
    seen.status = status;
    res.writeHead(status, { 'Access-Control-Allow-Origin': '*', ...headers });
  };
  const file = options.files[new URL(seen.path, 'http://127.0.0.1').pathname];
  if (file === undefined) return refuse(404, {});
  if (req.method !== 'GET' && req.method !== 'HEAD') return refuse(405, { Allow: 'GET, HEAD' });
  const { size, mtime } = await stat(file);
  const validators = {
    'Accept-Ranges': 'bytes',
    'Last-Modified': mtime.toUTCString(),
    ETag: `"${createHash('sha256').update(`${size}-${mtime.getTime()}`).digest('hex').slice(0, 16)}"`,
  };
  const range = parseRange(req.headers.range, size);
  if (range === 'unsatisfiable') return refuse(416, { ...validators, 'Content-Range': `bytes */${size}` });
  const { start, end } = range ?? { start: 0, end: size };
  begin(range === undefined ? 200 : 206, {
    ...validators,
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Length': end - start,
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (req.method === 'HEAD' || start === end) res.end();
  else await send(res, seen, createReadStream(file, { start, end: end - 1 }), options.bytesPerSecond);

  function refuse(status: number, headers: Record<string, string>) {
    begin(status, { ...headers, 'Content-Length': 0 });
    res.end();
  }
}

/** Half-open; undefined when there is no range, or one this server may ignore (another unit, a list). */
function parseRange(header: string | undefined, size: number) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}

async function send(
  res: ServerResponse,
  seen: SeenRequest,
  file: NodeJS.ReadableStream,
  bytesPerSecond: number | undefined,
): Promise<void> {
  const begun = performance.now();
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen.sentBytes += chunk.length;
      const aheadMs = bytesPerSecond
        ? (seen.sentBytes / bytesPerSecond) * 1000 - (performance.now() - begun)
        : 0;
      if (aheadMs > 5) sleep(aheadMs).then(() => done(null, chunk), done);
      else done(null, chunk);
    },
  });
  await pipeline(file, meter, res);
}

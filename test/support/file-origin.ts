import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import { contentTypeOf } from '../../src/kit/content-type.ts';

type Answer = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

export type FileOrigin = AsyncDisposable & {
  base: string;
  /** Every request: path with query, and headers. */
  requests: { method: string; path: string; headers: IncomingHttpHeaders }[];
  /** How often this path (without its query) was asked for. */
  count(path: string): number;
  /** Texts, bytes or answers by path; they win over the folder. */
  files: Map<string, string | Buffer | Answer>;
  stop(): Promise<void>;
};

/** An origin of many small files on loopback, from memory or a folder; ranges are honoured. */
export async function startFileOrigin({
  host = '127.0.0.1',
  folder,
}: {
  host?: string;
  folder?: string;
} = {}): Promise<FileOrigin> {
  const files: FileOrigin['files'] = new Map();
  const requests: FileOrigin['requests'] = [];
  const server = createServer((req, res) => {
    requests.push({ method: req.method ?? '', path: req.url ?? '', headers: req.headers });
    answer(req, res).catch(() => res.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = (req.url ?? '').split('?')[0] ?? '';
    const file = files.get(path);
    if (typeof file === 'function') return await file(req, res);
    const bytes = file ?? (folder === undefined ? null : await fromFolder(folder, path));
    if (bytes === null) return void res.writeHead(404).end('nothing here');
    sendBytes(req, res, path, Buffer.from(bytes));
  }

  const stop = async () => {
    server.close();
    server.closeAllConnections();
    if (server.listening) await once(server, 'close');
  };
  return {
    base: `http://${host}:${address.port}`,
    requests,
    count: (path) => requests.filter((request) => request.path.split('?')[0] === path).length,
    files,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function fromFolder(folder: string, path: string): Promise<Buffer | null> {
  return await readFile(join(folder, normalize(decodeURIComponent(path)))).catch(() => null);
}

function sendBytes(req: IncomingMessage, res: ServerResponse, path: string, bytes: Buffer): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
  res.writeHead(first === undefined ? 200 : 206, {
    'Content-Type': contentTypeOf(path),
    'Content-Length': end - start,
    'Last-Modified': 'Sat, 10 May 2008 10:00:00 GMT',
    ...(first === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` }),
  });
  res.end(req.method === 'HEAD' ? undefined : bytes.subarray(start, end));
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A file: its bytes, or how many it is said to have. */
export type TreeFile = Buffer | number;

export type FileTreeServer = AsyncDisposable & {
  /** Ends in `/`. */
  baseUrl: string;
  /** Path without a slash at its beginning, as people read it. */
  files: Map<string, TreeFile>;
  /** Sizes that its listings tell, where they are not true. */
  claims: Map<string, number>;
  /** `user:password` that every request needs; null: none. */
  credentials: string | null;
  /** Requests of folders, in their order, as they came. */
  listed: string[];
  /** Called before a folder is answered; what it throws cuts the connection. */
  onList: (folder: string) => void | Promise<void>;
  stop(): Promise<void>;
};

/** A file server on a free port of 127.0.0.1 whose folders are listed as nginx does (autoindex, HTML), and whose files have ranges. */
export async function startFileTreeServer(host = '127.0.0.1'): Promise<FileTreeServer> {
  const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
  server.listen(0, host);
  await once(server, 'listening');
  const tree: FileTreeServer = {
    baseUrl: `http://${host}:${portOf(server)}/`,
    ...{ files: new Map(), claims: new Map() },
    credentials: null,
    listed: [],
    onList: () => {},
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return tree;

  async function stop() {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }

  function isWelcome(req: IncomingMessage): boolean {
    const { credentials } = tree;
    if (credentials === null) return true;
    return req.headers.authorization === `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(req.url ?? '/', tree.baseUrl).pathname).slice(1);
    const file = tree.files.get(path);
    if (!isWelcome(req)) res.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end();
    else if (path === '' || path.endsWith('/')) await list(path, res);
    else if (file === undefined) res.writeHead(404).end();
    else sendFile(req, res, typeof file === 'number' ? Buffer.alloc(Math.min(file, 1_000_000), 'x') : file);
  }

  /** Folders end in `/`, and have no file. */
  function namesIn(folder: string): Map<string, TreeFile | null> {
    const names = new Map<string, TreeFile | null>();
    for (const [path, file] of tree.files) {
      if (!path.startsWith(folder)) continue;
      const [name = '', ...deeper] = path.slice(folder.length).split('/');
      names.set(deeper.length > 0 ? `${name}/` : name, deeper.length > 0 ? null : file);
    }
    return names;
  }

  function claimOf(path: string, file: TreeFile): number {
    return tree.claims.get(path) ?? (typeof file === 'number' ? file : file.length);
  }

  async function list(folder: string, res: ServerResponse): Promise<void> {
    tree.listed.push(folder);
    await tree.onList(folder);
    const names = namesIn(folder);
    if (names.size === 0 && folder !== '') {
      res.writeHead(404).end();
      return;
    }
    const lines = [...names].map(([name, file]) => {
      const size = file === null ? '-' : String(claimOf(`${folder}${name}`, file));
      const href = name.split('/').map(encodeURIComponent).join('/');
      return `<a href="${href}">${escaped(name)}</a>                 27-Nov-2025 14:03    ${size.padStart(19)}`;
    });
    res.writeHead(200, { 'Content-Type': 'text/html' });
    res.end(
      `<html>\n<head><title>Index of /${escaped(folder)}</title></head>\n<body>\n<h1>Index of /${escaped(folder)}</h1><hr><pre><a href="../">../</a>\n${lines.join('\n')}\n</pre><hr></body>\n</html>\n`,
    );
  }
}

function sendFile(req: IncomingMessage, res: ServerResponse, bytes: Buffer): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(bytes.length, range?.[2] ? Number(range[2]) + 1 : bytes.length);
  const headers = {
    'Accept-Ranges': 'bytes',
    'Content-Type': 'application/octet-stream',
    ...{ ETag: `"${bytes.length}"`, 'Content-Length': end - start },
  };
  if (range === null) res.writeHead(200, headers);
  else res.writeHead(206, { ...headers, 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` });
  res.end(req.method === 'HEAD' ? undefined : bytes.subarray(start, end));
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return address.port;
}

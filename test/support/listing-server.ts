import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ListedEntry, Lister, ListingConfig, WalkedPart } from '../../src/finders/lister.ts';
import { createLister, type ListerKind } from '../../src/finders/listers.ts';
import { walkFolders } from '../../src/finders/walk-folders.ts';
import { loopbackNet } from './feed-server.ts';

export type ListingServer = AsyncDisposable & {
  baseUrl: string;
  /** `GET /path`, in order. */
  asked: string[];
  /** What it answers from now on; a text goes as HTML. */
  answer(handler: string | ((req: IncomingMessage, res: ServerResponse) => unknown)): void;
};

/** A file server on a free port of 127.0.0.1 whose listings are what a test says. */
export async function startListingServer(): Promise<ListingServer> {
  let handler: (req: IncomingMessage, res: ServerResponse) => unknown = (_, res) => res.writeHead(404).end();
  const asked: string[] = [];
  const server = createServer((req, res) => {
    res.on('error', () => {});
    asked.push(`${req.method} ${req.url}`);
    Promise.resolve(handler(req, res)).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    baseUrl: `http://127.0.0.1:${address.port}/`,
    asked,
    answer(given) {
      asked.length = 0;
      handler = typeof given === 'string' ? (_, res) => sendPage(res, given) : given;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export function sendPage(res: ServerResponse, page: string | Uint8Array, type = 'text/html'): void {
  res.writeHead(200, { 'content-type': type }).end(page);
}

type Login = { username?: string; password?: string; config?: ListingConfig };

/** The lister of a source as the product makes it, with a dialer that reaches this machine only. */
export function openLister(
  kind: ListerKind,
  baseUrl: string,
  { username, password, config = {} }: Login = {},
  localFolders: ReadonlyMap<string, string> = new Map(),
): Lister & AsyncDisposable {
  const net = loopbackNet();
  const place = { baseUrl, username: username ?? null, password: password ?? null, config };
  const lister = createLister({ net, localFolders }, kind, place);
  return {
    ...lister,
    async [Symbol.asyncDispose]() {
      await lister.close();
      await net.close();
    },
  };
}

const forever = new AbortController().signal;

/** All of one folder, and how many names were refused. */
export async function listedIn(
  lister: Lister,
  path = '',
): Promise<{ entries: ListedEntry[]; refused: number }> {
  const entries: ListedEntry[] = [];
  let refused = 0;
  for await (const batch of lister.list(path, forever, () => (refused += 1))) entries.push(...batch);
  return { entries, refused };
}

/** All there is, without rests. */
export async function walkedIn(lister: Lister): Promise<WalkedPart[]> {
  const parts: WalkedPart[] = [];
  for await (const part of walkFolders(lister, { starts: [''], signal: forever, restsMs: [] }))
    parts.push(part);
  return parts;
}

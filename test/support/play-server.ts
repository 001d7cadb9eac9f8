import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { type Budget, createBudget } from '../../src/platform/budget.ts';
import { answerDirectly } from '../../src/platform/http1/direct-server.ts';
import { createLinks, type Links, type PlayLink } from '../../src/platform/links.ts';
import type { NetOptions } from '../../src/platform/net.ts';
import { reportErrors } from '../../src/platform/problem.ts';
import { type Admission, createAdmission } from '../../src/play/admission.ts';
import type { PlayDeps } from '../../src/play/deps.ts';
import { playDirectly } from '../../src/play/direct.ts';
import { createLeaseStore } from '../../src/play/lease-store.ts';
import { createLiveStreams, type LiveStreams, liveRoutes } from '../../src/play/live.ts';
import { createPresentations } from '../../src/play/presentations.ts';
import { playRoutes } from '../../src/play/routes.ts';
import { createSources, type Sources } from '../../src/play/sources.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { openKindDeps, type TestKindDeps } from './kind-deps.ts';

export type PlayServer = {
  base: string;
  port: number;
  held: TestKindDeps;
  kinds: Kinds;
  links: Links;
  live: LiveStreams;
  sources: Sources;
  admission: Admission;
  budget: Budget;
  /** Most streams at once; 0 = unlimited. */
  limits: { perSubject: number; perIp: number };
  /** What `metrics` was told. */
  firstBytes: { kind: string; offset: number; seconds: number }[];
  streamErrors: string[];
  /** What `onPlay` and `onBytes` were told. */
  played: PlayLink[];
  sentBytes(): number;
  /** Stream ids that are not playable now. */
  blocked: Set<number>;
  /** The address the server believes the client has. */
  clientIp: { value: string };
  /** False: requests of new connections are all left to Express, which answers every one the same. */
  doors: { direct: boolean };
  /** Heads that went out without Express. */
  answered: { directly: number };
  /** A play URL of an http file, or of what `link` says. */
  urlOf(link?: Partial<PlayLink>): string;
  close(): Promise<void>;
};

/** The play routes on port 0 with everything real below them. `input` is what links lead to unless they say otherwise. */
export async function startPlayServer(
  kindName: string,
  input: unknown,
  folders: Readonly<Record<string, string>> = {},
  outbound: Partial<NetOptions> = {},
  memoryBytes = 2 ** 28,
): Promise<PlayServer> {
  const held = await openKindDeps(folders, undefined, outbound);
  const kinds = createKinds({ ...held.deps, streamMemoryBytes: memoryBytes });
  const { log, crypto } = held.deps;
  const { net } = held.deps;
  const [links, live, sources] = [createLinks(crypto), createLiveStreams(), createSources()];
  const budget = createBudget({ limitBytes: memoryBytes });
  const presentations = createPresentations({ net, links, budget });
  const played: PlayLink[] = [];
  const blocked = new Set<number>();
  const clientIp = { value: '127.0.0.1' };
  const doors = { direct: true };
  const limits = { perSubject: 20, perIp: 30 };
  const firstBytes: PlayServer['firstBytes'] = [];
  const streamErrors: string[] = [];
  const admission = createAdmission({
    store: createLeaseStore({ redis: null, db: held.deps.db, log }),
    limits: () => limits,
    hashKey: (text) => crypto.mac('stream-lease', text).toString('base64url'),
    onRejected: () => {},
  });
  let sent = 0;
  const deps: PlayDeps = {
    links,
    kinds,
    live,
    sources,
    admission,
    budget,
    presentations,
    log,
    mayWatch: async () => undefined,
    onWatching() {},
    isPublicClosed: () => false,
    isPlayable: async (streamId) => !blocked.has(streamId),
    onPlay: (link) => void played.push(link),
    metrics: {
      onBytes: (_kind, sizeBytes) => {
        sent += sizeBytes;
      },
      onFirstByte: (kind, offset, seconds) => void firstBytes.push({ kind, offset, seconds }),
      onResumed: () => {},
      onReceived: () => {},
      onStreamError: (_kind, code) => void streamErrors.push(code),
    },
  };
  const app = express().disable('x-powered-by');
  app.use(
    playRoutes({
      ...deps,
      clientOf: () => clientIp.value,
      baseUrlOf: (req) => `http://${req.get('host')}`,
    }),
  );
  app.use('/api', liveRoutes({ live }));
  app.use(reportErrors(log));
  const server = createServer(app);
  const answered = { directly: 0 };
  const direct = answerDirectly(server, {
    ...playDirectly({
      ...deps,
      originOf: ({ headers }) =>
        doors.direct ? { client: clientIp.value, baseUrl: () => `http://${headers.host}` } : null,
      onAnswered() {
        answered.directly += 1;
      },
    }),
    keepAliveMs: 65_000,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const { port } = address;
  const base = `http://127.0.0.1:${port}`;

  function urlOf(link: Partial<PlayLink> = {}): string {
    const kind = kinds.get(link.kind ?? kindName);
    const detail = link.detail ?? kind?.parse(input);
    const resource = kind?.resource(detail) ?? '';
    const { detail: _known, ...rest } = link;
    const whole = {
      kind: kindName,
      // As in the product: the link of a stored stream says its id and nothing of its detail.
      ...(link.streamId === undefined ? { detail } : {}),
      fileIndex: null,
      subject: 'api',
      expiresAt: Math.floor(Date.now() / 1000) + 3600,
      ...rest,
    };
    return links.make(whole, { baseUrl: base, resource });
  }

  const close = async () => {
    server.close();
    server.closeAllConnections();
    direct.closeAll();
    sources.close();
    await admission.close();
    presentations.close();
    await kinds.close();
    await held.close();
  };
  return {
    base,
    port,
    held,
    kinds,
    links,
    live,
    sources,
    admission,
    budget,
    limits,
    firstBytes,
    streamErrors,
    played,
    sentBytes: () => sent,
    blocked,
    clientIp,
    doors,
    answered,
    urlOf,
    close,
  };
}

export type RawAnswer = { status: number; headers: Record<string, string>; body: Buffer; isCut: boolean };

/** One request over a socket of its own, answered byte for byte as the server sent it; a cut body is told, not thrown. */
export async function rawRequest(
  url: string,
  options: { method?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<RawAnswer> {
  const socket = openRequest(url, options);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  await once(socket, 'close');
  return parseAnswer(Buffer.concat(chunks));
}

/** Sends a request and reads nothing; the caller does what it likes with the socket. */
export function openRequest(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Readonly<Record<string, string>> } = {},
): Socket {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  const fields = Object.entries({ Host: `${hostname}:${port}`, Connection: 'close', ...headers });
  socket.write(
    `${method} ${pathname}${search} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  return socket;
}

function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.toString('latin1', 0, Math.max(0, end)).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const raw = bytes.subarray(end + 4);
  const isChunked = headers['transfer-encoding'] === 'chunked';
  const body = isChunked
    ? dechunk(raw)
    : { bytes: raw, isWhole: raw.length === Number(headers['content-length'] ?? raw.length) };
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: body.bytes, isCut: !body.isWhole };
}

function dechunk(raw: Buffer): { bytes: Buffer; isWhole: boolean } {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = raw.indexOf('\r\n', at);
    const length = line < 0 ? Number.NaN : Number.parseInt(raw.toString('latin1', at, line), 16);
    if (Number.isNaN(length)) return { bytes: Buffer.concat(chunks), isWhole: false };
    if (length === 0) return { bytes: Buffer.concat(chunks), isWhole: true };
    chunks.push(raw.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
}

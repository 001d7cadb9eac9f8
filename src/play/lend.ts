import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Lend } from '../features/file-facts/index.ts';
import { AppError } from '../kit/errors.ts';
import type { ByteSource } from '../streams/kind.ts';
import { nodeResponse } from './node-response.ts';
import { sendSource } from './send.ts';

/** A program on this machine reads at once what it asks for: no share of the viewers' memory. */
const UNSHARED = { windowBytes: () => 512 * 1024, hold() {}, free() {} };

type Loan = {
  /** Never asks its origin for more than the loan allows: what comes in the meantime fills the kernel's buffers. */
  source: ByteSource;
  maxBytes: number;
  sentBytes: number;
  stopping: AbortController;
  /** What the source broke off with. */
  failure: unknown;
};

export type Lender = {
  lend: Lend;
  /** How many are lent right now. */
  count(): number;
  close(): Promise<void>;
};

/**
 * A listener of its own on 127.0.0.1, in plain HTTP whatever the server itself speaks, that serves opened sources to ffmpeg:
 * it begins with the first loan and its port joins `ownPorts`, so that no stream can lead here. An address is 192 random
 * bits, good for one run of one program, and dead when that run ends.
 */
export function createLender({ ownPorts }: { ownPorts: Set<number> }): Lender {
  const loans = new Map<string, Loan>();
  let listening: Promise<{ server: Server; port: number }> | null = null;

  async function listen() {
    const server = createServer({ keepAliveTimeout: 1000 }, (req, res) => void answer(req, res));
    server.listen(0, '127.0.0.1').unref();
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    ownPorts.add(address.port);
    return { server, port: address.port };
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const loan = loans.get(/^\/play\/([\w-]{32})$/.exec(req.url ?? '')?.[1] ?? '');
    if (loan !== undefined && (req.method === 'GET' || req.method === 'HEAD')) await serve(loan, req, res);
    else res.writeHead(404).end();
  }

  return {
    async lend(source, { maxBytes = Number.POSITIVE_INFINITY } = {}) {
      listening ??= listen();
      const { port } = await listening;
      const id = randomBytes(24).toString('base64url');
      const loan: Loan = {
        source: bounded(source, () => maxBytes - loan.sentBytes),
        ...{ maxBytes, sentBytes: 0, stopping: new AbortController(), failure: null },
      };
      loans.set(id, loan);
      return {
        url: `http://127.0.0.1:${port}/play/${id}`,
        failure: () => loan.failure,
        release() {
          loans.delete(id);
          loan.stopping.abort(new Error('the run is over'));
        },
      };
    },
    count: () => loans.size,
    async close() {
      for (const loan of loans.values()) loan.stopping.abort(new Error('the server is stopping'));
      loans.clear();
      if (listening === null) return;
      const { server } = await listening;
      server.close();
      server.closeAllConnections();
    },
  };
}

const ENOUGH = new Error('enough was read');

/**
 * The source, cut to what the loan has left, and always told to be seekable: where it is not, ffmpeg would read through the
 * whole film to where it wants to be; like this the refusal ends its run.
 */
function bounded({ isForwardOnly: _, ...source }: ByteSource, leftBytes: () => number): ByteSource {
  return {
    ...source,
    async send({ start, end }, sink, signal) {
      const until = Math.min(end, start + Math.max(0, leftBytes()));
      if (until > start) await source.send({ start, end: until }, sink, signal);
      if (until < end) throw ENOUGH;
    },
  };
}

async function serve(loan: Loan, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => gone.abort(new Error('the reader is gone')));
  const signal = AbortSignal.any([gone.signal, loan.stopping.signal]);
  const onDelivered = (sizeBytes: number) => {
    loan.sentBytes += sizeBytes;
    if (loan.sentBytes >= loan.maxBytes) loan.stopping.abort(ENOUGH);
  };
  try {
    const { method = 'GET', headers } = req;
    await sendSource({ method, headers }, nodeResponse(res), {
      source: loan.source,
      filename: null,
      signal,
      window: UNSHARED,
      told: { onStart() {}, onReceived() {}, onResumed() {}, onDelivered },
    });
  } catch (error) {
    const isRefusal = error instanceof AppError && error.status < 500;
    if (!signal.aborted && !isRefusal && error !== ENOUGH) loan.failure ??= error;
    if (res.headersSent) res.destroy();
    else res.writeHead(isRefusal ? error.status : 502).end();
  }
}

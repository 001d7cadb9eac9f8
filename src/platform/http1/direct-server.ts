import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createDirectAnswer, type DirectAnswer } from './direct-answer.ts';
import { type PlainRequest, readPlainRequest } from './plain-request.ts';

export type { DirectAnswer } from './direct-answer.ts';
export type { PlainRequest } from './plain-request.ts';

/** What is answered before node's server. */
export type Direct = {
  /** Which requests `handler` is asked about, by how their bytes begin: `GET /play/`. */
  prefixes: readonly string[];
  /** Answers a request and returns true, or leaves it to node's server by false, before anything was done about it. */
  handler(request: PlainRequest, answer: DirectAnswer, socket: Socket): boolean;
};

export type DirectServer = {
  /** Connections not (yet) given to node's server. */
  count(): number;
  /** Ends those that wait for a request now, the others after their answer. */
  closeIdle(): void;
  /** Ends all. */
  closeAll(): void;
};

export type DirectOptions = Direct & {
  /** How long a connection may wait for its next request. */
  keepAliveMs: number;
};

const TICK_MS = 5000;
/** Held of what comes during an answer, a request too early; then the connection is read no further. */
const MAX_EARLY_BYTES = 64 * 1024;

/**
 * Stands before a server of `node:http` or `node:https` and answers plain requests on the socket itself: of the 0.11 ms that a range of
 * 64 KiB cost in node's own server and over our reader, 0.03 were its request and response objects. What is not plain, or not
 * the handler's, goes to node's server with its connection, for good; a byte that was not understood here was not used here either.
 */
export function answerDirectly(server: Server, options: DirectOptions): DirectServer {
  const event = 'setSecureContext' in server ? 'secureConnection' : 'connection';
  const [serve] = server.listeners(event);
  if (serve === undefined) throw new Error('the server takes no connections');
  server.removeAllListeners(event);
  const prefixes = options.prefixes.map((prefix) => Buffer.from(prefix, 'latin1'));
  const connections = new Set<DirectConnection>();
  let isClosing = false;
  let ticker: NodeJS.Timeout | undefined;

  const owner: Owner = {
    ...options,
    begins: (bytes) => prefixes.some((prefix) => bytes.indexOf(prefix) === 0),
    isClosing: () => isClosing,
    forget(connection) {
      connections.delete(connection);
      if (connections.size > 0) return;
      clearInterval(ticker);
      ticker = undefined;
    },
    handOver: (socket) => void Reflect.apply(serve, server, [socket]),
  };

  function tick(): void {
    const oldest = performance.now() - options.keepAliveMs;
    for (const connection of connections) if (connection.isIdleSince(oldest)) connection.close();
  }

  server.on(event, (socket: Socket) => {
    connections.add(openConnection(socket, owner));
    ticker ??= setInterval(tick, TICK_MS).unref();
  });

  return {
    count: () => connections.size,
    closeIdle() {
      isClosing = true;
      for (const connection of connections)
        if (connection.isIdleSince(Number.POSITIVE_INFINITY)) connection.close();
    },
    closeAll() {
      isClosing = true;
      for (const connection of connections) connection.close();
    },
  };
}

type Owner = DirectOptions & {
  begins(bytes: Buffer): boolean;
  isClosing(): boolean;
  forget(connection: DirectConnection): void;
  handOver(socket: Socket): void;
};

type DirectConnection = { isIdleSince(time: number): boolean; close(): void };

function openConnection(socket: Socket, owner: Owner): DirectConnection {
  let answer: DirectAnswer | null = null;
  let since = performance.now();
  let early: Buffer | null = null;

  const connection: DirectConnection = {
    isIdleSince: (time) => answer === null && since < time,
    close: () => void socket.destroy(),
  };

  function onData(bytes: Buffer): void {
    if (answer === null) {
      take(bytes);
      return;
    }
    early = early === null ? bytes : Buffer.concat([early, bytes]);
    if (early.length > MAX_EARLY_BYTES) socket.pause();
  }

  function take(bytes: Buffer): void {
    const request = owner.begins(bytes) ? readPlainRequest(bytes) : null;
    if (request !== null) {
      answer = createDirectAnswer(socket, request, onAnswered);
      if (owner.handler(request, answer, socket)) return;
      answer = null;
    }
    handOver(bytes);
  }

  function onAnswered(isKeptAlive: boolean): void {
    answer = null;
    since = performance.now();
    if (!isKeptAlive || owner.isClosing()) {
      // What still comes is nobody's.
      socket.off('data', onData).resume();
      socket.end(() => socket.destroy());
      return;
    }
    if (early === null || socket.destroyed) return;
    const bytes = early;
    early = null;
    socket.resume();
    take(bytes);
  }

  function handOver(bytes: Buffer): void {
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    owner.forget(connection);
    socket.pause();
    socket.unshift(bytes);
    owner.handOver(socket);
    socket.resume();
  }

  /** A client that sends no more is taken for gone, as node's server does. */
  function onEnd(): void {
    socket.destroy();
  }

  function onError(): void {}

  function onClose(): void {
    owner.forget(connection);
    const gone = answer;
    answer = null;
    gone?.onGone();
  }

  socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  return connection;
}

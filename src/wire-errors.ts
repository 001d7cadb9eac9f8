import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEM_TYPE, type Problem, problemText, titleOf } from './platform/problem.ts';

/** What never becomes a request of the app, by node's error code; anything else is `NOT_HTTP`. */
const PROBLEMS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'request.headers_too_large',
    detail: 'The address, the cookies and the other headers of the request are too long together.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request.timeout',
    detail: 'The request did not arrive in time. Send it again.',
  },
};
const NOT_HTTP: Problem = { status: 400, code: 'request.not_http', detail: 'This is not an HTTP request.' };
const EXPECTATION: Problem = {
  status: 417,
  code: 'request.expectation',
  detail: 'This server expects nothing but 100-continue. Send the request without the Expect header.',
};
const NO_TUNNEL: Problem = {
  status: 405,
  code: 'request.method',
  detail: 'This server is no proxy for other addresses.',
};

/** Gives the errors that node answers by itself the form of all others: problem+json, with CORS on. */
export function answerOnTheWire(server: Server): void {
  /** The answer under way on a connection: words of ours in the middle of it would spoil it. */
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    answers.set(req.socket, res);
  });
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    const answer = answers.get(socket);
    const isUnderWay = answer?.headersSent === true && !answer.writableFinished;
    if (!socket.writable || isUnderWay || error.code === 'ECONNRESET') socket.destroy();
    else finish(socket, PROBLEMS[error.code ?? ''] ?? NOT_HTTP);
  });
  server.on('connect', (_req: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => undefined);
    finish(socket, NO_TUNNEL);
  });
  server.on('checkExpectation', (_req: IncomingMessage, res: ServerResponse) => {
    res.writeHead(EXPECTATION.status, headersOf(EXPECTATION)).end(problemText(EXPECTATION));
  });
}

function finish(socket: Duplex, problem: Problem): void {
  const head = Object.entries(headersOf(problem)).map(([name, value]) => `${name}: ${value}`);
  const lines = [`HTTP/1.1 ${problem.status} ${titleOf(problem.status)}`, ...head, '', problemText(problem)];
  socket.end(lines.join('\r\n'), () => socket.destroy());
}

function headersOf(problem: Problem): Record<string, string> {
  return {
    'Content-Type': `${PROBLEM_TYPE}; charset=utf-8`,
    'Content-Length': String(Buffer.byteLength(problemText(problem))),
    'Cache-Control': 'no-store',
    'Access-Control-Allow-Origin': '*',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  };
}

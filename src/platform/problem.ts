import type { ErrorRequestHandler, Request, Response } from 'express';
import { AppError } from '../kit/errors.ts';
import { databaseFailureOf } from './database-failures.ts';
import { brokenConstraint, sqlState } from './db.ts';
import type { Log } from './log.ts';

export type Problem = {
  status: number;
  code: string;
  detail: string;
  headers?: Readonly<Record<string, string>>;
  issues?: readonly { path: string; message: string }[];
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};

export const PROBLEM_TYPE = 'application/problem+json';
/** An answer must not grow with its question: of a body with a million wrong fields the first are told. */
const MAX_ISSUES = 20;
const MAX_WORDS = 300;

/** Answers as `application/problem+json` (RFC 9457): our stable `code`, words that say what to do, nothing of the inside. */
function sendProblem(res: Response, problem: Problem): void {
  const { status, headers, body } = answerOf(problem);
  // Not by `send`, which would add an ETag of this text: VLC takes the one of a 416 for the film's, sends it back in
  // If-Match at its next seek, and gets 412.
  res.status(status).set(headers).removeHeader('ETag');
  res.end(res.req.method === 'HEAD' ? undefined : body);
}

export type ProblemAnswer = { status: number; headers: Record<string, string>; body: string };

/** The whole answer to an error, for who writes it without Express. */
export function problemAnswer(error: unknown): ProblemAnswer {
  return answerOf(problemOf(error));
}

function answerOf(problem: Problem): ProblemAnswer {
  const body = problemText(problem);
  return {
    status: problem.status,
    headers: {
      ...problem.headers,
      'Cache-Control': 'no-store',
      'Content-Type': `${PROBLEM_TYPE}; charset=utf-8`,
      'Content-Length': String(Buffer.byteLength(body)),
    },
    body,
  };
}

/** The body of an error answer. */
export function problemText({ status, code, detail, issues = [] }: Problem): string {
  const told = issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => ({ path: short(path), message: short(message) }));
  return JSON.stringify({
    type: `urn:tributary:error:${code}`,
    title: titleOf(status),
    status,
    detail: short(detail),
    code,
    ...(told.length === 0 ? {} : { issues: told }),
  });
}

/** The reason phrase of a status. */
export function titleOf(status: number): string {
  return TITLES[status] ?? 'Error';
}

function short(text: string): string {
  return text.length <= MAX_WORDS ? text : `${text.slice(0, MAX_WORDS).toWellFormed()}…`;
}

/** The one error reporter: every rejection of every route ends here. */
export function reportErrors(log: Log): ErrorRequestHandler {
  return (error: unknown, req: Request, res: Response, _next: unknown) => {
    // Whoever asked has hung up: nobody reads an answer, and nothing went wrong here.
    if (res.destroyed || res.socket?.destroyed) {
      log.debug({ err: error, method: req.method, route: routeOf(req) }, 'client left (499)');
      return;
    }
    const problem = problemOf(error);
    if (problem.status >= 500)
      log.error({ err: error, method: req.method, route: routeOf(req) }, 'request failed');
    // A body half sent cannot become an error answer: cutting it is the only honest sign.
    if (res.headersSent) {
      res.destroy();
      return;
    }
    sendProblem(res, problem);
  };
}

/** The route's pattern, never the path: paths hold play tokens. */
function routeOf(req: Request): string {
  const pattern: unknown = req.route?.path;
  return typeof pattern === 'string' ? `${req.baseUrl}${pattern}` : req.baseUrl || 'unmatched';
}

function problemOf(error: unknown): Problem {
  if (error instanceof AppError) {
    return {
      status: error.status,
      code: error.code,
      detail: error.message,
      headers: error.headers,
      issues: error.issues,
    };
  }
  return (
    databaseProblem(error) ??
    requestProblem(error) ?? {
      status: 500,
      code: 'internal',
      detail: 'Something went wrong on this server. Its log says what.',
    }
  );
}

/** Beside failures of the database itself: 22 bad value, 23 constraint. */
function databaseProblem(error: unknown): Problem | null {
  const failure = databaseFailureOf(error);
  if (failure === 'disk_full')
    return {
      status: 507,
      code: 'database.disk_full',
      detail: "The database's disk is full. Free some space; nothing was lost.",
    };
  if (failure !== null) {
    return {
      status: 503,
      code: 'database.unavailable',
      detail: 'The database does not answer right now. Try again in a moment.',
      headers: { 'Retry-After': '2' },
    };
  }
  const state = sqlState(error) ?? '';
  if (brokenConstraint(error) !== null || state.startsWith('23')) {
    return { status: 409, code: 'request.conflict', detail: 'This contradicts what is stored already.' };
  }
  return state.startsWith('22')
    ? { status: 400, code: 'request.invalid', detail: 'A value of the request is not valid.' }
    : null;
}

/** What Express and its body parser throw: an http-errors object with a 4xx status of its own. */
function requestProblem(error: unknown): Problem | null {
  if (!(error instanceof Error) || !('status' in error)) return null;
  const { status } = error;
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  const type = 'type' in error && typeof error.type === 'string' ? error.type : '';
  if (type === 'entity.parse.failed')
    return { status: 400, code: 'request.bad_json', detail: 'The body is not valid JSON.' };
  if (type === 'entity.too.large')
    return { status: 413, code: 'request.too_large', detail: 'The body is too large.' };
  if (error instanceof URIError)
    return { status: 400, code: 'request.bad_path', detail: 'The path holds a broken percent-encoding.' };
  return { status, code: 'request.invalid', detail: 'The request could not be read.' };
}

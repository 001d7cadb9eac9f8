import express, { type Express, type RequestHandler, type Router } from 'express';
import { AppError, NotFound } from './kit/errors.ts';
import { describedMethods } from './openapi.ts';
import { jsonBody } from './platform/json-body.ts';
import type { Log } from './platform/log.ts';
import { reportErrors } from './platform/problem.ts';
import { isSoundHost, isSoundProtocol } from './request-origin.ts';

export type AppDeps = {
  log: Log;
  /** CIDRs whose `X-Forwarded-*` is believed. */
  trustProxy: readonly string[];
  /** Counts every request by its route's pattern. */
  countRequests: RequestHandler;
  limitApi: RequestHandler;
  requireAdmin: RequestHandler;
  routers: {
    probes: Router;
    metrics: Router;
    play: Router;
    addon: Router;
    /** Torznab and Newznab, with a key of their own. */
    nabServer: Router;
    shippedAssets: Router;
    web: Router;
    /** Under `/api`, for everyone: what reads a body here brings its own `jsonBody` of a few kilobytes. */
    publicApi: readonly Router[];
    /** Under `/api`, for the admin. */
    adminApi: readonly Router[];
  };
};

/** The only list of routers, and the one error reporter. */
export function createApp(deps: AppDeps): Express {
  const { routers } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', [...deps.trustProxy]);
  app.use(deps.countRequests, basicHeaders, checkSize);
  // Load balancers probe without a Host header (haproxy's httpchk is HTTP/1.0), and nothing here makes links.
  app.use(routers.probes);
  app.use(checkHost);
  app.use('/metrics', deps.requireAdmin, routers.metrics);
  app.use(routers.play);
  app.use(routers.addon);
  app.use('/api', deps.limitApi, ...routers.publicApi);
  app.use('/api', deps.requireAdmin, ...jsonBody('8mb'), ...routers.adminApi);
  app.use(routers.nabServer);
  app.use(routers.shippedAssets);
  app.use(routers.web);
  app.use(nothingHere);
  app.use(reportErrors(deps.log));
  return app;
}

/** Twice the longest play link; every path here and its query fit. */
const MAX_URL_CHARS = 16 * 1024;
/** Browsers send about twenty. Node keeps the first 2,000 and drops the rest without a word. */
const MAX_HEADERS = 128;
/** As node’s own refusals in `wire-errors.ts`: a web player is told why. */
const READABLE = { 'Access-Control-Allow-Origin': '*' };

/** RFC 9110 §15.5.15, RFC 6585 §5. That all of the head is at most 32 KiB `listen.ts` sees to. */
const checkSize: RequestHandler = (req, _res, next) => {
  if (req.url.length > MAX_URL_CHARS)
    throw new AppError('request.url_too_long', 'The address is longer than 16 KiB.', {
      status: 414,
      headers: READABLE,
    });
  if (req.rawHeaders.length > 2 * MAX_HEADERS)
    throw new AppError('request.headers_too_large', `The request has more than ${MAX_HEADERS} headers.`, {
      status: 431,
      headers: READABLE,
    });
  next();
};

/** Links are made from the request's address, so one that is no host name never gets further, nor two (RFC 9112 §3.2). */
const checkHost: RequestHandler = (req, _res, next) => {
  if (!isSoundProtocol(req.protocol))
    throw new AppError('request.bad_protocol', 'X-Forwarded-Proto must be http or https.', { status: 400 });
  if (isSoundHost(req.host ?? '') && countHosts(req.rawHeaders) === 1) return next();
  throw new AppError('request.bad_host', 'The Host header is not a host name.', { status: 400 });
};

/** `rawHeaders` is name, value, name, value, …; node itself keeps the first of several. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

const basicHeaders: RequestHandler = (_req, res, next) => {
  res.set({ 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
  next();
};

/** Pages and probes, which are read only. */
const READ_ONLY = /^\/(healthz|readyz|metrics|configure|logo\.png|background\.jpg)?$/;

const nothingHere: RequestHandler = (req) => {
  const allowed = READ_ONLY.test(req.path) ? ['GET', 'HEAD'] : describedMethods(req.path);
  if (allowed.length === 0 || allowed.includes(req.method))
    throw new NotFound('request.not_found', 'There is nothing at this address.');
  const Allow = allowed.join(', ');
  throw new AppError('request.method', `This address takes ${Allow}.`, { status: 405, headers: { Allow } });
};

import express, { type Express, type RequestHandler, type Router } from 'express';
import { AppError, NotFound } from './kit/errors.ts';
import { describedMethods } from './openapi.ts';
import { jsonBody } from './platform/json-body.ts';
import type { Log } from './platform/log.ts';
import { reportErrors } from './platform/problem.ts';

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
  app.use(deps.countRequests, basicHeaders);
  // Load balancers probe without a Host header (haproxy's httpchk is HTTP/1.0), and nothing here makes links.
  app.use(routers.probes);
  app.use(checkHost);
  app.use('/metrics', deps.requireAdmin, routers.metrics);
  app.use(routers.play);
  app.use(routers.addon);
  app.use('/api', deps.limitApi, ...routers.publicApi);
  app.use('/api', deps.requireAdmin, ...jsonBody('8mb'), ...routers.adminApi);
  app.use(routers.shippedAssets);
  app.use(routers.web);
  app.use(nothingHere);
  app.use(reportErrors(deps.log));
  return app;
}

/** Links are made from the request's address, so one that is no host name never gets further, nor two (RFC 9112 §3.2). */
const checkHost: RequestHandler = (req, _res, next) => {
  const host = req.host ?? '';
  const isHost = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?$/.test(
    host,
  );
  // A proxy may hand on what its client says of the protocol; the links of an answer begin with it.
  if (req.protocol !== 'http' && req.protocol !== 'https')
    throw new AppError('request.bad_protocol', 'X-Forwarded-Proto must be http or https.', { status: 400 });
  if (isHost && countHosts(req.rawHeaders) === 1) return next();
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

import express, { type Express, type RequestHandler, type Router } from 'express';
import { AppError, NotFound } from './kit/errors.ts';
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
    /** Under `/api`, for everyone. */
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
  app.use(deps.countRequests, checkHost, basicHeaders);
  app.use(routers.probes);
  app.use('/metrics', deps.requireAdmin, routers.metrics);
  app.use(routers.play);
  app.use(routers.addon);
  app.use('/api', deps.limitApi, express.json({ limit: '8mb', strict: true }), ...routers.publicApi);
  app.use('/api', deps.requireAdmin, ...routers.adminApi);
  app.use(routers.shippedAssets);
  app.use(routers.web);
  app.use(nothingHere);
  app.use(reportErrors(deps.log));
  return app;
}

/** Links are made from the request's address, so one that is no host name never gets further. */
const checkHost: RequestHandler = (req, _res, next) => {
  const host = req.host ?? '';
  if (/^([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?$/.test(host))
    return next();
  throw new AppError('request.bad_host', 'The Host header is not a host name.', { status: 400 });
};

const basicHeaders: RequestHandler = (_req, res, next) => {
  res.set({ 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
  next();
};

const nothingHere: RequestHandler = () => {
  throw new NotFound('request.not_found', 'There is nothing at this address.');
};

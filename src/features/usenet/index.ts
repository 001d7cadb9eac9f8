export { type UsenetJobsDeps, usenetJobs } from './jobs.ts';
export { ProvidersAnswer, type UsenetRoutesDeps, usenetRoutes } from './routes.ts';
export { createUsenetUsage, type UsenetUsage } from './usage.ts';

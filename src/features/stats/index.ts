export { Overview, OverviewCounts } from './overview.ts';
export { ping } from './queries.ts';
export { type HealthCheck, type HealthJob, probeRoutes, statsRoutes } from './routes.ts';

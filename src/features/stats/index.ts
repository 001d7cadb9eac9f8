export { Overview, OverviewCounts } from './overview.ts';
export { ping } from './queries.ts';
export { type HealthCheck, probeRoutes, statsRoutes } from './routes.ts';

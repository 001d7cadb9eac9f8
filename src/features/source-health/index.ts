export { type CountOnce, createCountOnce } from './count-once.ts';
export { httpProbe } from './http-probe.ts';
export { LINK_JOB, type SourceHealthJobsDeps, sourceHealthJobs } from './jobs.ts';
export { listerProbe } from './lister-probe.ts';
export {
  MeasuredSources,
  measuredSources,
  type SourceHealthRoutesDeps,
  SourceHistory,
  SourcePath,
  type SourceReportRoutesDeps,
  SourcesHealth,
  sourceHealthRoutes,
  sourceReportRoutes,
} from './routes.ts';
export { noteScan } from './settle.ts';
export { HealthReports, ReportsTaken } from './take-reports.ts';

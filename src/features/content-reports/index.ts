export { REPORTS_PART } from './own-part.ts';
export { type ReportRoutesDeps, reportRoutes } from './routes.ts';
export { Report, ReportBody, ReportDecision, ReportQuery, ReportsAnswer } from './schemas.ts';

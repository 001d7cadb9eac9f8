import {
  HealthReports,
  MeasuredSources,
  ReportsTaken,
  SourceHistory,
  SourcePath,
  SourcesHealth,
} from './features/source-health/index.ts';
import { ADMIN, bad, gone, json, ok, refusals } from './openapi-parts.ts';

/** What is described of the health of `/api/sources`. */
export const sourceHealthPaths = {
  '/api/sources/health': {
    get: {
      summary: 'How all file servers do',
      security: ADMIN,
      responses: { '200': ok('By their priority', SourcesHealth), ...refusals },
    },
  },
  '/api/sources/{id}/health': {
    get: {
      summary: 'How one does, and how it did: our probes and viewers’ reports by day',
      security: ADMIN,
      requestParams: { path: SourcePath },
      responses: { '200': ok('With its history', SourceHistory), ...bad, ...gone, ...refusals },
    },
  },
  '/api/sources/measured': {
    get: {
      summary: 'Web servers that viewers reach themselves; none unless the public catalogue shows all',
      description:
        'Those whose files are offered by their own address (`offers` is `direct` or `both`), without a login and outside private networks.',
      responses: { '200': ok('Where they are, without a path', MeasuredSources) },
    },
  },
  '/api/sources/health-reports': {
    post: {
      summary: 'Which file servers a viewer reaches, once an hour; no address is kept',
      description:
        'What is said of a source that viewers do not reach themselves, or while the public catalogue does not show all, is ignored.',
      requestBody: json(HealthReports),
      responses: { '200': ok('What became of the reports', ReportsTaken), ...bad, '429': refusals['429'] },
    },
  },
};

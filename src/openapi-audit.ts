import { AuditExportQuery, AuditPage, AuditQuery } from './features/audit/index.ts';
import { ADMIN, bad, gone, id, nothing, ok, problem, refusals } from './openapi-parts.ts';

/** `/api/audit`: who did what. */
export const auditPaths = {
  '/api/audit': {
    get: {
      summary: 'Who did what, the newest first',
      security: ADMIN,
      requestParams: { query: AuditQuery },
      responses: { '200': ok('A page', AuditPage), ...bad, ...refusals },
    },
  },
  '/api/audit/export': {
    get: {
      summary: 'The same, all of it, as NDJSON or CSV',
      security: ADMIN,
      requestParams: { query: AuditExportQuery },
      responses: { '200': nothing('One entry a line'), ...bad, ...refusals },
    },
  },
  '/api/audit/{id}/undo': {
    post: {
      summary: 'Take a change back, where it was not changed again since',
      security: ADMIN,
      requestParams: { path: id },
      responses: {
        '204': nothing('Taken back, which is noted too'),
        '409': problem('It was changed again since, or cannot be taken back'),
        ...gone,
        ...refusals,
      },
    },
  },
};

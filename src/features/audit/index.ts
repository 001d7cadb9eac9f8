export type { Actor } from './entry.ts';
export { auditJobs } from './jobs.ts';
export { differences, noteAudit, noteChange, THE_SYSTEM } from './note-audit.ts';
export { AuditExportQuery, AuditPage, AuditQuery, auditOf } from './read-audit.ts';
export { auditRoutes, changedSince, type Undo } from './routes.ts';

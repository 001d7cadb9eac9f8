export { auditJobs } from './jobs.ts';
export { type Actor, type AuditEntry, noteAudit } from './note-audit.ts';

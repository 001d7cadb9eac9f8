import { command, type Db } from '../../platform/db.ts';
import type { Actor, AuditEntry } from './note-audit.ts';

export type AuditRow = Actor & AuditEntry & { severity: string };

export async function insertAudit(db: Db, row: AuditRow): Promise<void> {
  await db.query(command('audit.insert')`
    INSERT INTO audit_log (user_id, actor, action, severity, resource, before, after, address, agent)
    VALUES (${row.userId ?? null}, ${row.kind}, ${row.action}, ${row.severity}, ${row.resource ?? null},
      ${row.before === undefined ? null : JSON.stringify(row.before)}::jsonb,
      ${row.after === undefined ? null : JSON.stringify(row.after)}::jsonb, ${row.address ?? null}, ${row.agent ?? null})
  `);
}

/** Of the lines older than that many days; at most `most` at a time. How many are gone. */
export async function deleteOldAudit(db: Db, days: number, most: number): Promise<number> {
  const { rowCount } = await db.query(command('audit.delete_old')`
    DELETE FROM audit_log WHERE id = ANY (ARRAY(
      SELECT id FROM audit_log WHERE at < now() - make_interval(days => ${days}) ORDER BY at, id LIMIT ${most}))
  `);
  return rowCount;
}

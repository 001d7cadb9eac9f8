import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const State = z.nullable(z.record(z.string(), z.unknown()));
const Entry = z.object({
  ...{ auditId: z.number(), at: z.string(), action: z.string(), canUndo: z.boolean() },
  actor: z.enum(['admin-token', 'user', 'device', 'nobody', 'system']),
  severity: z.enum(['info', 'warning', 'error', 'critical']),
  ...{ userId: z.nullable(z.string()), userName: z.nullable(z.string()), resource: z.nullable(z.string()) },
  ...{ before: State, after: State, undoes: z.nullable(z.number()) },
  ...{ address: z.nullable(z.string()), agent: z.nullable(z.string()) },
});
export type Entry = z.infer<typeof Entry>;
const Page = z.object({ entries: z.array(Entry), nextCursor: z.nullable(z.string()) });
export type AuditPage = z.infer<typeof Page>;

/** What is shown of the log; empty: all of it. */
export type AuditFilter = {
  /** A room, as "account". */
  action: string;
  severity: '' | 'warning';
  /** A user's id, or a kind of actor. */
  actor: string;
  /** Days, as a date field has them. */
  since: string;
  until: string;
};
export const EVERYTHING: AuditFilter = { action: '', severity: '', actor: '', since: '', until: '' };

export function fetchAudit(
  filter: AuditFilter,
  cursor: string | null,
  signal: AbortSignal,
): Promise<AuditPage> {
  const query = queryOf(filter);
  query.set('limit', '30');
  if (cursor !== null) query.set('cursor', cursor);
  return ask(Page, `/api/audit?${query}`, { signal });
}

export async function undo(auditId: number, signal: AbortSignal): Promise<void> {
  await send(`/api/audit/${auditId}/undo`, { signal, method: 'POST', body: {} });
}

/** Where all that fits is downloaded. */
export function exportHref(filter: AuditFilter, format: 'csv' | 'ndjson'): string {
  const query = queryOf(filter);
  query.set('format', format);
  return `/api/audit/export?${query}`;
}

function queryOf({ since, until, ...rest }: AuditFilter): URLSearchParams {
  const given = Object.entries({ ...rest, since: startOf(since, 0), until: startOf(until, 1) });
  return new URLSearchParams(given.filter(([, value]) => value !== ''));
}

/** Of a day where this page is; `later` days on. */
function startOf(day: string, later: number): string {
  const [year, month, date] = day.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return '';
  return new Date(year, month - 1, date + later).toISOString();
}

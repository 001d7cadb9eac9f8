import type { AuditAnswer } from './queries.ts';

const COLUMNS = [
  ...(['auditId', 'at', 'severity', 'action', 'actor', 'userId', 'userName'] as const),
  ...(['resource', 'before', 'after', 'undoes', 'address', 'agent'] as const),
] satisfies (keyof AuditAnswer)[];

/** RFC 4180, the header line too. */
export const CSV_HEAD = lineOf([...COLUMNS]);

export function csvLine(entry: AuditAnswer): string {
  return lineOf(COLUMNS.map((column) => cellOf(entry[column])));
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // A spreadsheet would take it for a formula, and agents are written by whoever knocks (CWE-1236).
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
}

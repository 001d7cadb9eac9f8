const MAX_REST_MS = 86_400_000;

/** `Retry-After` in milliseconds (RFC 9110 §10.2.3): seconds or a date, a second at least and a day at most. */
export function restOf(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string') return null;
  const ms = /^\s*\d{1,9}\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(MAX_REST_MS, Math.max(1000, ms));
}

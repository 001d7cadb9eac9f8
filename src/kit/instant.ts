/** RFC 3339, and the dates of HTTP and mail (RFC 9110 §5.6.7, RFC 5322): the day of the month, and the zone at the end. */
const ISO = /^\d{4}-\d\d-(\d\d)[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)$/;
const HTTP = /^[A-Z][a-z]+, (\d{1,2})[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d(?::\d\d)? (GMT|UTC|[+-]\d{4})$/;

/** An instant that a server wrote, with its zone; null for what is none, and for days that no month has, which parsers move into the next. */
export function instantOf(text: string): Date | null {
  const written = text.trim();
  const [, day, zone = ''] = ISO.exec(written) ?? HTTP.exec(written) ?? [];
  const at = new Date(written);
  if (day === undefined || Number.isNaN(at.getTime())) return null;
  const inItsZone = new Date(written.slice(0, -zone.length) + (ISO.test(written) ? 'Z' : 'GMT'));
  return inItsZone.getUTCDate() === Number(day) ? at : null;
}

/** Node's header object: lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

type Precondition = 'proceed' | 'not-modified' | 'failed';

/**
 * Evaluates the conditional headers in the order of RFC 9110 §13.2.2, before Range is looked at.
 * 'not-modified' = 304, 'failed' = 412. `etag` is quoted as on the wire, possibly weak; the resource exists.
 */
export function evaluatePreconditions(request: {
  method: string;
  headers: RequestHeaders;
  etag: string | null;
  lastModified: Date | null;
}): Precondition {
  const { headers, etag, lastModified } = request;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isStillSame(headers, etag, lastModified)) return 'failed';
  const ifNoneMatch = field(headers, 'if-none-match');
  if (ifNoneMatch !== undefined) {
    if (!matches(ifNoneMatch, etag, 'weak')) return 'proceed';
    return isRead ? 'not-modified' : 'failed';
  }
  if (!isRead) return 'proceed';
  const since = dateOf(field(headers, 'if-modified-since'));
  if (since === null || lastModified === null) return 'proceed';
  return seconds(lastModified) <= seconds(since) ? 'not-modified' : 'proceed';
}

/**
 * Whether `If-Range` lets the Range be honoured (RFC 9110 §13.1.5): the same strong ETag, or exactly
 * the date we sent. Weak, different or unreadable = false: send the whole body. Absent = true.
 */
export function ifRangeHolds(
  ifRange: string | undefined,
  etag: string | null,
  lastModified: Date | null,
): boolean {
  if (ifRange === undefined) return true;
  const value = ifRange.trim();
  if (value.endsWith('"')) return etag !== null && value === etag && !etag.startsWith('W/');
  const date = dateOf(value);
  return date !== null && lastModified !== null && seconds(date) === seconds(lastModified);
}

/** An HTTP-date in any of its three forms (RFC 9110 §5.6.7); null when it is none of them. */
export function parseHttpDate(value: string): Date | null {
  const text = value.trim();
  const fixed = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT$/.exec(text);
  if (fixed) return utc(fixed[3], fixed[2], fixed[1], fixed[4]);
  const rfc850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/.exec(text);
  // Two-digit years: HTTP began in 1991, so 70–99 are the last century.
  if (rfc850) return utc(`${Number(rfc850[3]) < 70 ? 20 : 19}${rfc850[3]}`, rfc850[2], rfc850[1], rfc850[4]);
  const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/.exec(text);
  if (asctime) return utc(asctime[4], asctime[1], asctime[2], asctime[3]);
  return null;
}

/** If-Match, else If-Unmodified-Since: false = 412. */
function isStillSame(headers: RequestHeaders, etag: string | null, lastModified: Date | null): boolean {
  const ifMatch = field(headers, 'if-match');
  if (ifMatch !== undefined) return matches(ifMatch, etag, 'strong');
  const since = dateOf(field(headers, 'if-unmodified-since'));
  if (since === null || lastModified === null) return true;
  // Compared in whole seconds: a client that repeats our Last-Modified passes although the file's time has milliseconds.
  return seconds(lastModified) <= seconds(since);
}

/** RFC 9110 §8.8.3.2: `*` matches whatever exists; strong comparison refuses weak tags on either side. */
function matches(list: string, etag: string | null, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  if (etag === null) return false;
  if (comparison === 'strong' && etag.startsWith('W/')) return false;
  const wanted = etag.replace(/^W\//, '');
  // A comma may stand inside the quotes, so the list is not split at commas.
  for (const [, weak, tag] of list.matchAll(/(W\/)?("[^"]*")/g)) {
    if (tag === wanted && (weak === undefined || comparison === 'weak')) return true;
  }
  return false;
}

function field(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function dateOf(value: string | undefined): Date | null {
  return value === undefined ? null : parseHttpDate(value);
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function utc(year = '', monthName = '', day = '', time = ''): Date | null {
  const month = MONTHS.indexOf(monthName);
  const [hour, minute, second] = time.split(':').map(Number);
  if (month < 0 || hour === undefined || minute === undefined || second === undefined) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(Date.UTC(Number(year), month, Number(day), hour, minute, second));
  // 31 February would silently become March.
  return date.getUTCMonth() === month || second === 60 ? date : null;
}

import { z } from 'zod';
import { wholeSize } from '../../kit/whole-size.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d))?`;
/** Apache and h5ai `2026-01-31 20:15`, lighttpd `2026-Jan-31 20:15:00`, nginx `31-Jan-2026 20:15`, IIS `Saturday, January 31, 2026  8:15 PM`. */
const DATES = [
  new RegExp(String.raw`(?<year>\d{4})-(?<month>\d\d|[A-Za-z]{3})-(?<day>\d\d)[ T]+${TIME}`),
  new RegExp(String.raw`(?<day>\d{1,2})-(?<month>[A-Za-z]{3})-(?<year>\d{4})[ T]+${TIME}`),
  new RegExp(
    String.raw`[A-Z][a-z]+, (?<month>[A-Z][a-z]{2})[a-z]* (?<day>\d{1,2}), (?<year>\d{4})\s+${TIME} (?<half>[AP]M)`,
  ),
];
/** `1/2/2026  8:15 PM`: nobody can tell whether of January or of February. */
const UNCLEAR_DATE = /\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\s+\d{1,2}:\d\d(?::\d\d)?(?:\s?[AP]M)?/;
/** Bytes, as a number of its own: `1.2G`, `12 KB` and `1,5` are rounded. */
const EXACT_SIZE = /^\s*(\d{1,19})(?!\S)(?!\s*[KMGTP](?:i?B)?(?![A-Za-z]))(?!\s*(?:bytes?|B)\w)/i;

const DateParts = z.object({
  ...{ year: z.coerce.number(), month: z.string(), day: z.coerce.number() },
  ...{ hour: z.coerce.number(), minute: z.coerce.number(), second: z.coerce.number().default(0) },
  half: z.enum(['AM', 'PM']).optional(),
});

/** What the text of a row tells besides its name; a size counts where it stands behind the date or alone. */
export function factsOfRow(text: string): { sizeBytes: number | null; modifiedAt: Date | null } {
  const plain = text.replaceAll('&nbsp;', ' ');
  for (const pattern of DATES) {
    const found = pattern.exec(plain);
    if (found !== null)
      return {
        modifiedAt: dateOf(found.groups),
        sizeBytes: exactSize(plain.slice(found.index + found[0].length)),
      };
  }
  const unclear = UNCLEAR_DATE.exec(plain);
  if (unclear !== null)
    return { modifiedAt: null, sizeBytes: exactSize(plain.slice(unclear.index + unclear[0].length)) };
  return { modifiedAt: null, sizeBytes: /^[\s\d]+(?:bytes?|B)?\s*$/.test(plain) ? exactSize(plain) : null };
}

/** Bytes where a text begins with them, unrounded. */
export function exactSize(text: string): number | null {
  return wholeSize(EXACT_SIZE.exec(text)?.[1] ?? '');
}

function dateOf(groups: unknown): Date | null {
  const { year, month, day, hour, minute, second, half } = DateParts.parse(groups);
  const at = /^\d/.test(month) ? Number(month) - 1 : MONTHS.indexOf(month.toLowerCase());
  const hours = half === undefined ? hour : (hour % 12) + (half === 'PM' ? 12 : 0);
  const date = new Date(Date.UTC(year, at, day, hours, minute, second));
  // 31 February, month 13, 25:99: what is written is no date.
  const isOne = date.getUTCMonth() === at && date.getUTCDate() === day && minute < 60 && second < 60;
  return isOne ? date : null;
}

/** Minutes of the zones that guides name by letters; all others are numbers. */
const ZONES: Readonly<Record<string, number>> = {
  ...{ UTC: 0, GMT: 0, Z: 0, WET: 0, WEST: 60, BST: 60, CET: 60, CEST: 120, EET: 120, EEST: 180, MSK: 180 },
  ...{ EST: -300, EDT: -240, CST: -360, CDT: -300, MST: -420, MDT: -360, PST: -480, PDT: -420 },
};

/**
 * A moment as XMLTV writes it: `20261127183000 +0100`, without seconds, without a zone (UTC then), or with one of the zones known by letters.
 * Null for anything else, also for the 30th of February.
 */
export function guideTime(text: string): Date | null {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?\s*(?:([+-])(\d\d):?(\d\d)|([A-Za-z]{1,5}))?$/.exec(
    text.trim(),
  );
  if (found === null) return null;
  const [, year, month, day, hour, minute, second = '00', sign, hours = '0', minutes = '0', letters] = found;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  const atMs = Date.parse(local);
  const offset =
    letters === undefined
      ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
      : ZONES[letters.toUpperCase()];
  if (Number.isNaN(atMs) || offset === undefined || Math.abs(offset) > 14 * 60) return null;
  // `Date.parse` takes the 30th of February for the 2nd of March.
  if (new Date(atMs).getUTCDate() !== Number(day)) return null;
  return new Date(atMs - offset * 60_000);
}

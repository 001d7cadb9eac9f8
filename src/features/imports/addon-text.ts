/** `2008`, `2008-2013`, `2008–` → 2008. */
export function infoYear(info: string | number | undefined): number | null {
  const year = Number(/(?<!\d)(?:18[7-9]\d|19\d\d|20\d\d|21\d\d)(?!\d)/.exec(String(info ?? ''))?.[0]);
  return Number.isNaN(year) ? null : year;
}

/** `136 min`, `2h 16min` → 136. */
export function minutesIn(text: string | undefined): number | null {
  const [, hours = '0', minutes = '0'] =
    /^\s*(?:(\d{1,3})\s*h\w*)?\s*(?:(\d{1,4})\s*(?:m\w*)?)?\s*$/.exec(text?.slice(0, 50) ?? '') ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  return total > 0 ? total : null;
}

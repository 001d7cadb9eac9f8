const MINUTE_MS = 60_000;
const WEEK_MINUTES = 7 * 24 * 60;

/**
 * When a job of this schedule runs next after a moment (epoch ms); null: not within a week. Reads what our jobs use of cron: five fields
 * in UTC, each `*`, `*` with a step, or a number.
 */
export function nextTick(every: string, afterMs: number): number | null {
  const fields = every.split(' ');
  let at = (Math.floor(afterMs / MINUTE_MS) + 1) * MINUTE_MS;
  for (let minute = 0; minute < WEEK_MINUTES; minute += 1, at += MINUTE_MS) {
    const day = new Date(at);
    const values = [
      ...[day.getUTCMinutes(), day.getUTCHours(), day.getUTCDate()],
      ...[day.getUTCMonth() + 1, day.getUTCDay()],
    ];
    if (values.every((value, index) => matches(fields[index] ?? '*', value))) return at;
  }
  return null;
}

function matches(field: string, value: number): boolean {
  const [base = '*', step = '1'] = field.split('/');
  return base === '*' ? value % Number(step) === 0 : Number(base) === value;
}

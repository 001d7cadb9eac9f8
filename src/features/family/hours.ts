import { z } from 'zod';

const Time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'needs a time like "18:30"');
/** Times of day at which something may be watched; `to` before `from` goes on past midnight. ISO days: 1 is Monday. */
export const Hours = z
  .array(
    z.strictObject({
      days: z.array(z.int().min(1).max(7)).min(1).max(7),
      from: Time,
      to: z.union([Time, z.literal('24:00')]),
    }),
  )
  .max(50);
export type Hours = z.infer<typeof Hours>;

export type Clock = {
  hours: Hours | null;
  dailyMinutes: number | null;
  minutesWatched: number;
  localDay: number;
  localTime: string;
};

/** Whether something may be watched at this time, or why not. */
export function timeVerdict(clock: Clock): 'open' | 'out-of-hours' | 'time-is-up' {
  if (clock.hours !== null && !clock.hours.some((window) => isWithin(window, clock))) return 'out-of-hours';
  const { dailyMinutes, minutesWatched } = clock;
  return dailyMinutes !== null && minutesWatched >= dailyMinutes ? 'time-is-up' : 'open';
}

function isWithin({ days, from, to }: Hours[number], { localDay, localTime }: Clock): boolean {
  if (from < to) return days.includes(localDay) && localTime >= from && localTime < to;
  // Past midnight: the evening of its day, or the morning after.
  const dayBefore = localDay === 1 ? 7 : localDay - 1;
  return (days.includes(localDay) && localTime >= from) || (days.includes(dayBefore) && localTime < to);
}

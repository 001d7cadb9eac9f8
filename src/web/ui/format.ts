const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const decimals = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** `12,345`, and one decimal below ten. */
export function count(value: number): string {
  return Math.abs(value) < 10 ? decimals.format(value) : numbers.format(value);
}

/** `14:05`, local time. */
export function timeOfDay(atMs: number): string {
  return clock.format(atMs);
}

export function timeWithSeconds(atMs: number): string {
  return clockSeconds.format(atMs);
}

/** `26 Nov` of `2026-11-26`. */
export function dayOf(isoDay: string): string {
  return days.format(Date.parse(isoDay));
}

/** The two largest units: `3 d 4 h`, `12 min 5 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const units: [string, number][] = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ];
  const first = units.findIndex(([, amount]) => amount > 0);
  if (first === -1) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(' ');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `3.4 MiB`, `812 MiB`. */
export function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${count(bytes / 1024 ** power)} ${UNITS[power]}`;
}

/** Bytes a second as `24 Mbit/s`. */
export function rate(bytesPerSecond: number): string {
  return `${count((bytesPerSecond * 8) / 1e6)} Mbit/s`;
}

/** One film, two films. */
export function plural(amount: number, one: string, many: string): string {
  return `${numbers.format(amount)} ${amount === 1 ? one : many}`;
}

/** How long ago a time of ISO 8601 was. */
export function ago(time: string): string {
  const ms = Date.now() - Date.parse(time);
  return ms < 60_000 ? 'just now' : `${duration(ms)} ago`;
}

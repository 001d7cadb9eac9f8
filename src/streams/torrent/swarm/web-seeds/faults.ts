/** The seed does not have this file, or not this one: none of its pieces is asked of it again. */
export class MissingFile extends Error {
  readonly fileIndex: number;
  constructor(fileIndex: number, reason: string) {
    super(reason);
    this.fileIndex = fileIndex;
  }
}

/** It says when it may be asked again. */
export class BusySeed extends Error {
  readonly pauseMs: number;
  constructor(pauseMs: number) {
    super('the web seed is busy');
    this.pauseMs = pauseMs;
  }
}

const [MIN_PAUSE_S, MAX_PAUSE_S] = [1, 600];

/** What an answer without bytes means. */
export function faultOf(
  status: number,
  retryAfter: string | string[] | undefined,
  fileIndex: number,
  now = Date.now(),
): Error {
  if (status === 404 || status === 410 || status === 416)
    return new MissingFile(fileIndex, `the web seed answered ${status}`);
  const pauseS = status === 429 || status === 503 ? secondsOf(retryAfter, now) : null;
  if (pauseS === null) return new Error(`the web seed answered ${status}`);
  return new BusySeed(1000 * Math.min(MAX_PAUSE_S, Math.max(MIN_PAUSE_S, pauseS)));
}

/** `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). */
function secondsOf(retryAfter: string | string[] | undefined, now: number): number | null {
  if (typeof retryAfter !== 'string') return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : (at - now) / 1000;
}

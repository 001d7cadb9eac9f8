import { setTimeout as sleep } from 'node:timers/promises';

export type Seen = { status: number; retryAfter: string | null; tookMs: number; what: string };

export type Traffic = {
  seen: readonly Seen[];
  /** Ends the loops and resolves when the last answer is in. */
  stop(): Promise<readonly Seen[]>;
};

const TIMEOUT_MS = 10_000;

/** Asks over and over, `workers` at a time, and keeps every answer. A request that gets none counts as status 0, with the reason. */
export function startTraffic(ask: (round: number) => Promise<Response>, workers = 6): Traffic {
  const seen: Seen[] = [];
  let isOver = false;
  let round = 0;
  const once = async () => {
    round += 1;
    const begunAt = performance.now();
    const note = (status: number, retryAfter: string | null, what: string) =>
      seen.push({ status, retryAfter, what, tookMs: performance.now() - begunAt });
    try {
      const response = await ask(round);
      const text = await response.text();
      note(response.status, response.headers.get('retry-after'), response.status === 200 ? '' : text);
    } catch (error) {
      note(0, null, describe(error));
    }
  };
  const work = async () => {
    while (!isOver) {
      await once();
      await sleep(5);
    }
  };
  const loops = Promise.all(Array.from({ length: workers }, work));
  return {
    seen,
    async stop() {
      isOver = true;
      await loops;
      return seen;
    },
  };
}

/** `fetch` that gives up in time. */
export function get(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

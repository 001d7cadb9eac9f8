import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiFailure } from './api.ts';

export type Polled<Data> = {
  /** The last good answer; stays while a later one fails. */
  data: Data | null;
  error: ApiFailure | null;
  isLoading: boolean;
  /** Epoch ms of the last good answer. */
  updatedAt: number | null;
  reload(): void;
};

/** After a failure the next try comes this soon, whatever the pace: servers restart in seconds. */
const RETRY_MS = 5_000;

/**
 * Asks now and again after `pace(answer)` milliseconds, not while the page is hidden; asks at once when it is shown again
 * and the time is up. One request at a time; it is aborted when the component goes. `ask` and `pace` must be stable.
 */
export function usePolled<Data>(
  ask: (signal: AbortSignal) => Promise<Data>,
  pace: (data: Data) => number,
): Polled<Data> {
  const [state, setState] = useState<Omit<Polled<Data>, 'reload'>>({
    data: null,
    error: null,
    isLoading: true,
    updatedAt: null,
  });
  const [round, setRound] = useState(0);
  const last = useRef<Last<Data>>({ triedAt: 0, data: null, ask });
  const reload = useCallback(() => {
    last.current.triedAt = 0;
    setRound((count) => count + 1);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is how reload() starts over
  useEffect(() => {
    // Another question waits for nothing; another pace counts from the last try.
    if (last.current.ask !== ask) last.current = { ...last.current, ask, triedAt: 0 };
    return poll({
      ask,
      pace,
      last: last.current,
      onState: (change) => setState((before) => ({ ...before, ...change })),
    });
  }, [ask, pace, round]);

  return { ...state, reload };
}

type Last<Data> = { triedAt: number; data: Data | null; ask: (signal: AbortSignal) => Promise<Data> };

type Poll<Data> = {
  ask: (signal: AbortSignal) => Promise<Data>;
  pace: (data: Data) => number;
  /** Outlives the poll: a new pace counts from the last try. */
  last: Last<Data>;
  onState(change: Partial<Polled<Data>>): void;
};

/** Returns what ends it. */
function poll<Data>({ ask, pace, last, onState }: Poll<Data>): () => void {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;

  async function tick() {
    if (isAsking || document.hidden) return;
    isAsking = true;
    last.triedAt = Date.now();
    onState({ isLoading: true });
    const answer = await settle(ask(stop.signal));
    if (stop.signal.aborted) return;
    isAsking = false;
    last.data = answer.data ?? last.data;
    onState({ ...answer, isLoading: false });
    plan(answer.data ? pace(answer.data) : RETRY_MS);
  }

  function plan(waitMs: number) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(() => void tick(), waitMs);
  }

  function resume() {
    const waitMs = last.data ? pace(last.data) : RETRY_MS;
    if (!isAsking) plan(Math.max(0, last.triedAt + waitMs - Date.now()));
  }

  document.addEventListener('visibilitychange', resume);
  resume();
  return () => {
    stop.abort();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', resume);
  };
}

/** The part of the state that the answer changes: a failure leaves the old data in place. */
async function settle<Data>(asked: Promise<Data>): Promise<Partial<Polled<Data>>> {
  try {
    return { data: await asked, error: null, updatedAt: Date.now() };
  } catch (reason) {
    return { error: toFailure(reason) };
  }
}

export function toFailure(reason: unknown): ApiFailure {
  if (reason instanceof ApiFailure) return reason;
  return new ApiFailure('Something went wrong on this page. Reload it.', { cause: reason });
}

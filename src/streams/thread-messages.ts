import { AppError, UpstreamFailed } from '../kit/errors.ts';

/** To a thread of its own: `call` numbers what is answered by `done` or `failed`. */
export type ToThread<Ask, Tell> =
  | { type: 'ask'; call: number; ask: Ask }
  | { type: 'tell'; tell: Tell }
  | { type: 'sent'; call: number; part: number }
  | { type: 'abort'; call: number };

export type FromThread<Told> =
  | { type: 'done'; call: number; value: unknown }
  | { type: 'failed'; call: number; error: Failure }
  /** Memory that parts will lie in; shared once, until it is `gone`. */
  | { type: 'memory'; id: number; shared: SharedArrayBuffer }
  | { type: 'gone'; id: number }
  | { type: 'part'; call: number; part: number; memory: number; from: number; to: number }
  | { type: 'told'; told: Told };

/** An error as it crosses from thread to thread. */
export type Failure = {
  code: string | null;
  message: string;
  status: number;
  retryable: boolean;
};

export function toFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AppError)) return { code: null, message, status: 500, retryable: false };
  const retryable = error instanceof UpstreamFailed && error.retryable;
  return { code: error.code, message, status: error.status, retryable };
}

const UPSTREAM_STATUSES = [404, 410, 429, 502, 503, 504] as const;

/** `name` is the thread's, for what it did not foresee. */
export function fromFailure({ code, message, status, retryable }: Failure, name: string): Error {
  if (code === null) return new Error(`the thread ${name} failed: ${message}`);
  const upstream = UPSTREAM_STATUSES.find((known) => known === status);
  if (code === 'upstream.failed' && upstream !== undefined)
    return new UpstreamFailed(message, { retryable, status: upstream });
  return new AppError(code, message, { status });
}

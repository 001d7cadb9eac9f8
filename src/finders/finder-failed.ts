import { UpstreamFailed } from '../kit/errors.ts';

/** `limit`: asked too often; `refused`: the key is wrong or the account closed; `request`: it does not know this question; `broken`: no feed. */
export type FinderFault = 'unreachable' | 'limit' | 'refused' | 'request' | 'broken';

/** A finder's own failure: 502, or 429 where it was asked too often. The message names no address and no key. */
export class FinderFailed extends UpstreamFailed {
  readonly fault: FinderFault;
  /** Milliseconds it wants to be left alone; null: it did not say. */
  readonly restMs: number | null;

  constructor(fault: FinderFault, reason: string, options: { restMs?: number | null; cause?: unknown } = {}) {
    super(reason, {
      retryable: fault === 'unreachable' || fault === 'limit',
      status: fault === 'limit' ? 429 : 502,
      cause: options.cause,
    });
    this.fault = fault;
    this.restMs = options.restMs ?? null;
  }
}

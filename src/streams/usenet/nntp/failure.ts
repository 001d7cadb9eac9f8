/**
 * `unreachable`: no connection; `refused`: a wrong login; `busy`: turned away, mostly as too many connections are open; `silent`, `cut`:
 * nothing came any more, or the end did; `protocol`: what came is no NNTP; `rejected`: this article is not to be had now, the connection
 * lives on; `closed`: by us, and nobody's fault.
 */
export type FailureReason =
  | 'unreachable'
  | 'refused'
  | 'busy'
  | 'silent'
  | 'cut'
  | 'protocol'
  | 'rejected'
  | 'closed';

/** What went wrong with a connection or on it. The message holds nothing that a server said: it may repeat a login. */
export class NntpFailure extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'NntpFailure';
    this.reason = reason;
  }
}

/** What every room throws and the one reporter in `app.ts` answers with (RFC 9457 problem+json). */
export type AppErrorOptions = {
  /** HTTP status the reporter answers with. */
  status: number;
  /** Extra response headers, e.g. `Retry-After`. */
  headers?: Record<string, string>;
  /** Per-field messages for bad input; never holds the value itself. */
  issues?: readonly { path: string; message: string }[];
  cause?: unknown;
};

/** An expected failure. `code` is stable (`room.event`); `message` is shown to the client, so it holds no URL, path, token or stack. */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly issues: readonly { path: string; message: string }[];

  constructor(code: string, message: string, options: AppErrorOptions) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = options.status;
    this.headers = options.headers ?? {};
    this.issues = options.issues ?? [];
  }
}

/** 400 with the fields that are wrong. */
export class BadInput extends AppError {
  constructor(code: string, message: string, issues: AppErrorOptions['issues'] = []) {
    super(code, message, { status: 400, issues });
  }
}

/** 404. */
export class NotFound extends AppError {
  constructor(code: string, message: string) {
    super(code, message, { status: 404 });
  }
}

/** 403: known, and not allowed. */
export class Forbidden extends AppError {
  constructor(code: string, message: string) {
    super(code, message, { status: 403 });
  }
}

/** 409: the request contradicts what is stored. */
export class Conflict extends AppError {
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, { status: 409, cause });
  }
}

/** The origin failed, we did not: 502, or 504 when it kept us waiting. `origin` is a host at most, never a URL. */
export class UpstreamFailed extends AppError {
  readonly retryable: boolean;

  constructor(
    reason: string,
    options: { retryable: boolean; status?: 404 | 410 | 429 | 502 | 503 | 504; cause?: unknown },
  ) {
    super('upstream.failed', reason, { status: options.status ?? 502, cause: options.cause });
    this.retryable = options.retryable;
  }
}

import { type Logger, pino } from 'pino';
import { UpstreamFailed } from '../kit/errors.ts';

export type Log = Logger;

/** Play tokens, install ids and credentials of URLs, wherever a URL is logged by mistake. */
const SECRETS: readonly [RegExp, string][] = [
  [/(\/play\/[\w-]+\/)[^/\s"?]+/g, '$1…'],
  [/([a-z][a-z0-9+.-]*:\/\/)[^/\s"@]+@/gi, '$1…@'],
  [/((?:token|key|password|secret|authorization|passkey)["']?\s*[=:]\s*["']?)[^&\s"',}]+/gi, '$1…'],
];

/** Takes secrets out of a text that goes to a log or a report. */
export function redact(text: string): string {
  return SECRETS.reduce((cleaned, [pattern, replacement]) => cleaned.replace(pattern, replacement), text);
}

/** The log: one JSON object a line on standard output, messages and errors redacted. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['headers', 'req.headers', '*.authorization', '*.cookie', '*.token', '*.password', '*.secret'],
      censor: '…',
    },
    serializers: { err: describeError, error: describeError },
    hooks: {
      logMethod(args, method) {
        method.apply(
          this,
          args.map((arg) => (typeof arg === 'string' ? redact(arg) : arg)) as Parameters<typeof method>,
        );
      },
    },
  });
}

/** Name, code, message and stack of an error and its causes, redacted. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? redact(error) : error;
  const cause = error instanceof UpstreamFailed ? describeOrigin : describeError;
  return {
    type: error.name,
    code: codeOf(error),
    message: redact(error.message),
    stack: redact(error.stack ?? ''),
    cause: error.cause === undefined ? undefined : cause(error.cause),
  };
}

/** Of what went wrong with an origin no message: those of sockets, name servers and certificates name the host. */
function describeOrigin(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error;
  return {
    type: error.name,
    code: codeOf(error),
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^ {4}at /.test(line))
      .join('\n'),
    cause: error.cause === undefined ? undefined : describeOrigin(error.cause),
  };
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

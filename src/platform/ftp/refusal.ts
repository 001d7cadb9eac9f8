import { UpstreamFailed } from '../../kit/errors.ts';
import { toUpstreamFailed } from '../net-request.ts';
import { FtpRefused } from './control.ts';

/** The code a server refused with (RFC 959 §4.2); null: it was something else. */
export function refusedWith(error: unknown): number | null {
  return error instanceof FtpRefused ? error.code : null;
}

/** ProFTPD refuses the login of one too many by 530, in words its owner may change; these are its own and those of others. */
const TOO_MANY =
  /\b(too many|maximum number|max(imum)? \S* ?(clients|connections|users)|limit|server is full|try (again )?later)\b/i;

/** The server has as many visitors as it takes: another time it would not refuse. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof FtpRefused)) return false;
  return error.code === 421 || (error.code === 530 && TOO_MANY.test(error.message));
}

/** What went wrong with an FTP server, as the 404, 502, 503 or 504 it means. */
export function ftpFailure(error: unknown): Error {
  const code = refusedWith(error);
  if (code === null) {
    const isLate = error instanceof Error && /^Timeout/.test(error.message);
    return toUpstreamFailed(isLate ? Object.assign(new Error('late'), { code: 'ETIMEDOUT' }) : error);
  }
  if (isBusy(error))
    return new UpstreamFailed('The origin has too many visitors. Try again in a moment.', {
      retryable: false,
      status: 503,
    });
  if (code === 530 || code === 430 || code === 332)
    return new UpstreamFailed('The origin refuses the login.', { retryable: false });
  if (code === 550)
    return new UpstreamFailed('The origin does not have this file any more.', {
      retryable: false,
      status: 404,
    });
  // RFC 959: a 4xx may go another way the next time.
  return new UpstreamFailed(`The origin answered with code ${code}.`, { retryable: code < 500 });
}

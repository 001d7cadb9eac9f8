import { UpstreamFailed } from '../../kit/errors.ts';
import { toUpstreamFailed } from '../net-request.ts';
import { FtpRefused } from './control.ts';

/** The code a server refused with (RFC 959 §4.2); null: it was something else. */
export function refusedWith(error: unknown): number | null {
  return error instanceof FtpRefused ? error.code : null;
}

/** What went wrong with an FTP server, as the 404, 502, 503 or 504 it means. */
export function ftpFailure(error: unknown): Error {
  const code = refusedWith(error);
  if (code === null) {
    const isLate = error instanceof Error && /^Timeout/.test(error.message);
    return toUpstreamFailed(isLate ? Object.assign(new Error('late'), { code: 'ETIMEDOUT' }) : error);
  }
  if (code === 530 || code === 430 || code === 332)
    return new UpstreamFailed('The origin refuses the login.', { retryable: false });
  if (code === 550)
    return new UpstreamFailed('The origin does not have this file any more.', {
      retryable: false,
      status: 404,
    });
  if (code === 421)
    return new UpstreamFailed('The origin has too many visitors. Try again in a moment.', {
      retryable: false,
      status: 503,
    });
  // RFC 959: a 4xx may go another way the next time.
  return new UpstreamFailed(`The origin answered with code ${code}.`, { retryable: code < 500 });
}

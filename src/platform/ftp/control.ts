/**
 * The library's control connection: lines, replies and their end, timers. It speaks on sockets that `net.dial` opened, and opens none of
 * its own here. `FtpRefused` has the `code` of the reply.
 */
import type { FTPContext } from 'basic-ftp';

export { FileType, FTPContext as FtpControl, FTPError as FtpRefused, parseList } from 'basic-ftp';

type ReplyHandler = Parameters<FTPContext['handle']>[1];

/** Its `handle` without the stack trace that it takes of each command, for a message that nobody sees; cold, that is 0.1 ms. */
export function handle<T>(control: FTPContext, command: string, onReply: ReplyHandler): Promise<T> {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return control.handle(command, onReply);
  } finally {
    Error.stackTraceLimit = before;
  }
}

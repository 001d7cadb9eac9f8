/**
 * The library's control connection: lines, replies and their end, timers. It speaks on sockets that `net.dial` opened, and opens none of
 * its own here. `FtpRefused` has the `code` of the reply.
 */
export { FileType, FTPContext as FtpControl, FTPError as FtpRefused, parseList } from 'basic-ftp';

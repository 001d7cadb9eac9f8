import type { NetHeaders } from '../net-request.ts';
import { FIELDS } from './fields.ts';

/** More than any file server sends; a head that goes on for longer is an attack or no HTTP. */
const MAX_HEAD_BYTES = 32 * 1024;

export type ResponseHead = {
  status: number;
  /** Those that matter to who reads bodies of files, and no others: one object of one shape, where a dictionary of all cost 4 µs a range. */
  headers: NetHeaders;
  /** Bytes of the body (RFC 9112 §6.3); null: chunked, or until the connection ends. */
  length: number | null;
  /** The connection serves another request when the body has been read. */
  isKeptAlive: boolean;
};

const HEAD_END = Buffer.from('\r\n\r\n');

/** Finds the final head in what a connection brings, however many reads it takes; interim answers (1xx) are passed over. */
export type HeadReader = {
  /** `bodyAt`: where in `bytes` the body begins. Null: the head goes on in the next read. */
  read(bytes: Buffer): { head: ResponseHead; bodyAt: number } | null;
};

export function createHeadReader(): HeadReader {
  let earlier: Buffer | null = null;

  function next(bytes: Buffer): { head: ResponseHead; bodyAt: number } | null {
    const whole: Buffer = earlier === null ? bytes : Buffer.concat([earlier, bytes]);
    const end = whole.indexOf(HEAD_END);
    if (end > MAX_HEAD_BYTES || (end < 0 && whole.length > MAX_HEAD_BYTES))
      throw new Error('the head of the answer is too large');
    if (end < 0) {
      // Copied: the next read overwrites the buffer.
      earlier = Buffer.from(whole);
      return null;
    }
    const head = parseResponseHead(whole.toString('latin1', 0, end + 2));
    const bodyAt = end + HEAD_END.length - (earlier?.length ?? 0);
    earlier = null;
    return { head, bodyAt };
  }

  return {
    read(bytes) {
      for (let at = 0; ; ) {
        const found = next(from(bytes, at));
        if (found === null) return null;
        // 101 would be another protocol; the other 1xx come before the answer itself (RFC 9110 §15.2).
        if (found.head.status === 101) throw new Error('the origin changes the protocol');
        at += found.bodyAt;
        if (found.head.status >= 200) return { head: found.head, bodyAt: at };
      }
    },
  };
}

function from(bytes: Buffer, at: number): Buffer {
  return at === 0 ? bytes : bytes.subarray(at);
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n\0]*)?\r\n/;
const ALL_FIELDS = new RegExp(`^\\r\\n${FIELDS}$`);

/**
 * Reads the head of a response, without its empty line. Throws on everything that two readers could understand in two ways:
 * folded lines, bare CR or LF, several lengths, a length beside a transfer coding.
 */
function parseResponseHead(text: string): ResponseHead {
  const [statusLine = '', minor, status] = STATUS_LINE.exec(text) ?? [];
  if (status === undefined) throw new Error('the answer is no HTTP/1.x');
  const lines = text.slice(statusLine.length - 2);
  if (!ALL_FIELDS.test(lines)) throw new Error('the answer has a broken header');
  const lower = lines.toLowerCase();
  const value = (name: string) => fieldOf(name, lines, lower);
  const headers = {
    connection: value('connection'),
    'content-encoding': value('content-encoding'),
    'content-length': value('content-length'),
    'content-range': value('content-range'),
    etag: value('etag'),
    'last-modified': value('last-modified'),
    location: value('location'),
    'retry-after': value('retry-after'),
    'transfer-encoding': value('transfer-encoding'),
  };
  const code = Number(status);
  const isKeptAlive = minor === '1' && !says(headers.connection, 'close');
  return { status: code, headers, length: lengthOf(code, headers), isKeptAlive };
}

/** Values of the lines of this name; `lower` is `lines` in lower case. Both begin with the line end before the first. */
function fieldOf(name: string, lines: string, lower: string): string | string[] | undefined {
  const mark = `\r\n${name}:`;
  let found: string | string[] | undefined;
  for (let at = lower.indexOf(mark); at >= 0; at = lower.indexOf(mark, at + mark.length)) {
    const value = lines.slice(at + mark.length, lines.indexOf('\r\n', at + mark.length)).trim();
    found = found === undefined ? value : [found, value].flat();
  }
  return found;
}

/** Whether `Connection` has this option (RFC 9110 §7.6.1). */
function says(connection: string | string[] | undefined, option: string): boolean {
  if (connection === undefined || connection === 'keep-alive') return false;
  const options = typeof connection === 'string' ? connection : connection.join(',');
  return options.split(',').some((one) => one.trim().toLowerCase() === option);
}

function lengthOf(status: number, headers: NetHeaders): number | null {
  const told = headers['content-length'];
  if (headers['transfer-encoding'] !== undefined) {
    if (told !== undefined) throw new Error('the answer has a length and a transfer coding');
    return null;
  }
  if (status < 200 || status === 204 || status === 304) return 0;
  if (told === undefined) return null;
  const [length = '', ...more] = typeof told === 'string' ? [told] : new Set(told);
  if (more.length > 0 || !/^\d{1,15}$/.test(length)) throw new Error('the answer has no sound length');
  return Number(length);
}

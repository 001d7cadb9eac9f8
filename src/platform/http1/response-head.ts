import type { NetHeaders } from '../net-request.ts';

/** More than any file server sends; a head that goes on for longer is an attack or no HTTP. */
const MAX_HEAD_BYTES = 32 * 1024;

export type ResponseHead = {
  status: number;
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
  let earlier = Buffer.alloc(0);

  function next(bytes: Buffer): { head: ResponseHead; bodyAt: number } | null {
    const whole = earlier.length === 0 ? bytes : Buffer.concat([earlier, bytes]);
    const end = whole.indexOf(HEAD_END);
    if (end > MAX_HEAD_BYTES || (end < 0 && whole.length > MAX_HEAD_BYTES))
      throw new Error('the head of the answer is too large');
    if (end < 0) {
      // Copied: the next read overwrites the buffer.
      earlier = Buffer.from(whole);
      return null;
    }
    const head = parseResponseHead(whole.toString('latin1', 0, end));
    const bodyAt = end + HEAD_END.length - earlier.length;
    earlier = Buffer.alloc(0);
    return { head, bodyAt };
  }

  return {
    read(bytes) {
      for (let at = 0; ; ) {
        const found = next(bytes.subarray(at));
        if (found === null) return null;
        // 101 would be another protocol; the other 1xx come before the answer itself (RFC 9110 §15.2).
        if (found.head.status === 101) throw new Error('the origin changes the protocol');
        at += found.bodyAt;
        if (found.head.status >= 200) return { head: found.head, bodyAt: at };
      }
    },
  };
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Any of these within a line would be another line to another reader. */
const CONTROL = /[\r\n\0]/;

/**
 * Reads the head of a response, without its empty line. Throws on everything that two readers could understand in two ways:
 * folded lines, bare CR or LF, several lengths, a length beside a transfer coding.
 */
function parseResponseHead(text: string): ResponseHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, minor, status] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined) throw new Error('the answer is no HTTP/1.x');
  // `__proto__` is a header's name like another.
  const headers: Record<string, string | string[]> = Object.create(null);
  if (CONTROL.test(lines.join(''))) throw new Error('the answer has a broken header');
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon < 1 || !NAME.test(name)) throw new Error('the answer has a broken header');
    add(headers, name.toLowerCase(), line.slice(colon + 1).trim());
  }
  const code = Number(status);
  const connection = [headers.connection ?? ''].flat().join(',').toLowerCase();
  return {
    status: code,
    headers,
    length: lengthOf(code, headers),
    isKeptAlive: minor === '1' && !/\bclose\b/.test(connection),
  };
}

function add(headers: Record<string, string | string[]>, name: string, value: string): void {
  const known = headers[name];
  headers[name] = known === undefined ? value : [known, value].flat();
}

function lengthOf(status: number, headers: NetHeaders): number | null {
  const lengths = new Set([headers['content-length'] ?? []].flat());
  if (headers['transfer-encoding'] !== undefined) {
    if (lengths.size > 0) throw new Error('the answer has a length and a transfer coding');
    return null;
  }
  if (status < 200 || status === 204 || status === 304) return 0;
  if (lengths.size === 0) return null;
  const [length = ''] = lengths;
  if (lengths.size > 1 || !/^\d{1,15}$/.test(length)) throw new Error('the answer has no sound length');
  return Number(length);
}

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { PlainRequest } from './plain-request.ts';

export type HeaderRecord = Readonly<Record<string, string | number>>;

/** The answer to one plain request (RFC 9112), written to its socket without a copy. */
export type DirectAnswer = {
  /**
   * Goes out with the first bytes of the body. `fixed` is the same object for the same file: its text is made once. Without a
   * `Content-Length` the body is sent in chunks. Throws TypeError on a value that is no header's.
   */
  writeHead(status: number, fixed: HeaderRecord, own: HeaderRecord): void;
  /** `done` runs when the bytes are the kernel's, or with the error that hinders it; until then they must not change. */
  write(bytes: Uint8Array | string, done?: (error?: Error | null) => void): void;
  /** After all of the body. The connection takes its next request. */
  end(tail?: string): void;
  /** Cuts the connection: a body that cannot be finished must not look whole. */
  destroy(): void;
  isHeadSent(): boolean;
  /** Set this to hear that the client is gone before the end. */
  onGone: () => void;
};

const KEPT_ALIVE = 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n';
const CLOSED = 'Connection: close\r\n';
/** RFC 9110 §6.4.1. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);
const texts = new WeakMap<HeaderRecord, string>();
let [dateText, dateSecond] = ['', 0];

export function createDirectAnswer(
  socket: Socket,
  { method, isKeptAlive }: PlainRequest,
  onAnswered: (isKeptAlive: boolean) => void,
): DirectAnswer {
  let head: string | null = null;
  let isChunked = false;
  let hasBody = method === 'GET';
  let isHeadSent = false;

  function put(bytes: Uint8Array | string, done?: (error?: Error | null) => void): void {
    if (isChunked) socket.write(`${Buffer.byteLength(bytes).toString(16)}\r\n`, 'latin1');
    socket.write(bytes, done);
    if (isChunked) socket.write('\r\n', 'latin1');
  }

  /** The head and what follows it in one system call. */
  function together(write: () => void): void {
    socket.cork();
    if (head !== null) socket.write(head, 'latin1');
    head = null;
    write();
    socket.uncork();
  }

  const answer: DirectAnswer = {
    isHeadSent: () => isHeadSent,
    onGone() {},
    writeHead(status, fixed, own) {
      hasBody &&= !BODILESS.has(status);
      isChunked = hasBody && own['Content-Length'] === undefined && fixed['Content-Length'] === undefined;
      head =
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fixedText(fixed)}${textOf(own)}` +
        `${isChunked ? 'Transfer-Encoding: chunked\r\n' : ''}Date: ${date()}\r\n${isKeptAlive ? KEPT_ALIVE : CLOSED}\r\n`;
      isHeadSent = true;
    },
    write(bytes, done) {
      if (!hasBody || bytes.length === 0) {
        done?.();
        return;
      }
      let isDone = false;
      const doneOnce = (error?: Error | null) => {
        if (!isDone) done?.(error);
        isDone = true;
      };
      if (head === null && !isChunked) socket.write(bytes, doneOnce);
      else together(() => put(bytes, doneOnce));
      // Taken by the kernel at once, as nearly always: told now and not a turn later, the source reads into the very same memory
      // again while it is in the processor's cache.
      if (socket.writableLength === 0 && socket.errored === null) doneOnce();
    },
    end(tail = '') {
      if (tail !== '') answer.write(tail);
      if (head !== null || isChunked)
        together(() => {
          if (isChunked) socket.write('0\r\n\r\n', 'latin1');
        });
      onAnswered(isKeptAlive);
    },
    destroy: () => void socket.destroy(),
  };
  return answer;
}

function fixedText(headers: HeaderRecord): string {
  const known = texts.get(headers);
  if (known !== undefined) return known;
  const text = textOf(headers);
  texts.set(headers, text);
  return text;
}

function textOf(headers: HeaderRecord): string {
  let text = '';
  for (const name in headers) {
    const value = String(headers[name]);
    // A line end in it would begin another header or another answer.
    if (!/^[\t -~\x80-\xff]*$/.test(value)) throw new TypeError(`not a value of the header ${name}`);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** RFC 9110 §6.6.1, made once a second. */
function date(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) [dateText, dateSecond] = [new Date(second * 1000).toUTCString(), second];
  return dateText;
}

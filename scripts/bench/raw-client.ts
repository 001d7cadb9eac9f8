import { connect, type Socket } from 'node:net';

/** Where the answers of a round lie, looked at after the clock has stopped. */
export type RawAnswer = { status: number; body: Buffer };

export type RawClient = { get(path: string): Promise<RawAnswer>; close(): void };

/**
 * One kept-alive HTTP/1.1 connection that reads answers with a `Content-Length` into `slab`, one behind the other. A client that
 * makes garbage stops for it, and its pauses (20 ms) were the tail of what it measured. `slab` is shared: `slab.used` moves on.
 */
export async function openRawClient(
  port: number,
  slab: { buffer: Buffer; used: number },
): Promise<RawClient> {
  const chunk = Buffer.allocUnsafe(256 * 1024);
  let head = '';
  /** `at`: where the next byte of the body goes. */
  let answer: { status: number; start: number; at: number; end: number } | null = null;
  let waiting: { resolve(answer: RawAnswer): void; reject(error: Error): void } | null = null;
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect({
      ...{ port, host: '127.0.0.1', noDelay: true },
      onread: { buffer: chunk, callback: (count) => read(count) },
    });
    opened.once('connect', () => resolve(opened)).once('error', reject);
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('the connection was closed')));

  function read(count: number): boolean {
    let from = 0;
    if (answer === null) {
      const text = chunk.toString('latin1', 0, Math.min(count, 4096));
      const end = `${head}${text}`.indexOf('\r\n\r\n');
      if (end < 0) {
        head += text;
        return true;
      }
      const whole = `${head}${text}`.slice(0, end);
      from = end + 4 - head.length;
      head = '';
      const size = Number(/^content-length: *(\d+)/im.exec(whole)?.[1]);
      if (!Number.isSafeInteger(size) || slab.used + size > slab.buffer.length) {
        socket.destroy(new Error(`an answer of ${size} bytes cannot be kept`));
        return false;
      }
      answer = {
        ...{ status: Number(whole.slice(9, 12)), start: slab.used },
        ...{ at: slab.used, end: slab.used + size },
      };
      slab.used += size;
    }
    answer.at += chunk.copy(slab.buffer, answer.at, from, count);
    if (answer.at < answer.end) return true;
    const { status, start, end } = answer;
    answer = null;
    waiting?.resolve({ status, body: slab.buffer.subarray(start, end) });
    waiting = null;
    return true;
  }

  return {
    get: (path) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      }),
    close: () => socket.destroy(),
  };
}

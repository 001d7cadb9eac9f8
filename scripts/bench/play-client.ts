import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { cpuSeconds } from './measure.ts';

export type Server = { baseUrl: string; pid: number; adminToken: string };
export type Film = { bytes: Buffer; sha256: string; path: string };
export type Answer = { firstMs: number; seconds: number; size: number; longestGapMs: number };
export type Reading = Answer & {
  cpuSeconds: number;
  /** Of the thread that answers viewers, meanwhile. */
  loopP99Ms: number;
};

export async function makeFilm(folder: string, name: string, size: number): Promise<Film> {
  const bytes = randomBytes(size);
  const path = join(folder, name);
  await writeFile(path, bytes);
  return { bytes, path, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Memory of films read before, by size: a player does not take new memory for every film, and the kernel clears new memory. */
const spare = new Map<number, Buffer[]>();

/** The whole film, timed from `open` on, which answers its play link; compared by SHA-256. */
export async function readWhole(server: Server, film: Film, open: () => Promise<string>): Promise<Reading> {
  const body = spare.get(film.bytes.length)?.pop() ?? Buffer.alloc(film.bytes.length, 1);
  const cpuBefore = await cpuSeconds(server.pid);
  await loopP99Ms(server);
  const begun = performance.now();
  const answer = await readInto(body, await open(), 0, begun);
  const lag = await loopP99Ms(server);
  const isRight = createHash('sha256').update(body).digest('hex') === film.sha256;
  if (answer.size !== body.length || !isRight)
    throw new Error(`wrong bytes: ${answer.size} of ${body.length}`);
  const cpu = (await cpuSeconds(server.pid)) - cpuBefore;
  spare.set(body.length, [...(spare.get(body.length) ?? []), body]);
  return { ...answer, cpuSeconds: cpu, loopP99Ms: lag };
}

/** Milliseconds from the request to the first byte; reads and compares `size` bytes, then hangs up. */
export async function seekTo(url: string, film: Film, start: number, size: number, end: number) {
  const begun = performance.now();
  const body = Buffer.allocUnsafe(size);
  const answer = await readInto(body, url, start, begun, end);
  if (!body.equals(film.bytes.subarray(start, start + size))) throw new Error(`wrong bytes at ${start}`);
  return answer.firstMs;
}

/** One read; the kernel rarely has more. */
const READ_BYTES = 256 * 1024;

/**
 * Asks for `start` to `end` and fills `body`; what comes beyond it is not waited for. Reads to where the bytes stay, as players in C do:
 * the client of `node:http` takes 0.9 s of a core for 400 MB, which the server it shares two cores with then lacks.
 */
function readInto(body: Buffer, url: string, start: number, begun: number, end = start + body.length) {
  const { hostname, port, host, pathname } = new URL(url);
  return new Promise<Answer>((resolve, reject) => {
    const scratch = Buffer.allocUnsafe(READ_BYTES);
    let [head, isInBody] = ['', false];
    let [size, firstMs, lastMs, longestGapMs] = [0, 0, 0, 0];

    function took(count: number): boolean {
      if (count === 0) return true;
      const now = performance.now() - begun;
      if (size === 0) firstMs = now;
      else longestGapMs = Math.max(longestGapMs, now - lastMs);
      lastMs = now;
      size += count;
      if (size < body.length) return true;
      resolve({ firstMs, seconds: (performance.now() - begun) / 1000, size, longestGapMs });
      socket.destroy();
      return false;
    }

    /** The head may come in parts, and the first bytes of the body with its last. */
    function takeHead(count: number): boolean {
      const known = head.length;
      head += scratch.toString('latin1', 0, count);
      const until = head.indexOf('\r\n\r\n');
      if (until < 0) return true;
      isInBody = true;
      if (!head.startsWith('HTTP/1.1 206 ')) socket.destroy(new Error(`answered ${head.slice(9, 12)}`));
      return took(scratch.copy(body, 0, until + 4 - known, count));
    }

    const socket = connect({
      ...{ host: hostname, port: Number(port), noDelay: true },
      onread: {
        buffer: () => (isInBody ? body.subarray(size, size + READ_BYTES) : scratch),
        callback: (count) => (isInBody ? took(count) : takeHead(count)),
      },
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the connection ended after ${size} bytes`)));
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nRange: bytes=${start}-${end - 1}\r\n\r\n`);
  });
}

/** Since it was asked for last. */
async function loopP99Ms({ baseUrl, adminToken }: Server): Promise<number> {
  const answer = await fetch(`${baseUrl}/metrics`, { headers: { Authorization: `Bearer ${adminToken}` } });
  const value = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await answer.text())?.[1];
  if (value === undefined) throw new Error('no event loop lag is told');
  return Number(value) * 1000;
}

export async function rssMib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024);
}

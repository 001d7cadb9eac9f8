/**
 * The client of `bench http`, in a process of its own: kept-alive connections that read into one buffer each. Usage: node
 * http-client.ts JOB, a JSON of `Job`; prints a JSON of `Result`. Each body's bytes are counted and compared with the file at
 * the beginning and the end of each read.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { z } from 'zod';

const Job = z.object({
  port: z.int(),
  /** Asked for one after the other and again from the first, by all connections together; `file`: the bytes that must come. */
  files: z.array(z.object({ path: z.string(), file: z.string() })).min(1),
  connections: z.int(),
  /** Requests of all connections together. */
  requests: z.int(),
  /** 0: whole files from their first byte; else ranges of so many bytes at random places. */
  rangeBytes: z.int(),
  /** Hashes the bodies and gives their SHA-256; that takes time, so only where none is measured. */
  hash: z.boolean(),
});
export type Job = z.infer<typeof Job>;
export type Result = { bytes: number; seconds: number; requests: number; p99Ms: number; sha256: string };

const job = Job.parse(JSON.parse(process.argv[2] ?? ''));
const files = job.files.map(({ path, file }) => ({ path, bytes: readFileSync(file) }));
const SAMPLE = 64;
let [waiting, finished, total, state] = [job.requests, 0, 0, 12_345];
const times: number[] = [];
const hash = createHash('sha256');

function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function fail(what: string): never {
  console.error(what);
  process.exit(1);
}

function nextFile() {
  const next = files[(job.requests - waiting) % files.length] ?? fail('no file');
  waiting -= 1;
  return next;
}

function assertAnswers(head: string, size: number): void {
  const status = job.rangeBytes === 0 ? '200' : '206';
  if (head.slice(9, 12) !== status || !new RegExp(`^content-length: ${size}\\r$`, 'im').test(head))
    fail(`not what was asked for: ${head}`);
}

function open(): Promise<void> {
  return new Promise((resolve) => {
    const chunk = Buffer.allocUnsafeSlow(256 * 1024);
    let [at, end, head, begunAt] = [0, 0, '', 0];
    let file = Buffer.alloc(0);
    const socket = connect({
      ...{ port: job.port, host: '127.0.0.1', noDelay: true },
      onread: { buffer: chunk, callback: read },
    });
    socket.on('error', (error) => fail(error.message));
    socket.on('connect', ask);

    function ask(): void {
      if (waiting === 0) {
        socket.destroy();
        resolve();
        return;
      }
      const { path, bytes } = nextFile();
      file = bytes;
      at = job.rangeBytes === 0 ? 0 : random(file.length - job.rangeBytes);
      end = job.rangeBytes === 0 ? file.length : at + job.rangeBytes;
      head = '';
      begunAt = performance.now();
      const range = job.rangeBytes === 0 ? '' : `Range: bytes=${at}-${end - 1}\r\n`;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${job.port}\r\n${range}\r\n`);
    }

    function read(count: number): boolean {
      const from = head.endsWith('\r\n\r\n')
        ? 0
        : readHead(chunk.toString('latin1', 0, Math.min(count, 4096)));
      if (from < 0) return true;
      take(chunk.subarray(from, count));
      if (at < end) return true;
      times.push(performance.now() - begunAt);
      finished += 1;
      ask();
      return true;
    }

    /** Where the body begins, or -1. */
    function readHead(text: string): number {
      const length = `${head}${text}`.indexOf('\r\n\r\n');
      const from = length + 4 - head.length;
      head = length < 0 ? `${head}${text}` : `${head}${text}`.slice(0, length + 4);
      if (length < 0) return -1;
      assertAnswers(head, end - at);
      return from;
    }

    function take(bytes: Buffer): void {
      if (job.hash) hash.update(bytes);
      const size = Math.min(SAMPLE, bytes.length);
      const isSame =
        bytes.subarray(0, size).equals(file.subarray(at, at + size)) &&
        bytes.subarray(-size).equals(file.subarray(at + bytes.length - size, at + bytes.length));
      if (!isSame || at + bytes.length > end) fail(`wrong bytes at ${at}`);
      at += bytes.length;
      total += bytes.length;
    }
  });
}

const begunAt = performance.now();
await Promise.all(Array.from({ length: job.connections }, open));
const seconds = (performance.now() - begunAt) / 1000;
if (finished !== job.requests) fail('a request was not finished');
times.sort((a, b) => a - b);
const result: Result = {
  ...{ bytes: total, seconds, requests: finished, sha256: hash.digest('hex') },
  p99Ms: times[Math.min(times.length - 1, Math.floor(times.length * 0.99))] ?? 0,
};
console.log(JSON.stringify(result));
process.exit(0);

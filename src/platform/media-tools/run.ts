import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { AppError } from '../../kit/errors.ts';
import { programEnvironment } from '../config.ts';
import type { Log } from '../log.ts';

/** Kept of what the program complains of, for the log. */
const MAX_COMPLAINT_CHARS = 2000;

export type Run = {
  program: string;
  args: readonly string[];
  signal: AbortSignal;
  /** Without a byte of output for so long (while somebody waits for one) the program hangs. */
  silenceMs: number;
  /** However much it says, it is ended after so long. */
  totalMs: number;
  log: Log;
};

/** A program that could not be begun: not installed, not executable. */
export class ProgramMissing extends Error {}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Runs a program and yields its output as it comes. It is killed (SIGKILL, it cannot refuse) as soon as `signal` aborts, the
 * caller stops reading, or it hangs; only then does the generator end. Throws AppError `media.timeout`, `media.unreadable`,
 * `media.failed`, and `ProgramMissing`. The program gets none of this process's secrets: of the environment only PATH.
 */
export async function* outputOf(run: Run): AsyncGenerator<Buffer> {
  run.signal.throwIfAborted();
  const child: Child = spawn(run.program, run.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: programEnvironment(),
    windowsHide: true,
  });
  const ended = endOf(child);
  const complaint = listenTo(child);
  const end = new AbortController();
  const kill = () => void child.kill('SIGKILL');
  const fail = (reason: unknown) => {
    if (!end.signal.aborted) end.abort(reason);
    kill();
  };
  const onAbort = () => fail(run.signal.reason);
  run.signal.addEventListener('abort', onAbort, { once: true });
  const deadline = setTimeout(() => fail(tookTooLong()), run.totalMs).unref();
  try {
    yieldPriority(child);
    yield* watched(child, run.silenceMs, fail);
    const { code, error } = await ended;
    end.signal.throwIfAborted();
    if (error !== null) throw new ProgramMissing(run.program, { cause: error });
    if (code === null) throw killed();
    if (code !== 0) throw unreadable(run, code, complaint());
  } finally {
    clearTimeout(deadline);
    run.signal.removeEventListener('abort', onAbort);
    kill();
    child.stdout.destroy();
    await ended;
  }
}

/** The whole output; more than `maxBytes` is `media.unreadable`. */
export async function wholeOutputOf(run: Run, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of outputOf(run)) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) throw unreadable(run, null, 'too much output');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The clock runs only while a piece is waited for: a viewer who reads slowly is no hanging program. */
async function* watched(
  child: Child,
  silenceMs: number,
  fail: (reason: unknown) => void,
): AsyncGenerator<Buffer> {
  const pieces = child.stdout[Symbol.asyncIterator]();
  for (;;) {
    const timer = setTimeout(() => fail(tookTooLong()), silenceMs).unref();
    try {
      const { done, value } = await pieces.next();
      if (done === true) return;
      yield value;
    } finally {
      clearTimeout(timer);
    }
  }
}

function endOf(child: Child): Promise<{ code: number | null; error: Error | null }> {
  return Promise.race([
    once(child, 'close').then(([code]) => ({ code: typeof code === 'number' ? code : null, error: null })),
    new Promise<{ code: null; error: Error }>((resolve) =>
      child.once('error', (error) => resolve({ code: null, error })),
    ),
  ]).catch((error: unknown) => ({
    code: null,
    error: error instanceof Error ? error : new Error(String(error)),
  }));
}

/** Only the end is kept: that is where a program says why. */
function listenTo(child: Child): () => string {
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-MAX_COMPLAINT_CHARS);
  });
  return () => text;
}

/** Answers go before films. */
function yieldPriority(child: Child): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // it has ended already
  }
}

function tookTooLong(): AppError {
  return new AppError('media.timeout', 'Reading this file took too long.', { status: 504 });
}

/** By somebody else, or by the system for want of memory: that says nothing of the file. */
function killed(): AppError {
  return new AppError('media.failed', 'Reading this file was broken off. Try again.', { status: 502 });
}

function unreadable({ program, log }: Run, code: number | null, complaint: string): AppError {
  // The address in it is a loopback one and dead by now.
  log.debug(
    { program, code, complaint: complaint.replace(/http:\/\/\S+/g, '<input>') },
    'a media tool gave up',
  );
  return new AppError('media.unreadable', 'This file cannot be read as a film.', { status: 422 });
}

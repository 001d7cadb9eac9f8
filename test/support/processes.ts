import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Output kept of a child; the oldest goes first. */
const KEPT_OUTPUT_CHARS = 200_000;

export type ProcessOptions = {
  command: string;
  args?: readonly string[];
  /** The child's whole environment; default: `plainEnv()`, so that no setting of this machine leaks in. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** A line in the output, or a probe asked every 50 ms. Absent: ready once spawned. */
  readyWhen?: RegExp | (() => Promise<boolean>);
  /** For becoming ready; default 15 s. */
  timeoutMs?: number;
  /** Between SIGTERM and SIGKILL; default 10 s. */
  stopTimeoutMs?: number;
};

export type ProcessExit = {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It did not go by itself in time and got SIGKILL. */
  wasKilled: boolean;
};

export type RunningProcess = AsyncDisposable & {
  pid: number;
  /** Standard output and error, interleaved; at most the last 200,000 characters. */
  output(): string;
  hasExited(): boolean;
  exited: Promise<ProcessExit>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, a bounded wait, SIGKILL for the child and all it started. May be called again. */
  stop(): Promise<ProcessExit>;
};

/** PATH, a home and UTF-8: what a program needs, and none of this machine's settings or proxies. */
export function plainEnv(home: string = tmpdir()): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
  };
}

/** Starts a child in a process group of its own and waits until it is ready; one that is not in time is killed and its output told. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const child = spawn(options.command, options.args ?? [], {
    cwd: options.cwd,
    env: options.env ?? plainEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what the child started can be killed with it.
    detached: true,
  });
  let output = '';
  const keep = (chunk: string) => {
    output = (output + chunk).slice(-KEPT_OUTPUT_CHARS);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  await once(child, 'spawn');
  const running = handleOf(child, () => output, options.stopTimeoutMs ?? 10_000);
  try {
    await becomeReady(running, options);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

type Child = ReturnType<typeof spawn>;

/** Groups still alive: a run that is ended from outside (Ctrl-C, a worker closed) must not leave them behind. */
const liveGroups = new Set<number>();
const killLiveGroups = () => {
  for (const pid of liveGroups) killGroup(pid);
};
process.once('exit', killLiveGroups);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    killLiveGroups();
    process.kill(process.pid, name); // with the listener gone: the default, or whoever else listens
  });
}

function handleOf(child: Child, output: () => string, stopTimeoutMs: number): RunningProcess {
  const pid = child.pid ?? 0;
  let exit: ProcessExit | undefined;
  let wasKilled = false;
  let stopping: Promise<ProcessExit> | undefined;
  liveGroups.add(pid);
  const exited = endOf(child).then(([code, name]) => {
    exit = { code, signal: name, wasKilled };
    return exit;
  });
  const signal = (name: NodeJS.Signals) => {
    if (exit === undefined) child.kill(name);
  };
  const end = async (): Promise<ProcessExit> => {
    signal('SIGTERM');
    const timer = setTimeout(() => {
      wasKilled = true;
      killGroup(pid);
    }, stopTimeoutMs);
    const how = await exited;
    clearTimeout(timer);
    killGroup(pid); // whatever it started and forgot
    liveGroups.delete(pid);
    return how;
  };
  const stop = () => {
    stopping ??= end();
    return stopping;
  };
  const hasExited = () => exit !== undefined;
  return {
    pid,
    output,
    hasExited,
    exited,
    signal,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** Resolves once the child has ended and its last output is in; a grandchild that keeps the pipe open delays that by 300 ms at most. */
async function endOf(child: Child): Promise<[number | null, NodeJS.Signals | null]> {
  const closed = once(child, 'close');
  const end = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
  await Promise.race([closed, sleep(300, undefined, { ref: false })]);
  return end;
}

/** The group may be gone already, which is what is wanted. */
function killGroup(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nothing left of it
  }
}

async function becomeReady(running: RunningProcess, options: ProcessOptions): Promise<void> {
  const { readyWhen } = options;
  if (readyWhen === undefined) return;
  const timeoutMs = options.timeoutMs ?? 15_000;
  const isReady = readyWhen instanceof RegExp ? async () => readyWhen.test(running.output()) : readyWhen;
  const deadline = performance.now() + timeoutMs;
  while (!(await isReady())) {
    if (running.hasExited())
      throw new Error(`${options.command} ended before it was ready:\n${running.output()}`);
    if (performance.now() > deadline)
      throw new Error(`${options.command} was not ready within ${timeoutMs} ms:\n${running.output()}`);
    await sleep(50);
  }
}

export type ProcessResult = { code: number; stdout: Buffer; stderr: string };

/** Runs a program to its end; SIGKILL past `timeoutMs` (default 30 s). Throws on a code other than 0 unless `anyCode`. */
export function runProcess(options: {
  command: string;
  args?: readonly string[];
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  timeoutMs?: number;
  anyCode?: boolean;
}): Promise<ProcessResult> {
  const { command, args = [], cwd, env = plainEnv(), timeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const limits = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    } as const;
    execFile(
      command,
      [...args],
      { ...limits, cwd, env, encoding: 'buffer' },
      (error, stdout, stderrBytes) => {
        const stderr = stderrBytes.toString('utf8');
        if (error === null) return resolve({ code: 0, stdout, stderr });
        if (options.anyCode && typeof error.code === 'number')
          return resolve({ code: error.code, stdout, stderr });
        const why = error.killed
          ? `killed after ${timeoutMs} ms`
          : `ended with ${error.code ?? error.signal}`;
        reject(
          new Error(`${command} ${why}:\n${stderr || stdout.toString('utf8').slice(0, 2000)}`, {
            cause: error,
          }),
        );
      },
    );
  });
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

/** A fresh folder for the time of `use`; gone afterwards, whatever happened. */
export async function withTempDir<T>(use: (path: string) => Promise<T>): Promise<T> {
  await using dir = await openTempDir();
  return await use(dir.path);
}

/** A fresh folder that lives until it is disposed of: for `beforeAll`/`afterAll` and `await using`. */
export async function openTempDir(): Promise<AsyncDisposable & { path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  // A program that was just killed may still be writing its last file: try again for a second.
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  return { path, remove, [Symbol.asyncDispose]: remove };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chmod, copyFile, open, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Paths, readState } from './cluster.ts';
import { errorCode, failure, failureIn } from './failures.ts';
import { type Command, isAlive, isPostgresOf, run } from './processes.ts';
import type { Programs } from './programs.ts';
import { giveTo } from './run-as.ts';

/** For a household beside a Node process on two cores. On the command line, so that an update of ours reaches every cluster. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  // The catalogue indexes of 100,000 titles are 60 MB: with 64 MB a page read a third of its blocks from the system's cache.
  shared_buffers: '128MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  effective_cache_size: '512MB',
  // Memory and SSDs: with 4, meant for disks that turn, the first answers of a connection read all streams to find the 500 of a title.
  random_page_cost: '1.1',
  max_wal_size: '512MB',
  fsync: 'on',
  // Compiling a plan takes longer than any of our statements.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A failed statement is told to the client that sent it; here it would only fill the log, with what was searched for.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

const MAX_LOG_BYTES = 4 * 1024 * 1024;
const POLL_MS = 5;
/** Crash recovery replays at most max_wal_size; on a slow card that is minutes. */
const READY_TIMEOUT_MS = 10 * 60_000;
/** flock's exit code for "another container or machine has it". */
const IN_USE = 200;

/**
 * `pid-file`: postmaster.pid is in the way. `not-gone`: a postmaster killed a moment ago still has
 * sessions. `in-use`: a postmaster we cannot see has the cluster (for a moment also one just killed).
 */
export type StartOutcome = 'ready' | 'pid-file' | 'not-gone' | 'in-use' | 'port-taken';

/** Starts a stopped cluster on `port` and waits until it takes connections. Hold the start lock. On abort the server is told to stop again. */
export async function startPostmaster(options: {
  paths: Paths;
  programs: Programs;
  port: number;
  signal: AbortSignal;
}): Promise<StartOutcome> {
  const { paths, programs } = options;
  await giveTo(paths.cluster, programs.runAs.owner);
  // Copying a data folder or mounting it often widens the mode, and Postgres then refuses.
  await chmod(paths.cluster, 0o700);
  await boundLog(paths.log);
  await makeLog(paths.log);
  const settings = Object.entries({ ...SETTINGS, port: String(options.port) });
  const args = ['-D', paths.cluster, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const command = programs.command('postgres', args);
  const isLinux = process.platform === 'linux';
  const outcome = isLinux ? await launch(guarded(command, paths.cluster), options) : 'no-guard';
  if (outcome !== 'no-guard') return outcome;
  // No flock program, or a file system without such locks: then Postgres' own lock file has to do.
  const unguarded = await launch(command, options);
  if (unguarded === 'no-guard') throw failure('postgres.start_failed');
  return unguarded;
}

/**
 * Holds a kernel lock on the cluster folder for as long as any process of the server lives. Postgres' own lock file names a pid,
 * which says nothing in another container on the same volume: there a second server would start and ruin the data.
 */
function guarded(command: Command, cluster: string): Command {
  const lock = ['--nonblock', '--conflict-exit-code', String(IN_USE), '--no-fork', cluster];
  return { ...command, file: 'flock', args: [...lock, command.file, ...command.args] };
}

async function launch(
  command: Command,
  options: { paths: Paths; signal: AbortSignal },
): Promise<StartOutcome | 'no-guard'> {
  const { paths, signal } = options;
  const logStart = await sizeOf(paths.log);
  const { child, ended } = spawnDetached(command, paths.log);
  const exit: { reason: number | string | null } = { reason: null };
  void ended.then((reason) => {
    exit.reason = reason;
  });
  const startedAt = performance.now();
  try {
    while (exit.reason === null) {
      const state = readState(paths);
      if (state.kind === 'running' && state.pid === child.pid && state.isReady) return 'ready';
      if (performance.now() - startedAt > READY_TIMEOUT_MS) throw failure('postgres.start_timeout');
      await sleep(POLL_MS, undefined, { signal });
    }
  } catch (error) {
    child.kill('SIGINT');
    await Promise.race([ended, sleep(ABORTED_START_MS)]);
    throw error;
  }
  return outcomeOf(exit.reason, await textFrom(paths.log, logStart));
}

/** In a session of its own: Ctrl-C in the terminal reaches us, and we stop the server when we are done with it. */
function spawnDetached(
  command: Command,
  log: string,
): { child: ChildProcess; ended: Promise<number | string> } {
  const { file, args, ...options } = command;
  const logFd = openSync(log, 'a', 0o600);
  try {
    const stdio: ('ignore' | number)[] = ['ignore', logFd, logFd];
    const child = spawn(file, args, { ...options, stdio, detached: true, windowsHide: true });
    child.unref();
    const ended = new Promise<number | string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code) => resolve(code ?? -1));
    });
    return { child, ended };
  } finally {
    closeSync(logFd);
  }
}

function outcomeOf(exit: number | string, log: string): StartOutcome | 'no-guard' {
  if (exit === IN_USE) return 'in-use';
  if (/^flock: /m.test(log) || (typeof exit === 'string' && exit.includes('flock'))) return 'no-guard';
  if (/lock file ".*" (already exists|is empty)|bogus data in lock file/.test(log)) return 'pid-file';
  if (/pre-existing shared memory block/.test(log)) return 'not-gone';
  if (/could not bind|could not create any TCP\/IP sockets/.test(log)) return 'port-taken';
  throw failure(failureIn(log) ?? 'postgres.start_failed', new Error(`postgres ended with ${exit}: ${log}`));
}

const ABORTED_START_MS = 5000;
const IMMEDIATE_STOP_MS = 1500;

/**
 * Stops the postmaster `pid`: fast shutdown (SIGINT: sessions end, transactions roll back, checkpoint), which takes 20 ms. When a slow
 * disk holds it up, immediate shutdown for the last 1.5 s of `budgetMs`: no committed row is lost, the next start replays the log.
 * Resolves when it is gone.
 */
export async function stopPostmaster(options: {
  pid: number;
  paths: Paths;
  programs(): Promise<Programs>;
  budgetMs: number;
}): Promise<'fast' | 'immediate'> {
  const { pid, paths, budgetMs } = options;
  if (process.platform === 'win32') {
    const command = (await options.programs()).command('pg_ctl', ['stop', '-D', paths.cluster, '-m', 'fast']);
    await run(command, { timeoutMs: budgetMs });
    return 'fast';
  }
  if (await endWith('SIGINT', pid, paths, budgetMs - IMMEDIATE_STOP_MS)) return 'fast';
  if (!(await endWith('SIGQUIT', pid, paths, IMMEDIATE_STOP_MS))) {
    await endWith('SIGKILL', pid, paths, IMMEDIATE_STOP_MS);
  }
  return 'immediate';
}

async function endWith(signal: NodeJS.Signals, pid: number, paths: Paths, waitMs: number): Promise<boolean> {
  const sentAt = performance.now();
  if (isPostgresOf(pid, paths.cluster) !== false) send(signal, pid);
  while (isAlive(pid)) {
    if (performance.now() - sentAt > waitMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function send(signal: NodeJS.Signals, pid: number) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** Keeps postgres.log to 4 MiB and one older one. The server appends to it all the while, so it is emptied in place. */
export async function boundLog(log: string): Promise<void> {
  if ((await sizeOf(log)) <= MAX_LOG_BYTES) return;
  await copyFile(log, `${log}.1`);
  await truncate(log);
}

/** Root gives it to the owner of the data folder, who may start the program himself the next time. */
async function makeLog(log: string): Promise<void> {
  const handle = await open(log, 'a', 0o600);
  try {
    const { uid, gid } = await stat(dirname(log));
    if (process.getuid?.() === 0) await handle.chown(uid, gid);
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
}

const MAX_READ_BYTES = 64 * 1024;

async function textFrom(file: string, start: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_READ_BYTES), 0, MAX_READ_BYTES, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

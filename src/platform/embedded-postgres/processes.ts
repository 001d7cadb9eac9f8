import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** Facts about processes from /proc: plain synchronous reads, since nothing there waits on a disk. */
const HAS_PROC = process.platform === 'linux';

/**
 * Whether `pid` runs. A zombie counts as dead: where PID 1 does not reap (a container without an init), a killed
 * postmaster stays one for ever, `kill(pid, 0)` succeeds and Postgres would refuse to start beside it.
 */
export function isAlive(pid: number): boolean {
  const state = statFields(pid)?.[0];
  if (state !== undefined) return state !== 'Z' && state !== 'X';
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When `pid` started, in clock ticks since boot: with the pid it names one process for good. Empty where /proc is absent. */
export function startTicks(pid: number): string {
  return statFields(pid)?.[19] ?? '';
}

/**
 * Whether `pid` is a postgres working in `clusterDir`; null where that cannot be told (no /proc).
 * A postmaster's working directory is its cluster, compared by inode, since the path may lead over links.
 * Without CAP_SYS_PTRACE (root in a container, server under another user) that link cannot be read, but the arguments can,
 * and a postmaster keeps the ones it was started with.
 */
export function isPostgresOf(pid: number, clusterDir: string): boolean | null {
  if (!HAS_PROC) return isAlive(pid) ? null : false;
  if (!isAlive(pid)) return false;
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'postgres') return false;
    try {
      return isSameFolder(`/proc/${pid}/cwd`, clusterDir);
    } catch {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(clusterDir);
    }
  } catch {
    return false;
  }
}

function isSameFolder(a: string, b: string): boolean {
  const [one, other] = [statSync(a), statSync(b)];
  return one.dev === other.dev && one.ino === other.ino;
}

/** Fields of /proc/PID/stat from the third (state) on; the second is a name that may hold spaces and brackets. */
function statFields(pid: number): string[] | null {
  if (!HAS_PROC) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

export type Command = {
  file: string;
  args: readonly string[];
  env: Record<string, string>;
  uid?: number;
  gid?: number;
};

const MAX_OUTPUT_CHARS = 64 * 1024;

/**
 * Runs a program to its end and answers its exit code (-1 when it could not be started or was ended) with what it printed,
 * the last 64 Ki characters. Its whole process group is killed at the deadline or on abort, which rejects with the signal's reason.
 */
export async function run(
  command: Command,
  options: { input?: string; timeoutMs: number; signal?: AbortSignal },
): Promise<{ exitCode: number; output: string }> {
  options.signal?.throwIfAborted();
  const { file, args, ...spawnOptions } = command;
  const child = spawn(file, args, { ...spawnOptions, detached: true, windowsHide: true });
  const killGroup = () => signalGroup(child.pid, 'SIGKILL');
  const deadline = setTimeout(killGroup, options.timeoutMs);
  options.signal?.addEventListener('abort', killGroup);
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MAX_OUTPUT_CHARS);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  // A program that ends before it read its input is told by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  try {
    const exitCode = await new Promise<number>((resolve) => {
      child.on('close', (code) => resolve(code ?? -1));
      child.on('error', (error) => {
        output += error.message;
        resolve(-1);
      });
    });
    options.signal?.throwIfAborted();
    return { exitCode, output };
  } finally {
    clearTimeout(deadline);
    options.signal?.removeEventListener('abort', killGroup);
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals) {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Already gone.
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, glob, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../kit/errors.ts';

export type WebBuildOptions = {
  /** Ends the child and rejects; nothing half-built is left in place. */
  signal: AbortSignal;
  /** Two lines of a pino log. */
  log: {
    info(fields: Record<string, unknown>, message: string): void;
    warn(fields: Record<string, unknown>, message: string): void;
  };
  /** Folder of package.json. Default: the one this file belongs to. */
  root?: string;
};

const OWN_ROOT = resolve(import.meta.dirname, '../..');
/** Everything the built page depends on; the server's half of `src/web` is not in it. */
const SOURCES = ['package-lock.json', 'src/web/index.html', 'src/web/vite.config.ts', 'src/web/ui/**/*'];
const STAMP = '.stamp';
/** 30 times what a build takes on two busy cores. */
const DEADLINE_MS = 300_000;
const KILL_AFTER_MS = 2_000;
const OUTPUT_TAIL_CHARACTERS = 16_384;
/** A folder of a build that was killed; a living one is never this old (DEADLINE_MS). */
const ABANDONED_AFTER_MS = 2 * DEADLINE_MS;

/**
 * True when the built page is not the one of these sources (by content, so a fresh checkout's times do not matter).
 * Without vite or without the sources (an image with a prebuilt page) there is nothing to build: false.
 */
export async function isWebUiStale(root = OWN_ROOT): Promise<boolean> {
  if (viteProgram(root) === null) return false;
  const wanted = await sourceHash(root);
  if (wanted === null) return false;
  const stamp = await readFile(join(root, 'src/web/dist', STAMP), 'utf8').catch(() => null);
  return stamp !== wanted;
}

/**
 * Builds the page with vite in a child process of lowest priority and swaps it in by rename: the old page is served until then.
 * Rejects with `web.build_failed` (the output's end is logged), or with the signal's reason.
 */
export async function buildWebUi({ signal, log, root = OWN_ROOT }: WebBuildOptions): Promise<void> {
  signal.throwIfAborted();
  const vite = viteProgram(root);
  const hash = vite === null ? null : await sourceHash(root);
  if (vite === null || hash === null) {
    throw new AppError('web.build_impossible', 'There is nothing to build the web page with.', {
      status: 500,
    });
  }
  const webDir = join(root, 'src/web');
  const startedAt = performance.now();
  await removeAbandoned(webDir);
  const fresh = await mkdtemp(join(webDir, 'dist.tmp-'));
  try {
    const args = [
      vite,
      'build',
      '--configLoader',
      'native',
      '--config',
      join(webDir, 'vite.config.ts'),
      '--outDir',
      fresh,
    ];
    await run(args, { cwd: root, signal, log });
    await writeFile(join(fresh, STAMP), hash);
    await swapIn(fresh, join(webDir, 'dist'));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  log.info({ tookMs: Math.round(performance.now() - startedAt) }, 'web page built');
}

function viteProgram(root: string): string | null {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('vite/package.json');
    return join(dirname(manifest), 'bin/vite.js');
  } catch {
    return null;
  }
}

/** SHA-256 over names and contents of the sources; null when the page's sources are not there. */
async function sourceHash(root: string): Promise<string | null> {
  const names: string[] = [];
  for await (const entry of glob(SOURCES, { cwd: root, withFileTypes: true })) {
    if (entry.isFile()) names.push(join(entry.parentPath, entry.name));
  }
  if (!names.some((name) => name.endsWith('index.html'))) return null;
  const hash = createHash('sha256');
  for (const name of names.sort()) {
    const content = await readFile(name);
    hash.update(`${name.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

type RunOptions = { cwd: string; signal: AbortSignal; log: WebBuildOptions['log'] };

async function run(args: readonly string[], { cwd, signal, log }: RunOptions): Promise<void> {
  // Not the server's environment: a build has no business with its secrets, and needs nothing of it.
  const env = { NODE_ENV: 'production', NO_COLOR: '1' };
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  lowerPriority(child);
  const output = captureTail(child);
  const stop = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const onStop = () => void end(child);
  stop.addEventListener('abort', onStop, { once: true });
  try {
    if (stop.aborted) onStop();
    const code = await exitCode(child);
    signal.throwIfAborted();
    if (code === 0) return;
    log.warn({ code, timedOut: stop.aborted, output: output() }, 'web page not built');
    throw new AppError('web.build_failed', 'The web page could not be built; see the log.', { status: 500 });
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}

/** Set right after the spawn, before the child starts its own threads: on Linux they inherit the priority. */
function lowerPriority(child: ChildProcess) {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Not allowed here (some containers): then it runs at normal priority.
  }
}

function captureTail(child: ChildProcess): () => string {
  let tail = '';
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-OUTPUT_TAIL_CHARACTERS);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => tail;
}

/** Resolves when the child is gone and its output read; null when a signal ended it or it never started. */
async function exitCode(child: ChildProcess): Promise<number | null> {
  try {
    await once(child, 'close');
    return child.exitCode;
  } catch {
    return null;
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await delay(KILL_AFTER_MS, undefined, { ref: false });
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

/** Two instances may build at once: whoever swaps last wins, and the loser's attempt is repeated. */
async function swapIn(fresh: string, dist: string): Promise<void> {
  // mkdtemp gives 0700; an image may be built as root and run as another user.
  await chmod(fresh, 0o755);
  const old = `${fresh}.old`;
  for (let attempt = 1; ; attempt++) {
    await rename(dist, old).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    try {
      await rename(fresh, dist);
      return await rm(old, { recursive: true, force: true });
    } catch (error) {
      const code = codeOf(error);
      if (attempt === 3 || (code !== 'ENOTEMPTY' && code !== 'EEXIST')) throw error;
      await rm(old, { recursive: true, force: true });
    }
  }
}

async function removeAbandoned(webDir: string): Promise<void> {
  for await (const name of glob('dist.tmp-*', { cwd: webDir })) {
    const path = join(webDir, name);
    const modifiedAt = await stat(path).then(
      (found) => found.mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - modifiedAt > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

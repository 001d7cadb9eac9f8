import { mkdir, realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Acquired, type AcquireOptions, acquire, reattach } from './acquire.ts';
import { pathsIn } from './cluster.ts';
import { failure, translateFileError } from './failures.ts';
import type { Hold } from './hold.ts';
import { DATABASE, type Log, ROLE } from './make-cluster.ts';
import { boundLog, stopPostmaster } from './postmaster.ts';
import { isAlive } from './processes.ts';
import { findPrograms } from './programs.ts';
import { leaveServer, ping, type Role } from './queries.ts';

export type EmbeddedPostgres = {
  /** Address of the application database, password included: `postgresql://tributary:…@127.0.0.1:PORT/tributary`. */
  url: string;
  port: number;
  /** True when this process started the server, false when it attached to a running one. */
  started: boolean;
  /** Makes sure the server is up, on the same port and with the same password; starts a killed one again. Cheap when it is. */
  ensure(): Promise<void>;
  /**
   * Lets go of the server and stops it when nobody else is left who needs it (see `Role`). Within 9 s, usually 50 ms;
   * close pools first. May be called again: every call resolves when the first is done.
   */
  stop(): Promise<void>;
};

export type EmbeddedPostgresOptions = {
  /** DATA_DIR; made when absent. The cluster is in `postgres` below it, the log in `postgres.log`. */
  dataDir: string;
  log: Log;
  /** Ends the start; has no meaning after it. */
  signal?: AbortSignal;
  /**
   * Who owns the server, whoever of them started it:
   * - `serve` (default), for what runs until SIGTERM: the last `serve` to leave stops it, also under a `visit`. One whose starter was killed
   *   is thereby adopted by the next start. A killed server is started again by itself.
   * - `visit`, for scripts: the last to leave stops it, when no `serve` is left either. It is not restarted but by `ensure`.
   */
  role?: Role;
  /** Called when a killed server could not be brought back; the program had better end. */
  onLost?: (error: unknown) => void;
  /** Folder with bin, lib and share of Postgres 18 in place of the installed package's. */
  nativeDir?: string;
};

/** Pauses before each try to bring a killed server back. After the last, `onLost`. */
const RESTART_PAUSES_MS = [0, 250, 1000, 2000, 5000, 10_000] as const;
/** A server that lives shorter is killed by something that will do it again (out of memory): slower then. */
const SHORT_LIFE_MS = 30_000;
/** Below the 10 s the whole program has; at least the second for a server that was slow to answer before. */
const STOP_MS = 8000;
const MIN_STOP_MS = 2500;
const LOG_CHECK_MS = 10 * 60_000;

/**
 * Attaches to the embedded Postgres of the data folder, or makes and starts it (0.8 s the first time, 0.1 s later, 0.03 s to attach).
 * Errors are AppErrors `postgres.…` that say what to do; see failures.ts.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const acquireOptions = await prepare(options);
  const first = await acquire(acquireOptions);
  const { port } = first.hold;
  options.log.info({ port, started: first.started }, 'embedded Postgres is ready');
  return {
    port,
    started: first.started,
    url: urlOf(first),
    ...keepRunning(first.hold, { ...acquireOptions, port }, options),
  };
}

async function prepare(options: EmbeddedPostgresOptions): Promise<AcquireOptions> {
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  try {
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    const paths = pathsIn(await realpath(options.dataDir));
    const { role = 'serve', log, nativeDir } = options;
    return { paths, role, log, programs: once(() => findPrograms({ paths, nativeDir })), port: null, signal };
  } catch (error) {
    throw translateFileError(error);
  }
}

/** Remembers the first success. */
function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: T | null = null;
  return async () => (found ??= await find());
}

function urlOf({ credentials, hold }: Acquired): string {
  return `postgresql://${ROLE}:${credentials.password}@127.0.0.1:${hold.port}/${DATABASE}`;
}

/** Watches the server through `hold`, brings it back, and lets go of it in the end. */
function keepRunning(
  initial: Hold,
  acquireOptions: AcquireOptions,
  { role = 'serve', log, onLost }: EmbeddedPostgresOptions,
): Pick<EmbeddedPostgres, 'ensure' | 'stop'> {
  const closing = new AbortController();
  let hold = initial;
  let heldSince = performance.now();
  let restoring: Promise<void> | null = null;
  let stopped: Promise<void> | null = null;
  const logCheck = setInterval(() => boundLog(acquireOptions.paths.log).catch(() => {}), LOG_CHECK_MS);
  logCheck.unref();
  watch(initial);
  return { ensure, stop: () => (stopped ??= stop()) };

  function watch(watched: Hold) {
    void watched.lost.then(() => {
      if (closing.signal.aborted) return;
      log.warn({}, 'lost the embedded Postgres');
      if (role === 'serve') void bringBack();
    });
  }

  async function bringBack() {
    const isShortLived = performance.now() - heldSince < SHORT_LIFE_MS;
    let lastError: unknown;
    for (const pauseMs of isShortLived ? RESTART_PAUSES_MS.slice(1) : RESTART_PAUSES_MS) {
      try {
        await sleep(pauseMs, undefined, { signal: closing.signal });
        return await ensure();
      } catch (error) {
        if (closing.signal.aborted) return;
        lastError = error;
      }
    }
    log.warn({ err: lastError }, 'the embedded Postgres does not come back');
    onLost?.(lastError);
  }

  function ensure(): Promise<void> {
    if (closing.signal.aborted) return Promise.reject(failure('postgres.stopped'));
    restoring ??= restore().finally(() => {
      restoring = null;
    });
    return restoring;
  }

  async function restore() {
    if (await answers(hold)) return;
    await hold.close();
    const again = await acquire({ ...acquireOptions, signal: closing.signal });
    hold = again.hold;
    heldSince = performance.now();
    log.info({ port: hold.port, started: again.started }, 'embedded Postgres is back');
    watch(hold);
  }

  async function stop() {
    const startedAt = performance.now();
    closing.abort(failure('postgres.stopped'));
    clearInterval(logCheck);
    await restoring?.catch(() => {});
    const { paths, programs } = acquireOptions;
    try {
      if (!(await answers(hold))) hold = (await reattach(acquireOptions).catch(() => null)) ?? hold;
      // Fails when the server is gone, or being stopped by another: nothing is left to do then.
      const isLast = await hold.use((client) => leaveServer(client, role)).catch(() => false);
      if (!isLast) return;
      const budgetMs = Math.max(MIN_STOP_MS, STOP_MS - (performance.now() - startedAt));
      const how = await stopPostmaster({ pid: hold.pid, paths, programs, budgetMs });
      log.info({ how }, 'embedded Postgres is stopped');
    } finally {
      await hold.close();
    }
  }
}

/** The session of a postmaster that was just killed still answers for some milliseconds. */
async function answers(hold: Hold): Promise<boolean> {
  try {
    await hold.use(ping);
    return isAlive(hold.pid);
  } catch {
    return false;
  }
}

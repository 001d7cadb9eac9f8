import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Credentials,
  type Paths,
  readCredentials,
  readState,
  removePidFile,
  writeCredentials,
} from './cluster.ts';
import { type FailureCode, failure, translateFileError } from './failures.ts';
import { type Hold, takeHold } from './hold.ts';
import { type Log, makeCluster, removeLeftovers, resetPassword } from './make-cluster.ts';
import { freePort } from './port.ts';
import { type StartOutcome, startPostmaster } from './postmaster.ts';
import type { Programs } from './programs.ts';
import type { Role } from './queries.ts';
import { removeDeadLocks, tryStartLock } from './start-lock.ts';

export type AcquireOptions = {
  paths: Paths;
  role: Role;
  log: Log;
  /** Looked for when first needed: attaching needs none. */
  programs(): Promise<Programs>;
  /** The port that must be kept because pools know it, or null for any. */
  port: number | null;
  signal: AbortSignal;
};

export type Acquired = { hold: Hold; credentials: Credentials; started: boolean };

/** What one turn ended in when it did not end in a hold. */
type Wait = 'started' | 'starting' | 'locked' | 'busy' | 'in-use' | 'port-taken';

/** When to look again; how long it may last without a break, and what it means then. */
const WAITS: Readonly<Record<Wait, { pollMs: number; patienceMs: number; code: FailureCode }>> = {
  started: { pollMs: 0, patienceMs: 60_000, code: 'postgres.start_timeout' },
  // It recovers from a crash, or stops: minutes on a slow card.
  starting: { pollMs: 5, patienceMs: 10 * 60_000, code: 'postgres.start_timeout' },
  // Another process makes or starts the cluster. A look costs a few file operations.
  locked: { pollMs: 20, patienceMs: 10 * 60_000, code: 'postgres.start_timeout' },
  // It does not let us in: about to stop, or full.
  busy: { pollMs: 20, patienceMs: 60_000, code: 'postgres.start_timeout' },
  // Sessions of a killed postmaster end within milliseconds; what lasts longer is another container's.
  'in-use': { pollMs: 50, patienceMs: 3000, code: 'postgres.in_use' },
  'port-taken': { pollMs: 50, patienceMs: 15_000, code: 'postgres.port_taken' },
};

/** Without /proc: a live pid in postmaster.pid whose port has been silent for so long is a stranger's. */
const SILENCE_MS = 2000;

type Turns = { startedPid: number | null; wait: Wait | null; waitSince: number; silentSince: number | null };

/**
 * Attaches to the running server of the data folder, or makes and starts it; any number of processes may do so at once.
 * One loop that looks at what is there and does the next thing, so a server that comes, goes or dies meanwhile is only another turn.
 */
export async function acquire(options: AcquireOptions): Promise<Acquired> {
  const turns: Turns = { startedPid: null, wait: null, waitSince: 0, silentSince: null };
  try {
    for (;;) {
      options.signal.throwIfAborted();
      const result = await takeTurn(options, turns);
      if (typeof result !== 'string') return result;
      losePatience(turns, result);
      await sleep(WAITS[result].pollMs, undefined, { signal: options.signal });
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw translateFileError(error);
  }
}

/** Takes hold of the server again if it runs just now, to leave it properly; null otherwise. */
export async function reattach(options: AcquireOptions): Promise<Hold | null> {
  const state = readState(options.paths);
  const credentials = await readCredentials(options.paths.cluster);
  if (state.kind !== 'running' || !state.isReady || credentials === null) return null;
  const hold = await takeHold(state, credentials, options.paths, options.role);
  return typeof hold === 'string' ? null : hold;
}

function losePatience(turns: Turns, wait: Wait) {
  const now = performance.now();
  if (turns.wait !== wait) {
    turns.wait = wait;
    turns.waitSince = now;
  }
  if (now - turns.waitSince > WAITS[wait].patienceMs) throw failure(WAITS[wait].code);
}

async function takeTurn(options: AcquireOptions, turns: Turns): Promise<Acquired | Wait> {
  const state = readState(options.paths);
  if (state.kind === 'running') {
    if (state.isSure && !state.isReady) return 'starting';
    const result = await attach(options, state, turns);
    if (typeof result !== 'string') return result;
    if (result === 'busy' || state.isSure || !isLongSilent(turns)) return 'busy';
  }
  const lock = await tryStartLock(options.paths.startLock);
  if (lock === null) return 'locked';
  try {
    return await start(options, turns);
  } finally {
    await lock.release();
  }
}

async function attach(
  options: AcquireOptions,
  server: { pid: number; port: number },
  turns: Turns,
): Promise<Acquired | 'busy' | 'gone' | 'stranger'> {
  const credentials = await readCredentials(options.paths.cluster);
  if (credentials === null) throw failure('postgres.credentials_refused');
  if (options.port !== null && server.port !== options.port) throw failure('postgres.port_taken');
  const hold = await takeHold(server, credentials, options.paths, options.role);
  if (typeof hold === 'string') return hold;
  return { hold, credentials, started: hold.pid === turns.startedPid };
}

function isLongSilent(turns: Turns): boolean {
  turns.silentSince ??= performance.now();
  return performance.now() - turns.silentSince > SILENCE_MS;
}

/** Makes the cluster when there is none, and starts it. Runs under the start lock. */
async function start(options: AcquireOptions, turns: Turns): Promise<Wait> {
  const { paths, log, signal } = options;
  const before = readState(paths);
  // Another process was faster, between our look and the lock.
  if (before.kind === 'running' && before.isSure) return 'starting';
  await removeLeftovers(paths);
  await removeDeadLocks(paths.startLock);
  const make = { paths, programs: await options.programs(), log, signal };
  if (before.kind === 'absent') {
    log.info({ runAs: make.programs.runAs.kind }, 'making the embedded Postgres database');
    await makeCluster(make);
  }
  if ((await readCredentials(paths.cluster)) === null) await resetPassword(make);
  const credentials = await readCredentials(paths.cluster);
  if (credentials === null) throw failure('postgres.start_failed');
  const port = options.port ?? credentials.port;
  const outcome = await startPostmaster({ paths, programs: make.programs, port, signal });
  if (outcome === 'ready') turns.startedPid = pidOf(paths);
  if (outcome === 'pid-file') await clearPidFile(paths);
  if (outcome === 'port-taken' && options.port === null) {
    await writeCredentials(paths.cluster, { ...credentials, port: await freePort() });
  }
  return WAIT_AFTER[outcome];
}

const WAIT_AFTER = {
  ready: 'started',
  'pid-file': 'busy',
  'not-gone': 'busy',
  'in-use': 'in-use',
  'port-taken': 'port-taken',
} as const satisfies Record<StartOutcome, Wait>;

/**
 * Postgres would not start because of postmaster.pid. It goes, unless it names our postmaster: it is torn, names a stranger,
 * or a zombie. Not earlier: only now is it sure (see `guarded`) that it is not the file of another container's server.
 */
async function clearPidFile(paths: Paths): Promise<void> {
  const state = readState(paths);
  if (state.kind !== 'running' || !state.isSure) await removePidFile(paths);
}

function pidOf(paths: Paths): number | null {
  const state = readState(paths);
  return state.kind === 'running' ? state.pid : null;
}

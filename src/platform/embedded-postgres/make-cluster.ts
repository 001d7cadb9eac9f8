import { chown, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppError } from '../../kit/errors.ts';
import { newPassword, type Paths, readState, writeCredentials, writeSynced } from './cluster.ts';
import { failure, failureIn } from './failures.ts';
import { freePort } from './port.ts';
import { type Command, run } from './processes.ts';
import type { Programs } from './programs.ts';
import { withName } from './run-as.ts';

/** The role the program logs in as: owns its database, may make others (tests, restores), is no superuser. */
export const ROLE = 'tributary';
export const DATABASE = 'tributary';

/** The superuser has no password and no line here: it exists in single-user mode only, for whoever owns the files. */
const HBA = `# Written by Tributary: its own role with a password, from this machine, and nobody else.
host all ${ROLE} 127.0.0.1/32 scram-sha-256
`;

/**
 * LC_CTYPE decides what pg_trgm takes for a letter: with C it finds no trigram in Japanese and drops accents. Linux has C.UTF-8,
 * macOS and old Linux en_US.UTF-8, Windows en-US; C is the last resort.
 */
const CTYPES = ['C.UTF-8', 'en_US.UTF-8', 'en-US', 'C'] as const;

/** initdb takes 0.6 s here; minutes on a slow memory card. */
const INITDB_TIMEOUT_MS = 5 * 60_000;
const SINGLE_USER_TIMEOUT_MS = 60_000;

export type Log = { info(o: object, m: string): void; warn(o: object, m: string): void };
export type MakeOptions = { paths: Paths; programs: Programs; log: Log; signal: AbortSignal };

/**
 * Makes the cluster with its role, database and password beside its place and renames it there, so that one cut short leaves
 * nothing a later start could take for a database. Hold the start lock.
 */
export async function makeCluster(options: MakeOptions): Promise<void> {
  const { paths, programs } = options;
  const workDir = await mkdtemp(join(paths.dataDir, LEFTOVER));
  const cluster = join(workDir, 'postgres');
  const { owner } = programs.runAs;
  try {
    if (owner !== null) await chown(workDir, owner.uid, owner.gid);
    await initdb(cluster, options);
    await writeSynced(join(cluster, 'pg_hba.conf'), HBA);
    const password = newPassword();
    await singleUser(cluster, options, [
      `CREATE ROLE ${ROLE} LOGIN CREATEDB PASSWORD '${password}'`,
      `CREATE DATABASE ${DATABASE} OWNER ${ROLE}`,
    ]);
    await writeCredentials(cluster, { port: await freePort(), password });
    await moveIntoPlace(cluster, paths);
  } finally {
    await rm(workDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Gives the role a new password when the file with it was lost. The server must be stopped; hold the start lock. */
export async function resetPassword(options: MakeOptions): Promise<void> {
  const password = newPassword();
  await singleUser(options.paths.cluster, options, [`ALTER ROLE ${ROLE} PASSWORD '${password}'`]);
  await writeCredentials(options.paths.cluster, { port: await freePort(), password });
  options.log.warn({}, 'the password of the embedded Postgres was lost and made anew');
}

async function initdb(cluster: string, { programs, log, signal }: MakeOptions): Promise<void> {
  for (const ctype of CTYPES) {
    const args = ['-D', cluster, '-U', 'postgres', '--auth=reject', '--no-instructions', '--encoding=UTF8'];
    const locale = [
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      `--lc-ctype=${ctype}`,
    ];
    const { exitCode, output } = await runNamed(programs.command('initdb', [...args, ...locale]), {
      timeoutMs: INITDB_TIMEOUT_MS,
      signal,
    });
    if (exitCode === 0) {
      if (ctype === 'C')
        log.warn({}, 'no UTF-8 locale on this system: searching titles in other scripts will be poor');
      return;
    }
    if (ctype === 'C' || !/invalid locale/i.test(output)) throw initFailure('initdb', output);
    await rm(cluster, { recursive: true, force: true });
  }
}

/** initdb and single-user mode look up the name of their user; the server itself does not. */
async function runNamed(command: Command, options: Parameters<typeof run>[1]) {
  const first = await run(command, options);
  if (!NAMELESS.test(first.output)) return first;
  const second = await run(withName(command), options);
  return second.exitCode === 0 ? second : first;
}

const NAMELESS = /could not look up effective user ID/;

function initFailure(program: string, output: string): AppError {
  const cause = new Error(`${program}: ${output}`);
  if (NAMELESS.test(output)) return failure('postgres.nameless_user', cause);
  return failure(failureIn(output) ?? 'postgres.init_failed', cause);
}

/** Runs statements as the superuser without a server; one a line, none holds a line break. */
async function singleUser(
  cluster: string,
  options: MakeOptions,
  statements: readonly string[],
): Promise<void> {
  const args = ['--single', '-D', cluster, '-c', 'exit_on_error=on', 'postgres'];
  const { exitCode, output } = await runNamed(options.programs.command('postgres', args), {
    input: `${statements.join('\n')}\n`,
    timeoutMs: SINGLE_USER_TIMEOUT_MS,
    signal: options.signal,
  });
  if (exitCode === 0) return;
  // An error quotes the statement.
  throw initFailure('postgres --single', output.replace(/PASSWORD '[^']*'/g, "PASSWORD '…'"));
}

async function moveIntoPlace(cluster: string, paths: Paths): Promise<void> {
  // An empty folder there (made by hand, say) is in the way on Windows.
  await rmdir(paths.cluster).catch(() => {});
  try {
    await rename(cluster, paths.cluster);
  } catch (error) {
    // Somebody else's is there already: then that one is used.
    if (readState(paths).kind === 'absent') throw failure('postgres.init_failed', error);
  }
}

const LEFTOVER = 'postgres.new-';

/** Removes what a start that was killed left. Its initdb may still be writing: then the next start removes the rest. Hold the start lock. */
export async function removeLeftovers(paths: Paths): Promise<void> {
  for (const name of await readdir(paths.dataDir)) {
    if (!name.startsWith(LEFTOVER)) continue;
    await rm(join(paths.dataDir, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

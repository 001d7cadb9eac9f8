import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { POSTGRES_MAJOR } from './binaries.ts';
import { errorCode, failure } from './failures.ts';
import { isAlive, isPostgresOf } from './processes.ts';

/** Where everything of one data folder lies. */
export type Paths = {
  dataDir: string;
  /** The cluster itself. */
  cluster: string;
  log: string;
  startLock: string;
  /** Library links when the package folder is read-only. */
  spareLibraries: string;
};

export function pathsIn(dataDir: string): Paths {
  return {
    dataDir,
    cluster: join(dataDir, 'postgres'),
    log: join(dataDir, 'postgres.log'),
    startLock: join(dataDir, 'postgres.lock'),
    spareLibraries: join(dataDir, 'postgres.lib'),
  };
}

/** Kept inside the cluster, so that both appear at once. The port is the one to ask for first; postmaster.pid has the real one. */
const Credentials = z.object({ port: z.int().min(1).max(65535), password: z.string().min(1) });
export type Credentials = z.infer<typeof Credentials>;

export function newPassword(): string {
  return randomBytes(32).toString('base64url');
}

/** Null when the file is absent or torn. */
export async function readCredentials(cluster: string): Promise<Credentials | null> {
  const text = await readFile(join(cluster, CREDENTIALS), 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    return Credentials.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export async function writeCredentials(cluster: string, credentials: Credentials): Promise<void> {
  await writeSynced(join(cluster, CREDENTIALS), JSON.stringify(credentials));
}

/** Written aside, synced and renamed: a power cut leaves the old or the new. Root gives it to the owner of its folder. */
export async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    const { uid, gid } = await stat(dirname(file));
    if (process.getuid?.() === 0) await handle.chown(uid, gid);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

const CREDENTIALS = 'tributary.json';

/** The number initdb gave this cluster for ever: the first eight bytes of pg_control (every platform we have is little-endian). */
export async function systemIdentifierOf(cluster: string): Promise<string> {
  const control = await readFile(join(cluster, 'global', 'pg_control'));
  return control.readBigUInt64LE(0).toString();
}

export type ClusterState =
  /** No cluster yet. */
  | { kind: 'absent' }
  /** Nobody runs it here; a postmaster.pid naming a dead process is cleared by Postgres itself. */
  | { kind: 'stopped' }
  /** postmaster.pid is torn, or names a live process that is not our postmaster (its pid was used again): Postgres would refuse to start. */
  | { kind: 'stale' }
  /** `isSure` is false where only a connection can tell that it is ours (no /proc). */
  | { kind: 'running'; pid: number; port: number; isReady: boolean; isSure: boolean };

/** What the files say, checked against the process. Throws `postgres.wrong_version` on a cluster of another major version. */
export function readState(paths: Paths): ClusterState {
  const version = readIfThere(join(paths.cluster, 'PG_VERSION'));
  if (version === null) return { kind: 'absent' };
  if (version.trim() !== POSTGRES_MAJOR) throw failure('postgres.wrong_version');
  const pidFile = readIfThere(pidFileOf(paths));
  if (pidFile === null) return { kind: 'stopped' };
  // Lines: pid, data directory, start time, port, socket directory, listen address, shared memory, status.
  const lines = pidFile.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return { kind: 'stale' };
  if (!isAlive(pid)) return { kind: 'stopped' };
  const isOurs = isPostgresOf(pid, paths.cluster);
  if (isOurs === false) return { kind: 'stale' };
  return {
    kind: 'running',
    pid,
    port: Number(lines[3]),
    isReady: lines[7]?.trim() === 'ready',
    isSure: isOurs === true,
  };
}

/** Removes a stale postmaster.pid. Only while holding the start lock, and after Postgres refused to start because of it. */
export async function removePidFile(paths: Paths): Promise<void> {
  await rm(pidFileOf(paths), { force: true });
}

function pidFileOf(paths: Paths): string {
  return join(paths.cluster, 'postmaster.pid');
}

/** Synchronous: a few bytes that were just written, read every 5 ms while we wait for the server. */
function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

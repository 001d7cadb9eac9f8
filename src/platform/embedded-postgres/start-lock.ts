import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCode } from './failures.ts';
import { isAlive, startTicks } from './processes.ts';

const Owner = z.object({ pid: z.int().positive(), startedAt: z.string() });

/** Past this age a lock is stale whoever holds it: the longest honest hold is an initdb on a slow card (under a minute). */
const MAX_AGE_MS = 5 * 60_000;

export type StartLock = { release(): Promise<void> };

/**
 * Takes the lock file that lets one process at a time make or start the cluster; null when another holds it
 * or it was stale and has just been broken (ask again).
 * It only saves work: should two ever hold it (a stale lock broken by both at once), the cluster's rename into place and
 * Postgres' own lock file still let only one win.
 */
export async function tryStartLock(file: string): Promise<StartLock | null> {
  const unique = `${file}.${process.pid}-${randomBytes(6).toString('hex')}`;
  await writeFile(unique, JSON.stringify({ pid: process.pid, startedAt: startTicks(process.pid) }), {
    mode: 0o600,
  });
  try {
    if (await tryLink(unique, file)) return { release: () => rm(file, { force: true }) };
    const stale = await readStale(file);
    if (stale !== null) await breakLock(file, stale, `${unique}.stale`);
    return null;
  } finally {
    await rm(unique, { force: true });
  }
}

/** Removes what those who died between writing their lock and taking it left beside it. Hold the lock. */
export async function removeDeadLocks(file: string): Promise<void> {
  const folder = dirname(file);
  for (const name of await readdir(folder)) {
    const [, pid] = /^\.(\d{1,10})-[0-9a-f]{12}(?:\.stale)?$/.exec(beyond(name, basename(file))) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { force: true });
  }
}

function beyond(name: string, start: string): string {
  return name.startsWith(start) ? name.slice(start.length) : '';
}

/** Moves the stale lock aside rather than removing it: of several that saw it one moves it, and a younger one moved by mistake goes back. */
async function breakLock(file: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== stale) await tryLink(aside, file);
  await rm(aside, { force: true });
}

/** A hard link appears with its content and fails when the name is taken. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The lock's text when its owner is gone; null while it is held, or no longer there. */
async function readStale(file: string): Promise<string | null> {
  try {
    const text = await readFile(file, 'utf8');
    const { mtimeMs } = await stat(file);
    return isFresh(text, Date.now() - mtimeMs) ? null : text;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function isFresh(text: string, ageMs: number): boolean {
  const owner = Owner.safeParse(parseJson(text));
  if (!owner.success || ageMs > MAX_AGE_MS) return false;
  return isAlive(owner.data.pid) && startTicks(owner.data.pid) === owner.data.startedAt;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

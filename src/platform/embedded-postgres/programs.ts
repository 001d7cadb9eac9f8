import { join } from 'node:path';
import { linkLibraries, nativeDirOf, thisPlatform } from './binaries.ts';
import type { Paths } from './cluster.ts';
import type { Command } from './processes.ts';
import { chooseRunAs, type RunAs } from './run-as.ts';

/** The Postgres programs, ready to run: found, linked, and stepped down from root. */
export type Programs = {
  runAs: RunAs;
  command(program: 'initdb' | 'postgres' | 'pg_ctl', args: readonly string[]): Command;
};

/** Finds the programs; `nativeDir` takes the place of the installed package's. Not needed to attach to a running server. */
export async function findPrograms(options: {
  paths: Paths;
  nativeDir: string | undefined;
}): Promise<Programs> {
  const { paths } = options;
  const nativeDir = options.nativeDir ?? nativeDirOf(thisPlatform());
  const libraryPath = await linkLibraries(nativeDir, paths.spareLibraries);
  const runAs = await chooseRunAs({ dataDir: paths.dataDir, nativeDir, env: environment(libraryPath) });
  const extension = process.platform === 'win32' ? '.exe' : '';
  return {
    runAs,
    command: (program, args) => runAs.command(join(nativeDir, 'bin', program + extension), args),
  };
}

/** What Postgres gets: nothing of our environment (secrets, PG* variables), the system's own folders, and English messages, since we read them. */
function environment(libraryPath: string | null): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C', TZ: 'UTC' };
  // On Windows Node fills in what the system needs (SystemRoot, PATH, TEMP) when it is not given.
  if (process.platform !== 'win32') env.PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  if (libraryPath !== null) {
    env.LD_LIBRARY_PATH = libraryPath;
    env.DYLD_LIBRARY_PATH = libraryPath;
  }
  return env;
}

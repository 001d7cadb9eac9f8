/**
 * Run after each `npm install X`. A registry mirror may lack packages for other platforms; npm then writes a lockfile
 * without them, and `npm ci` refuses it on every machine ("Missing: X@… from lock file"). This adds an entry for each
 * missing optional dependency, with `os`, `cpu` and `libc` read from its name so that only the fitting one is fetched.
 */
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const Entry = z.looseObject({
  version: z.string().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const Lockfile = z.looseObject({ packages: z.record(z.string(), Entry) });

const OS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPU: readonly [RegExp, string][] = [
  [/x64|x86_64/, 'x64'],
  [/arm64|aarch64/, 'arm64'],
  [/ia32|i686/, 'ia32'],
  [/riscv64/, 'riscv64'],
  [/ppc64/, 'ppc64'],
  [/s390x/, 's390x'],
  [/loong64/, 'loong64'],
  [/mips64el/, 'mips64el'],
  [/wasm32/, 'wasm32'],
  [/arm/, 'arm'],
];

/** Entries the lockfile lacks, by their place in it. */
export function missingEntries(lockfile: z.infer<typeof Lockfile>): Record<string, z.infer<typeof Entry>> {
  const missing: Record<string, z.infer<typeof Entry>> = {};
  for (const [parentPath, parent] of Object.entries(lockfile.packages)) {
    for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
      if (isPresent(lockfile.packages, parentPath, name)) continue;
      missing[`node_modules/${name}`] = {
        version: range.replace(/^[~^]/, ''),
        ...platformOf(name),
        optional: true,
        ...(parent.dev === true ? { dev: true } : {}),
      };
    }
  }
  return missing;
}

function isPresent(packages: Record<string, unknown>, parentPath: string, name: string): boolean {
  for (
    let folder = parentPath;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  ) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

function platformOf(name: string): {
  os?: string[];
  cpu?: string[];
  libc?: string[];
} {
  const os = OS.find((system) => name.includes(system)) ?? (name.includes('windows') ? 'win32' : undefined);
  const cpu = CPU.find(([pattern]) => pattern.test(name.slice(name.indexOf('/') + 1)))?.[1];
  const libc = name.includes('musl') ? 'musl' : name.includes('gnu') && os === 'linux' ? 'glibc' : undefined;
  return {
    ...(os === undefined ? {} : { os: [os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
  };
}

/** Parses a package-lock.json. */
export function parseLockfile(text: string): z.infer<typeof Lockfile> {
  return Lockfile.parse(JSON.parse(text));
}

if (import.meta.main) {
  const file = new URL('../package-lock.json', import.meta.url);
  const lockfile = parseLockfile(await readFile(file, 'utf8'));
  const added = missingEntries(lockfile);
  if (Object.keys(added).length > 0) {
    lockfile.packages = Object.fromEntries(
      Object.entries({ ...lockfile.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    await writeFile(file, `${JSON.stringify(lockfile, null, 2)}\n`);
    // What is installed has not changed: without this the next `npm start` would install everything again.
    const now = new Date();
    await utimes(new URL('../node_modules/.package-lock.json', import.meta.url), now, now);
  }
  console.log(`${Object.keys(added).length} entries added to package-lock.json`);
}

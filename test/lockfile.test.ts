import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { missingEntries, parseLockfile } from '../scripts/complete-lockfile.ts';

const text = await readFile(new URL('../package-lock.json', import.meta.url), 'utf8');

test('the lockfile holds every optional dependency, so that npm ci accepts it on every platform', () => {
  expect(Object.keys(missingEntries(parseLockfile(text)))).toEqual([]);
});

test('the lockfile records no download address', () => {
  expect(text).not.toContain('"resolved"');
});

test('a missing optional dependency is found and gets its platform', () => {
  const lockfile = parseLockfile(
    '{"packages":{"node_modules/a":{"version":"1.0.0","dev":true,"optionalDependencies":{"@a/linux-arm64-musl":"1.0.0"}}}}',
  );
  expect(missingEntries(lockfile)).toEqual({
    'node_modules/@a/linux-arm64-musl': {
      version: '1.0.0',
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
      optional: true,
      dev: true,
    },
  });
});

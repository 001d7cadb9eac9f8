import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { noSkips } from './support/no-skips-reporter.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const seconds = (count: number) => count * 1000;

/** Longer than anything a project's tests do on a slow and busy machine: a time-out means "hangs", not "was slow". */
type Limits = { test: number; hook: number };

// Long versions live beside the short ones and run by `npm run test:long` only.
const LONG = 'test/**/*.long.test.ts';
const COSTLY = ['db', 'contract', 'http', 'real', 'e2e'].map((folder) => `test/${folder}/**`);

function project(
  name: string,
  include: string[],
  limits: Limits,
  more: object = {},
): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include,
      exclude: [LONG],
      testTimeout: seconds(limits.test),
      hookTimeout: seconds(limits.hook),
      ...more,
    },
  };
}

/** Sorted by cost, cheapest first. `npm test`: unit, db, contract, http; `npm run test:real`: real; `npm run test:long`: long. */
export default defineConfig({
  root,
  test: {
    root,
    pool: 'forks',
    maxWorkers: 2,
    teardownTimeout: seconds(20),
    globalSetup: ['test/support/global-setup.ts'],
    env: { OUTBOUND: 'listed', OUTBOUND_ALLOW: '127.0.0.0/8,::1' },
    reporters: ['default', ...(process.env.GITHUB_ACTIONS ? ['github-actions'] : []), noSkips()],
    projects: [
      // Every folder that is not named below: no test file can be left out by its place.
      project('unit', ['test/**/*.test.ts'], { test: 10, hook: 20 }, { exclude: [LONG, ...COSTLY] }),
      project('db', ['test/db/**/*.test.ts'], { test: 20, hook: 60 }),
      project('contract', ['test/contract/**/*.test.ts'], { test: 30, hook: 60 }),
      project('http', ['test/http/**/*.test.ts'], { test: 30, hook: 60 }),
      // Players, browsers and daemons share two cores badly and play in real time: one file after the other.
      project(
        'real',
        ['test/real/**/*.test.ts', 'test/e2e/**/*.test.ts'],
        { test: 120, hook: 180 },
        { fileParallelism: false },
      ),
      project('long', [LONG], { test: 3600, hook: 300 }, { exclude: [], fileParallelism: false }),
    ],
  },
});

// Runs after `npm test`: names every test left out because it needs a real part (players, browser, daemons), and how to run it.
// The files are read, not run; it takes about half a second.
import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const Listed = z.array(z.object({ name: z.string(), file: z.string() }));

const skipped = realTests();
const missing = missingPackages();
console.log(`\nSkipped: ${skipped.length} tests of real parts\n`);
for (const [file, tests] of Map.groupBy(skipped, (test) => test.file)) {
  console.log(`  ${relative(root, file)}`);
  for (const { name } of tests) console.log(`    - ${name}`);
}
console.log(
  `\n${missing}\nRun them with: npm run test:real (Debian, as root: installs what is missing first)`,
);

function realTests(): z.infer<typeof Listed> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'list', '--config', 'test/vitest.config.ts', '--project', 'real', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`vitest could not list the tests of real parts:\n${stdout}${stderr}`);
  return Listed.parse(JSON.parse(stdout));
}

function missingPackages(): string {
  const args = [join(root, 'scripts/real-parts.sh'), '--missing'];
  const { status, stdout, error } = spawnSync('sh', args, { encoding: 'utf8', timeout: 10_000 });
  if (status === 0) return 'Everything they need is installed.';
  const packages = stdout?.trim().replaceAll('\n', ' ');
  if (error !== undefined || !packages)
    return 'They need programs that are installed on Debian only (scripts/real-parts.sh lists them).';
  return `Missing here: ${packages}`;
}

// Runs before `npm start` and `npm test`, on whatever Node ≥ 18 is there: installs from the lockfile when node_modules
// is missing or older than it. Plain CommonJS on purpose: nothing is installed yet. Costs two stat calls otherwise.
const { spawnSync } = require('node:child_process');
const { lstatSync, statSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const major = Number(process.versions.node.split('.')[0]);
if (major < 18) {
  console.error(`Tributary needs Node 18 or newer to install itself; this is ${process.versions.node}.`);
  process.exit(1);
}

function modified(...parts) {
  return statSync(join(root, ...parts), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const program = modified('node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
if (program === 0 || modified('node_modules', '.package-lock.json') < modified('package-lock.json')) {
  // `npm ci` empties the folder first, and through a link that is somebody else's.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error(
      'node_modules is a link to another folder. Remove it or install there, then run the command again.',
    );
    process.exit(1);
  }
  console.log('Installing dependencies (once, about a minute) …');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
        cwd: root,
        stdio: 'inherit',
        shell: process.platform === 'win32',
      });
  if (result.status !== 0) {
    console.error(
      'The dependencies could not be installed. Check the network and the disk, then run the command again.',
    );
    process.exit(result.status ?? 1);
  }
}

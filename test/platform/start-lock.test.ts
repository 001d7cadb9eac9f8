import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeDeadLocks, tryStartLock } from '../../src/platform/embedded-postgres/start-lock.ts';

test('who died while taking the lock leaves nothing behind; who lives keeps his, and so does the owner of the folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lock-'));
  try {
    const dead = spawn(process.execPath, ['-e', '0']);
    await once(dead, 'exit');
    const file = join(folder, 'postgres.lock');
    const gone = [`.${dead.pid}-0123456789ab`, `.${dead.pid}-0123456789ab.stale`];
    const kept = [`.${process.pid}-0123456789ab`, '.mine', `.${dead.pid}-0123456789ab.txt`];
    for (const name of [...gone, ...kept]) await writeFile(`${file}${name}`, '{}');
    const lock = await tryStartLock(file);
    await removeDeadLocks(file);
    expect((await readdir(folder)).sort()).toEqual(
      ['postgres.lock', ...kept.map((name) => `postgres.lock${name}`)].sort(),
    );
    await lock?.release();
  } finally {
    await rm(folder, { recursive: true });
  }
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { openYard, query, quiet, until } from '../support/embedded-postgres.ts';

const serve = { log: quiet, role: 'serve' } as const;

describe('a postmaster.pid that is in the way', { timeout: 60_000 }, () => {
  test.each([
    ['names a dead process', async () => ({ pid: 2 ** 22 + 1, end: async () => {} })],
    ['names a living stranger of our own user', startStranger],
    ['names a zombie', startZombie],
    ['is empty', async () => ({ pid: null, end: async () => {} })],
  ])('and %s does not keep the server from starting', async (_, startOther) => {
    await using yard = await openYard();
    const first = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    const file = join(yard.dataDir, 'postgres', 'postmaster.pid');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await first.stop();
    const other = await startOther();
    await writeFile(file, other.pid === null ? '' : [other.pid, ...lines.slice(1)].join('\n'));
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    expect(second.started).toBe(true);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await other.end();
    await second.stop();
  });
});

/** A process of ours that is no Postgres; it must survive. */
async function startStranger() {
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(sleeper, 'spawn');
  const end = async () => {
    expect(sleeper.exitCode ?? sleeper.signalCode).toBe(null);
    sleeper.kill('SIGKILL');
  };
  return { pid: sleeper.pid ?? 0, end };
}

/** A dead process whose parent never asks for it, as under a PID 1 that does not reap. It dies after the `exec`: a shell would ask. */
async function startZombie() {
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output] = await once(parent.stdout, 'data');
  const pid = Number(String(output));
  await until(async () => / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8')));
  return { pid, end: async () => void parent.kill('SIGKILL') };
}

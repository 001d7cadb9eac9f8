import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import { plainEnv, runProcess, startProcess } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';

test('Redis answers on its own port and is gone after stop', async () => {
  const redis = await startRedis();
  const ping = async () =>
    (await runProcess({ command: 'redis-cli', args: ['-p', String(redis.port), 'ping'] })).stdout.toString();
  expect(await ping()).toBe('PONG\n');
  await redis.stop();
  const socket = createConnection(redis.port, '127.0.0.1');
  await expect(once(socket, 'connect')).rejects.toThrow(/ECONNREFUSED/);
});

describe('a started process', () => {
  test('that does not heed SIGTERM is killed, and all it started with it', async () => {
    const stubborn = await startProcess({
      command: 'sh',
      args: ['-c', 'trap "" TERM; sleep 60 & echo child $!; while :; do wait; done'],
      readyWhen: /child \d+/,
      stopTimeoutMs: 300,
    });
    const grandchild = Number(/child (\d+)/.exec(stubborn.output())?.[1]);
    expect(await stubborn.stop()).toMatchObject({ signal: 'SIGKILL', wasKilled: true });
    // Gone, or a zombie that nobody has collected yet.
    const state = await runProcess({
      command: 'ps',
      args: ['-o', 'stat=', '-p', String(grandchild)],
      anyCode: true,
    });
    expect(state.stdout.toString().trim()).toMatch(/^(Z.*)?$/);
  });

  test('that is never ready fails with its output', async () => {
    const start = startProcess({
      command: process.execPath,
      args: ['-e', 'console.error("half way"); setInterval(() => {}, 1000)'],
      env: plainEnv(),
      readyWhen: /all the way/,
      timeoutMs: 700,
    });
    await expect(start).rejects.toThrow(/not ready within 700 ms:\nhalf way/);
  });

  test('that is not installed fails by name', async () => {
    await expect(startProcess({ command: 'no-such-program' })).rejects.toThrow(/no-such-program/);
  });
});

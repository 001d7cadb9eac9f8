import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AccountRoom, openAccountRoom, type Signed } from '../support/account-room.ts';
import { plainEnv } from '../support/processes.ts';

let room: AccountRoom;
let other: Signed;
beforeAll(async () => {
  room = await openAccountRoom();
});
beforeEach(async () => {
  await room.empty();
  await room.add('parent');
  other = await room.add('other');
});
afterAll(() => room.close());

describe('at the machine itself', () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['scripts/admin.ts', ...args], {
      env: { ...plainEnv(), DATABASE_URL: room.databaseUrl, OUTBOUND: 'listed' },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });

  test('a lost password and a lost administrator are mended', async () => {
    const { stdout } = await run('reset-password', 'PARENT');
    const token = /#reset\/(\S+)/.exec(stdout)?.[1] ?? '';
    expect((await room.ask('POST', '/auth/password-reset', { token, password: 'chosen anew' })).status).toBe(
      204,
    );
    expect((await room.signIn('parent', 'chosen anew')).status).toBe(200);
    await room.asAdmin('PATCH', `/users/${other.user.userId}`, { status: 'inactive' });
    await run('set-role', 'other', 'admin');
    expect((await run('users')).stdout).toBe('parent\tadmin\tactive\nother\tadmin\tactive\n');
  });

  test.each([
    [['reset-password', 'nobody'], 'There is no account named nobody.'],
    [['set-role', 'parent', 'king'], 'A role is one of guest, user, moderator, admin.'],
    [['set-role', 'parent'], 'Usage:'],
    [[], 'Usage:'],
  ])('%j says what is wrong', async (args, words) => {
    await expect(run(...args)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
  });
});

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { type AccountRoom, openAccountRoom, type Signed } from '../support/account-room.ts';

let room: AccountRoom;
let parent: Signed;
let other: Signed;
beforeAll(async () => {
  room = await openAccountRoom();
});
beforeEach(async () => {
  await room.empty();
  parent = await room.add('parent');
  other = await room.add('other');
});
afterAll(() => room.close());

const refresh = (refreshToken: string) => room.ask('POST', '/auth/refresh', { refreshToken });
const by = (who: Signed, method: string, path: string) =>
  room.ask(method, path, undefined, room.bearer(who.accessToken));

test('a session keeps the newest hundred of its superseded hashes, and an older token still ends it', async () => {
  const next = room.signed(await refresh(parent.refreshToken));
  await room.run(
    `UPDATE auth_token SET superseded_at = now() - interval '1 day' WHERE superseded_at IS NOT NULL`,
  );
  await room.run(`INSERT INTO auth_token (user_id, kind, token_hash, session_id, superseded_at)
    SELECT user_id, 'refresh', sha256(('old ' || g)::bytea), session_id, now()
    FROM auth_token, generate_series(1, 150) g WHERE superseded_at IS NOT NULL`);
  const last = room.signed(await refresh(next.refreshToken));
  // The current ones of two users, and a hundred.
  expect(await room.count('auth_token')).toBe(102);
  // Another user's session goes on whatever is made up, and this one too.
  for (const made of [`${other.refreshToken.slice(0, -4)}AAAA`, 'made up', last.refreshToken.slice(5)])
    expect((await refresh(made)).status).toBe(401);
  expect((await by(last, 'GET', '/auth/sessions')).status).toBe(200);
  expect((await refresh(parent.refreshToken)).status).toBe(401);
  expect((await by(last, 'GET', '/auth/sessions')).status).toBe(401);
  expect((await refresh(last.refreshToken)).status).toBe(401);
  expect((await by(other, 'GET', '/auth/sessions')).status).toBe(200);
  const noted = await room.db.any(rows('test.reused', z.object({ action: z.string() }))`
    SELECT action FROM audit_log WHERE action = 'account.refresh_reused'`);
  expect(noted).toHaveLength(1);
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AuditPage, auditRoutes, noteAudit } from '../../src/features/audit/index.ts';
import { createSettings, SETTINGS_CHANGED, settingsRoutes } from '../../src/features/settings/index.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { type AccountRoom, ADMIN_TOKEN, openAccountRoom, type Signed } from '../support/account-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: AccountRoom;
let notify: Notify;
let settings: Awaited<ReturnType<typeof createSettings>>;
let other: Signed;
beforeAll(async () => {
  room = await openAccountRoom({
    more: async ({ db, url, requireAdmin, actorOf }) => {
      const log = createLog('silent');
      notify = createNotify({ url, log });
      settings = await createSettings({ db, config: loadConfig({ CATALOG_LANGUAGE: 'de' }), notify, log });
      const undos = { [SETTINGS_CHANGED]: settings.undo };
      return [
        settingsRoutes({ settings, requireAdmin, actorOf }),
        auditRoutes({ db, requireAdmin, actorOf, undos }),
      ];
    },
  });
});
beforeEach(async () => {
  await settings.patch({ addonName: null, playLinkHours: null, hevc: null });
  await room.empty();
  await room.add('parent');
  other = await room.add('other');
});
afterAll(async () => {
  await notify.close();
  await room.close();
});

const codeOf = (answer: { body: unknown }) => problemIn(answer.body).code;
const audit = async (query = '') => AuditPage.parse((await room.asAdmin('GET', `/audit${query}`)).body);
const actionsOf = async (query: string) => (await audit(query)).entries.map(({ action }) => action);
const set = (changes: object) => room.asAdmin('PATCH', '/settings', changes);
const undo = (auditId: number) => room.asAdmin('POST', `/audit/${auditId}/undo`);
const settingOf = async (key: string) => {
  const Settings = z.object({ settings: z.array(z.object({ key: z.string(), value: z.unknown() })) });
  const { settings } = Settings.parse((await room.asAdmin('GET', '/settings')).body);
  return settings.find((setting) => setting.key === key)?.value;
};
const newest = async (query = '') => {
  const [entry] = (await audit(query)).entries;
  if (entry === undefined) throw new Error('nothing is noted');
  return entry;
};

describe('the log', () => {
  test('is for administrators', async () => {
    const { accessToken } = room.signed(await room.signIn('other'));
    for (const path of ['/audit', '/audit/export']) {
      expect((await room.ask('GET', path)).status).toBe(401);
      expect((await room.ask('GET', path, undefined, room.bearer(accessToken))).status).toBe(403);
    }
    expect((await room.ask('POST', '/audit/1/undo', {}, room.bearer(accessToken))).status).toBe(403);
  });

  test('names who signed in and out, and who failed to, with address and agent', async () => {
    await room.signIn('other', 'not the password');
    const { accessToken } = room.signed(await room.signIn('other'));
    await room.ask(
      'POST',
      '/auth/logout',
      {},
      { ...room.bearer(accessToken), 'user-agent': 'a\u00e9 browser' },
    );
    expect(await actionsOf('?limit=3')).toEqual([
      ...['account.signed_out', 'account.signed_in', 'account.sign_in_failed'],
    ]);
    expect(await newest()).toMatchObject({
      ...{
        actor: 'user',
        userId: other.user.userId,
        userName: 'other',
        address: '127.0.0.1',
        severity: 'info',
      },
      agent: expect.stringContaining('browser'),
    });
    expect(await newest('?severity=warning')).toMatchObject({
      action: 'account.sign_in_failed',
      actor: 'nobody',
    });
  });

  test('names uses of the admin token, right and wrong', async () => {
    await room.ask('POST', '/admin-session', { token: 'not the token' });
    await room.ask('POST', '/admin-session', { token: ADMIN_TOKEN });
    expect(await actionsOf('?limit=2')).toEqual(['account.admin_token_used', 'account.admin_token_refused']);
  });

  test('shows of a change what is another now, and nothing of what is not', async () => {
    const path = `/users/${other.user.userId}`;
    await room.asAdmin('PATCH', path, { role: 'moderator', status: 'active' });
    expect(await newest()).toMatchObject({
      ...{ action: 'account.changed', resource: `user ${other.user.userId}`, actor: 'admin-token' },
      ...{ before: { role: 'user' }, after: { role: 'moderator' }, canUndo: false },
    });
    const { auditId } = await newest();
    await room.asAdmin('PATCH', path, { role: 'moderator' });
    expect((await newest()).auditId).toBe(auditId);
  });

  test('still says who an account was that is gone', async () => {
    await room.asAdmin('DELETE', `/users/${other.user.userId}`);
    expect(await newest()).toMatchObject({
      ...{ action: 'account.deleted', before: { username: 'other', role: 'user' } },
    });
    expect((await audit('?action=account.added')).entries).toContainEqual(
      expect.objectContaining({ resource: `user ${other.user.userId}` }),
    );
  });

  test('is read in pages, each entry once, also where many are of one moment', async () => {
    await room.db.transaction(async (tx) => {
      for (let place = 0; place < 25; place += 1)
        await noteAudit(tx, { kind: 'system' }, { action: 'test.noted', resource: `thing ${place}` });
    });
    const seen: (string | null)[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await audit(`?action=test&limit=10${more}`);
      seen.push(...page.entries.map(({ resource }) => resource));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_none, place) => `thing ${24 - place}`));
  });

  test('is narrowed by who, what, how bad, what to and when', async () => {
    const second = other.user.userId;
    await room.signIn('other');
    await room.asAdmin('PATCH', `/users/${second}`, { role: 'guest' });
    expect(await actionsOf(`?actor=${second}`)).toEqual(['account.signed_in']);
    expect(await actionsOf(`?subject=user ${second}`)).toEqual(['account.changed', 'account.added']);
    expect(await actionsOf('?subject=user&severity=warning')).toEqual(['account.changed']);
    expect(await actionsOf('?subject=use')).toEqual([]);
    expect(await actionsOf('?actor=admin-token&action=account.changed')).toEqual(['account.changed']);
    expect(await actionsOf('?action=acc')).toEqual([]);
    const { at } = await newest();
    const soon = new Date(Date.parse(at) + 1000).toISOString();
    expect(await actionsOf(`?since=${soon}`)).toEqual([]);
    expect((await actionsOf(`?until=${soon}`)).length).toBeGreaterThan(2);
  });

  test.each([
    ['actor=somebody', 'actor'],
    ['action=DROP', 'action'],
    ['severity=loud', 'severity'],
    ['since=yesterday', 'since'],
    ['limit=100000', 'limit'],
  ])('refuses ?%s by name', async (query, field) => {
    const answer = await room.asAdmin('GET', `/audit?${query}`);
    expect([answer.status, problemIn(answer.body).issues?.[0]?.path]).toEqual([400, field]);
  });

  test.each(['x', 'bm90IG9uZQ', Buffer.from('2026-01-01T00:00:00Z 0').toString('base64url')])(
    'refuses the cursor %s',
    async (cursor) => {
      expect(codeOf(await room.asAdmin('GET', `/audit?cursor=${cursor}`))).toBe('audit.bad_cursor');
    },
  );

  test('holds no secret, whatever a room hands it', async () => {
    await noteAudit(
      room.db,
      { kind: 'system' },
      {
        ...{ action: 'test.noted', before: { password: 'planted-1', hasPassword: true } },
        after: {
          ...{ apiKey: 'planted-2', nested: [{ refreshToken: 'planted-3', pin: '1234', tokenId: 'an id' }] },
          ...{ url: 'https://me:planted-4@host.example/path?x=1', passwordHash: Buffer.from('planted-5') },
        },
      },
    );
    const entry = await newest('?action=test');
    expect(JSON.stringify(entry)).not.toMatch(/planted|1234/);
    expect(entry.before).toEqual({ password: '(hidden)', hasPassword: true });
    expect(entry.after).toMatchObject({
      ...{ url: 'https://(hidden)@host.example/path?x=1', nested: [{ tokenId: 'an id' }] },
    });
  });
});

describe('the export', () => {
  const exported = async (query: string) => {
    const answer = await fetch(`${room.baseUrl}/api/audit/export${query}`, {
      headers: room.bearer(ADMIN_TOKEN),
    });
    return { type: answer.headers.get('content-type'), text: await answer.text() };
  };

  test('has every entry, more than a page of them, and says so itself', async () => {
    await room.run(
      `INSERT INTO audit_log (actor, action, resource) SELECT 'system', 'test.noted', 'thing ' || g FROM generate_series(1, 2345) g`,
    );
    const { type, text } = await exported('?action=test.noted');
    expect(type).toBe('application/x-ndjson');
    const lines = text.trimEnd().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line).resource)).size).toBe(2345);
    expect(await newest()).toMatchObject({ action: 'audit.exported', after: { action: 'test.noted' } });
  });

  test('as CSV is read as it was written, and runs nothing in a spreadsheet', async () => {
    await noteAudit(
      room.db,
      { kind: 'nobody', agent: '=HYPERLINK("http://x.example","a, b")' },
      { action: 'test.noted', after: { name: 'two "words"' } },
    );
    const { type, text } = await exported('?action=test&format=csv');
    expect(type).toContain('text/csv');
    const [head = '', line = ''] = text.split('\r\n');
    expect(head.split(',').at(-1)).toBe('agent');
    expect(line).toContain(`"'=HYPERLINK(""http://x.example"",""a, b"")"`);
    expect(line).toContain(`"{""name"":""two \\""words\\""""}"`);
  });
});

describe('a change of settings', () => {
  test('is noted with what was and what is; nothing is where nothing changes', async () => {
    await set({ addonName: 'Ours', playLinkHours: 24 });
    expect(await newest()).toMatchObject({
      ...{ action: 'settings.changed', actor: 'admin-token', severity: 'warning', canUndo: true },
      ...{
        before: { addonName: null, playLinkHours: null },
        after: { addonName: 'Ours', playLinkHours: 24 },
      },
    });
    const { auditId } = await newest();
    await set({ addonName: 'Ours' });
    expect((await newest()).auditId).toBe(auditId);
  });

  test('is taken back, which is noted, and that is taken back too', async () => {
    await set({ addonName: 'Ours' });
    const change = await newest();
    expect((await undo(change.auditId)).status).toBe(204);
    expect(await settingOf('addonName')).toBe('Tributary');
    const undone = await newest();
    expect(undone).toMatchObject({
      ...{ action: 'settings.changed', undoes: change.auditId, canUndo: true },
      ...{ before: { addonName: 'Ours' }, after: { addonName: null } },
    });
    expect((await undo(undone.auditId)).status).toBe(204);
    expect(await settingOf('addonName')).toBe('Ours');
  });

  test('is not taken back over a later one', async () => {
    await set({ addonName: 'Ours', hevc: 'hide' });
    const { auditId } = await newest();
    await set({ hevc: 'offer' });
    const refused = await undo(auditId);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'audit.changed_since']);
    expect(await settingOf('addonName')).toBe('Ours');
  });

  test('is taken back once by two at once', async () => {
    await set({ addonName: 'Ours' });
    const { auditId } = await newest();
    const answers = await Promise.all([undo(auditId), undo(auditId)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
  });

  test('is not taken back where the environment holds the setting by now', async () => {
    await noteAudit(
      room.db,
      { kind: 'system' },
      { action: 'settings.changed', before: { catalogLanguage: 'en' }, after: { catalogLanguage: null } },
    );
    const refused = await undo((await newest()).auditId);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'settings.environment']);
  });

  test('is not taken back where a secret was cut out of what it was', async () => {
    const before = { trackerListUrl: 'https://me:planted@host.example/list' };
    const entry = { action: 'settings.changed', before, after: { trackerListUrl: null } };
    await noteAudit(room.db, { kind: 'system' }, entry);
    expect(codeOf(await undo((await newest()).auditId))).toBe('audit.no_undo');
  });

  test('is the only thing that is: a sign-in is not, and neither is what is not there', async () => {
    const { auditId } = await newest('?action=account.added');
    const refused = await undo(auditId);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'audit.no_undo']);
    for (const id of ['999999', '0', 'x', '1e400'])
      expect((await room.asAdmin('POST', `/audit/${id}/undo`)).status).toBe(404);
  });
});

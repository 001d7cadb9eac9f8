import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSettings, SettingEntry, settingsRoutes } from '../../src/features/settings/index.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { command } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNotify, type Notify } from '../../src/platform/notify.ts';
import { reportErrors } from '../../src/platform/problem.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
let database: TestDatabase;
const opened: Notify[] = [];

beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  const { settings } = await instance();
  await settings.patch(Object.fromEntries(settings.list().map(({ key }) => [key, null])));
});
afterAll(async () => {
  await Promise.all(opened.map((notify) => notify.close()));
  await database.close();
});

/** One instance of the program with this environment. */
async function instance(env: Record<string, string> = {}) {
  const notify = createNotify({ url: database.url, log });
  opened.push(notify);
  const settings = await createSettings({ db: database.db, config: loadConfig(env), notify, log });
  await waitUntil(() => notify.isConnected(), { what: 'the instance listens', timeoutMs: 10_000 });
  return { settings, notify };
}

describe('settings', () => {
  test('begin with their defaults, each described and typed', async () => {
    const { settings } = await instance();
    expect(settings.get()).toEqual({
      publicCatalog: 'licensed',
      catalogLanguage: 'en',
      catalogRegion: '',
      addonName: 'Tributary',
      streamsPerTitle: 25,
      streamsPerResolution: 10,
      weakTorrents: 'hide',
      weakPosts: 'hide',
      missingArticles: 'stop',
      enrichment: 'on',
      anonymousScan: 'off',
      hevc: 'offer',
      playLinkHours: 24,
      streamsPerSubject: 20,
      torrentPlayer: 'server',
      streamsPerIp: 30,
      torrentUpload: 'off',
      torrentUploadRatio: 1,
      torrentUploadLimit: 0,
      torrentDownloadLimit: 0,
      trackerMode: 'add',
      trackerList: [],
      trackerListUrl: '',
      sourceDisableBelow: 20,
      brokenLinks: 'keep',
      registration: 'off',
      auditAddresses: 'keep',
      emailVerification: 'off',
      rateLimitAddonPerMinute: 600,
      rateLimitApiPerMinute: 240,
    });
    for (const entry of settings.list()) {
      expect(SettingEntry.parse(entry)).toEqual(entry);
      expect(entry).toMatchObject({
        origin: 'default',
        value: entry.default,
        description: expect.stringMatching(/\.$/),
      });
    }
    expect(settings.list().find(({ key }) => key === 'publicCatalog')).toMatchObject({
      type: 'enum',
      options: ['off', 'licensed', 'all'],
    });
  });

  test('are the same on two instances once a change is answered, and null takes one back', async () => {
    const [a, b] = [await instance(), await instance()];
    const changed = await a.settings.patch({
      addonName: '  Our films ',
      publicCatalog: 'all',
      streamsPerTitle: 7,
    });
    expect(a.settings.get()).toMatchObject({
      addonName: 'Our films',
      publicCatalog: 'all',
      streamsPerTitle: 7,
    });
    expect(changed.find(({ key }) => key === 'addonName')).toMatchObject({
      value: 'Our films',
      default: 'Tributary',
      origin: 'database',
    });
    await waitUntil(() => b.settings.get().addonName === 'Our films', {
      what: 'the other',
      timeoutMs: 1000,
      everyMs: 1,
    });
    expect(b.settings.get()).toEqual(a.settings.get());
    await b.settings.patch({ addonName: null });
    await waitUntil(() => a.settings.get().addonName === 'Tributary', {
      what: 'back',
      timeoutMs: 1000,
      everyMs: 1,
    });
    expect(a.settings.get().streamsPerTitle).toBe(7);
    expect((await instance()).settings.get()).toEqual(b.settings.get());
  });

  test('end up alike everywhere when two instances change them at the same time', async () => {
    const [a, b] = [await instance(), await instance()];
    const before = a.settings.revision();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? a : b).settings.patch({ streamsPerTitle: i + 1 })),
    );
    const areDone = () => [a, b].every(({ settings }) => settings.revision() === before + 20);
    await waitUntil(areDone, { what: 'both have the last change', timeoutMs: 2000 });
    expect(b.settings.get()).toEqual(a.settings.get());
    expect((await instance()).settings.get()).toEqual(a.settings.get());
  });

  test('refuse what does not fit, name all of it, and change nothing', async () => {
    const { settings } = await instance();
    const before = settings.get();
    const bad = {
      streamsPerTitle: 0,
      streamsPerResolution: '10',
      publicCatalog: 'some',
      nonsense: 1,
      addonName: 'fits',
    };
    const refused = await settings.patch(bad).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 400, code: 'settings.invalid' });
    expect(refused).toMatchObject({
      issues: ['streamsPerTitle', 'streamsPerResolution', 'publicCatalog', 'nonsense'].map((path) => ({
        path,
        message: expect.any(String),
      })),
    });
    expect(settings.get()).toBe(before);
    await expect(settings.patch(JSON.parse('{"__proto__": 1}'))).rejects.toMatchObject({ status: 400 });
    await expect(settings.patch({ revision: 5 })).rejects.toMatchObject({ status: 400 });
    await expect(settings.patch({ addonName: 'a\u0000b' })).rejects.toMatchObject({ status: 400 });
  });

  test('of the environment cannot be changed, and win over what is stored', async () => {
    const free = await instance();
    await free.settings.patch({ publicCatalog: 'all' });
    const { settings } = await instance({ PUBLIC_CATALOG: 'off', RATE_LIMIT_API: '5' });
    expect(settings.get()).toMatchObject({ publicCatalog: 'off', rateLimitApiPerMinute: 5 });
    expect(settings.list().find(({ key }) => key === 'publicCatalog')).toMatchObject({
      origin: 'environment',
      value: 'off',
    });
    const refused = await settings
      .patch({ publicCatalog: 'all', addonName: 'untouched' })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 409, code: 'settings.environment' });
    expect(refused).toHaveProperty('message', expect.stringContaining('publicCatalog (PUBLIC_CATALOG)'));
    expect(settings.get().addonName).toBe('Tributary');
  });

  test('stored by another version give way to the default where they do not fit', async () => {
    const { settings, notify } = await instance();
    await settings.patch({ streamsPerTitle: 50, addonName: 'kept' });
    await database.db.query(stored('streamsPerTitle', '"many"'));
    await database.db.query(stored('fromTheFuture', '{"a": 1}'));
    const late = await instance();
    expect(late.settings.get()).toMatchObject({ streamsPerTitle: 25, addonName: 'kept' });
    expect(late.settings.list().find(({ key }) => key === 'streamsPerTitle')?.origin).toBe('default');
    await notify.publish('settings', '{"revision": "nonsense"}');
    await notify.publish('settings', 'nonsense');
    expect(settings.get().addonName).toBe('kept');
  });
});

test('the routes answer the list, change it, and tell problems apart', async () => {
  const { settings } = await instance({ CATALOG_LANGUAGE: 'de' });
  const app = express().use(express.json());
  app.use(
    '/api',
    settingsRoutes({
      ...{ settings, requireAdmin: (_req, _res, next) => next() },
      actorOf: async () => ({ kind: 'admin-token' }),
    }),
    reportErrors(log),
  );
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/settings`;
    const patch = async (body: unknown) => {
      const answer = await fetch(url, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: await answer.json() };
    };
    const listed = await (await fetch(url)).json();
    expect(listed).toEqual({ settings: settings.list() });
    const changed = await patch({ playLinkHours: 48 });
    expect(changed).toMatchObject({ status: 200 });
    expect(changed.body.settings).toContainEqual(
      expect.objectContaining({ key: 'playLinkHours', value: 48, origin: 'database' }),
    );
    expect(await patch({ playLinkHours: 0 })).toMatchObject({
      status: 400,
      body: { code: 'settings.invalid', issues: [{ path: 'playLinkHours' }] },
    });
    expect(await patch({ catalogLanguage: 'fr' })).toMatchObject({
      status: 409,
      body: { code: 'settings.environment' },
    });
    expect(await patch([1])).toMatchObject({ status: 400 });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

/** A row as another version of the program might leave it. */
function stored(key: string, json: string) {
  return command('test.store_setting')`
    INSERT INTO setting (key, type, value) VALUES (${key}, 'json', ${json}::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
  `;
}

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FindersAnswer, finderRoutes, finderSecrets } from '../../src/features/finders/index.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command, rows } from '../../src/platform/db.ts';
import { needsOldKeys, resealStreams } from '../../src/streams/reseal.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { capsXml, type FeedServer, sendXml, startFeedServer, torznabFeed } from '../support/feed-server.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { problemIn } from '../support/problem-answer.ts';

let ground: TestKindDeps;
let api: TestApi;
let server: FeedServer;

beforeAll(async () => {
  ground = await openKindDeps();
  server = await startFeedServer();
  api = await startApi((place) => [finderRoutes({ ...ground.deps, ...place })]);
});
beforeEach(() => ground.deps.db.query(command('test.empty')`TRUNCATE finder RESTART IDENTITY CASCADE`));
afterAll(async () => {
  await api.close();
  await server.close();
  await ground.close();
});

const Added = z.looseObject({ finderId: z.string() });
const indexer = (more: object = {}) => ({
  ...{ kind: 'torznab', name: 'Mine', url: `${server.baseUrl}/api`, apiKey: 'the-secret-key' },
  ...more,
});
async function add(body: object): Promise<string> {
  const answer = await api.ask('POST', '/api/finders', body);
  expect(answer.status).toBe(201);
  return Added.parse(answer.body).finderId;
}
const list = async () => FindersAnswer.parse((await api.ask('GET', '/api/finders')).body).finders;

test('what searches this catalogue is told where and by which key', async () => {
  const { body } = await api.ask('GET', '/api/finders/server');
  expect(body).toEqual({
    ...{ torznabUrl: `${api.baseUrl}/torznab/api`, newznabUrl: `${api.baseUrl}/newznab/api` },
    apiKey: expect.stringMatching(/^[\w-]{40,}$/),
  });
});

describe('finders of the admin', () => {
  test('are noted with what was changed of them, by whom, and without address and key', async () => {
    const noted = rows(
      'test.noted',
      z.object({ actor: z.string(), action: z.string(), before: z.unknown(), after: z.unknown() }),
    )`SELECT actor, action, before, after FROM audit_log ORDER BY id`;
    await ground.deps.db.query(command('test.forget')`TRUNCATE audit_log`);
    const id = await add(indexer({ url: `${server.baseUrl}/api?passkey=hidden-too` }));
    await api.ask('PATCH', `/api/finders/${id}`, { state: 'rejected', apiKey: 'another-key' });
    await api.ask('PATCH', `/api/finders/${id}`, { state: 'rejected' });
    await api.ask('DELETE', `/api/finders/${id}`);
    const entries = await ground.deps.db.any(noted);
    expect(entries).toMatchObject([
      { actor: 'admin-token', action: 'finder.added', after: { name: 'Mine', state: 'approved' } },
      {
        ...{ action: 'finder.changed', before: { state: 'approved', isNewKey: false } },
        after: { state: 'rejected', isNewKey: true },
      },
      { action: 'finder.deleted', before: { name: 'Mine', state: 'rejected' } },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/hidden-too|-key"/);
  });

  test('are added, and shown without address and key', async () => {
    await add(indexer({ url: `${server.baseUrl}/api/hidden-part?passkey=hidden-too` }));
    const { body } = await api.ask('GET', '/api/finders');
    expect(FindersAnswer.parse(body).finders).toMatchObject([
      {
        ...{ kind: 'torznab', name: 'Mine', hasKey: true, state: 'approved', ownerId: null, patterns: [] },
        ...{
          host: new URL(server.baseUrl).host,
          asked: 0,
          found: 0,
          failures: 0,
          lastError: null,
          nextPollAt: null,
        },
      },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/hidden|the-secret-key/);
  });

  test('tell how they did day by day', async () => {
    expect((await api.ask('GET', '/api/finders/days')).body).toEqual({ finders: [] });
    const finderId = await add(indexer());
    await ground.deps.db.query(command('test.days')`
      INSERT INTO finder_day (finder_id, day, asked, failures, found, answer_ms, last_error, last_failed_at)
      SELECT f.id, (now() AT TIME ZONE 'UTC')::date - ago, 3, 1, 7, 500, 'Failed ' || ago, '2026-01-31T12:00:00Z'
      FROM finder f, unnest(ARRAY[0, 1]) AS ago`);
    const day = {
      day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      asked: 3,
      failures: 1,
      found: 7,
      answerMs: 500,
    };
    expect((await api.ask('GET', '/api/finders/days')).body).toEqual({
      finders: [{ finderId, days: [day, day] }],
    });
    expect(await list()).toMatchObject([
      { lastError: null, lastFailure: { error: 'Failed 0', at: '2026-01-31T12:00:00.000Z' } },
    ]);
  });

  test('are stored sealed', async () => {
    await add(indexer());
    const row = await ground.deps.db.one(
      rows('test.sealed', z.object({ text: z.string() }))`SELECT f::text AS text FROM finder f`,
    );
    expect(row.text).not.toContain('the-secret-key');
    expect(row.text).not.toContain(Buffer.from('the-secret-key').toString('hex'));
  });

  test('of one address are one, whatever the key', async () => {
    await add(indexer());
    const again = await api.ask(
      'POST',
      '/api/finders',
      indexer({ apiKey: 'another', url: `${server.baseUrl}/api?apikey=x` }),
    );
    expect(again.status).toBe(409);
    expect(problemIn(again.body).code).toBe('finders.known');
    await add(indexer({ kind: 'newznab' }));
  });

  test('are changed, and keep what is not named', async () => {
    const id = await add(indexer());
    const { status, body } = await api.ask('PATCH', `/api/finders/${id}`, {
      name: 'Other',
      state: 'rejected',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'Other', state: 'rejected', hasKey: true });
    server.answer((query, res) => sendXml(res, query.get('t') === 'caps' ? capsXml() : torznabFeed([])));
    await api.ask('POST', `/api/finders/${id}/test`);
    expect(server.asked[0]?.get('apikey')).toBe('the-secret-key');
    await api.ask('PATCH', `/api/finders/${id}`, { apiKey: null });
    expect((await list())[0]?.hasKey).toBe(false);
  });

  test('are taken away', async () => {
    const id = await add(indexer());
    expect((await api.ask('DELETE', `/api/finders/${id}`)).status).toBe(204);
    expect((await api.ask('DELETE', `/api/finders/${id}`)).status).toBe(404);
    expect(await list()).toEqual([]);
  });

  test('are tested in words, and nothing of it is counted', async () => {
    const id = await add(indexer({ state: 'pending' }));
    server.answer((query, res) => sendXml(res, query.get('t') === 'caps' ? capsXml() : torznabFeed([])));
    const good = await api.ask('POST', `/api/finders/${id}/test`);
    expect(good.body).toMatchObject({ isWorking: true, detail: expect.stringContaining('Example Indexer') });
    server.answer('<error code="100" description="the-secret-key is wrong"/>');
    const bad = await api.ask('POST', `/api/finders/${id}/test`);
    expect(bad.body).toEqual({ isWorking: false, detail: 'It refuses the key or the account (error 100).' });
    expect((await list())[0]).toMatchObject({ asked: 0, failures: 0 });
  });

  test('may be feeds with patterns, each for a catalogue', async () => {
    const patterns = [{ pattern: '1080p', catalog: 'open-films' }, { pattern: '720p' }];
    await add({ kind: 'rss', name: 'Feed', url: `${server.baseUrl}/rss`, patterns });
    expect((await list())[0]).toMatchObject({
      patterns: [
        { pattern: '1080p', catalog: 'open-films' },
        { pattern: '720p', catalog: null },
      ],
      nextPollAt: expect.any(String),
    });
  });

  test.each<[string, object, string]>([
    ['a file as its address', { url: 'file:///etc/passwd' }, 'request.invalid'],
    ['a key of two lines', { apiKey: 'a\r\nb' }, 'request.invalid'],
    ['an unknown kind', { kind: 'gopher' }, 'request.invalid'],
    ['an unknown field', { owner: 1 }, 'request.invalid'],
    ['patterns where there is no feed', { patterns: [{ pattern: 'x' }] }, 'finders.no_feed'],
    ['a pattern that is none', { kind: 'rss', patterns: [{ pattern: '(' }] }, 'pattern.invalid'],
    [
      'a catalogue there is not',
      { kind: 'rss', patterns: [{ pattern: 'x', catalog: 'none' }] },
      'finders.no_catalog',
    ],
  ])('%s is refused', async (_what, more, code) => {
    const answer = await api.ask('POST', '/api/finders', indexer(more));
    expect([answer.status, problemIn(answer.body).code]).toEqual([400, code]);
    expect(JSON.stringify(answer.body)).not.toContain('the-secret-key');
    expect(await list()).toEqual([]);
  });

  test('are the admin’s only', async () => {
    for (const [method, path] of [
      ['GET', '/api/finders'],
      ['POST', '/api/finders'],
      ['PATCH', '/api/finders/00000000-0000-4000-8000-000000000000'],
      ['DELETE', '/api/finders/00000000-0000-4000-8000-000000000000'],
      ['POST', '/api/finders/00000000-0000-4000-8000-000000000000/test'],
    ] as const)
      expect((await api.ask(method, path, undefined, { Authorization: 'Bearer wrong' })).status).toBe(401);
  });
});

test('a change of the secret key takes them along', async () => {
  await add(indexer());
  const { db, crypto } = ground.deps;
  const newer = createCrypto([
    'a newer secret that is long enough',
    'a secret for tests that is long enough',
  ]);
  const deps = { db, crypto: newer, kinds: { all: [finderSecrets] } };
  const { signal } = new AbortController();
  expect(await needsOldKeys(deps, signal)).toBe(true);
  expect(await resealStreams(deps, signal)).toEqual({ resealed: 1, lost: 0 });
  expect(await needsOldKeys(deps, signal)).toBe(false);
  const sealed = await db.oneFirst(
    rows('test.place', z.object({ place: z.instanceof(Buffer) }))`SELECT place_sealed AS place FROM finder`,
  );
  expect(crypto.open('finder.place', sealed)).toBeNull();
  expect(newer.open('finder.place', sealed)?.toString()).toContain('the-secret-key');
});

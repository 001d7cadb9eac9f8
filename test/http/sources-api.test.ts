import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deleteSource, dropDeleted } from '../../src/features/sources/delete-sources.ts';
import {
  SourceAnswer,
  SourcesAnswer,
  sourceRoutes,
  sourceSecrets,
} from '../../src/features/sources/index.ts';
import { openListers } from '../../src/listers.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command, rows } from '../../src/platform/db.ts';
import { asReadable } from '../../src/streams/kind.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { resealStreams } from '../../src/streams/reseal.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { type FileTreeServer, startFileTreeServer } from '../support/file-tree-server.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { problemIn } from '../support/problem-answer.ts';

let ground: TestKindDeps;
let kinds: Kinds;
let api: TestApi;
let server: FileTreeServer;
const NEVER = new AbortController().signal;

beforeAll(async () => {
  // Everything public, nothing private: as a fresh install is.
  ground = await openKindDeps({ films: '/srv/films' }, '/nonexistent', { mode: 'all', allow: [] });
  kinds = createKinds(ground.deps);
  server = await startFileTreeServer();
  api = await startApi((place) => [
    sourceRoutes({
      ...{ ...ground.deps, ...place, kinds, openLister: openListers(new Map()) },
      ...{ scanLater: async () => {}, matchLater: async () => {}, dropLater: async () => {} },
    }),
  ]);
});
beforeEach(async () => {
  server.files = new Map([['Film.2001.mkv', Buffer.from('the bytes of a film')]]);
  server.credentials = null;
  await ground.deps.db.query(command('test.empty')`TRUNCATE source, stream RESTART IDENTITY CASCADE`);
});
afterAll(async () => {
  await api.close();
  await server.stop();
  await kinds.close();
  await ground.close();
});

const nas = (more: object = {}) => ({ name: 'NAS', baseUrl: server.baseUrl, finder: 'http-index', ...more });
async function add(body: object): Promise<SourceAnswer> {
  const answer = await api.ask('POST', '/api/sources', body);
  expect(answer).toMatchObject({ status: 201 });
  return SourceAnswer.parse(answer.body);
}
const patch = (id: string, body: object) => api.ask('PATCH', `/api/sources/${id}`, body);
const codeOf = (body: unknown) => problemIn(body).code;

const noted = () =>
  ground.deps.db.any(
    rows(
      'test.noted',
      z.object({ actor: z.string(), action: z.string(), before: z.unknown(), after: z.unknown() }),
    )`SELECT actor, action, before, after FROM audit_log ORDER BY id`,
  );

describe('sources of the admin', () => {
  test('are noted with what was changed of them, by whom, and without a password', async () => {
    await ground.deps.db.query(command('test.forget')`TRUNCATE audit_log`);
    const { sourceId } = await add(nas({ username: 'me', password: 'the-secret-word' }));
    await patch(sourceId, { priority: 3, password: 'another-secret' });
    await patch(sourceId, { priority: 3 });
    await api.ask('DELETE', `/api/sources/${sourceId}`);
    const entries = await noted();
    expect(entries).toMatchObject([
      { actor: 'admin-token', action: 'source.added', after: { name: 'NAS', hasPassword: true } },
      {
        ...{ actor: 'admin-token', action: 'source.changed' },
        ...{ before: { priority: 0, isNewPassword: false }, after: { priority: 3, isNewPassword: true } },
      },
      { actor: 'admin-token', action: 'source.deleted', before: { name: 'NAS', priority: 3 } },
    ]);
    expect(Object.keys(entries[1]?.after ?? {})).toHaveLength(2);
    expect(JSON.stringify(entries)).not.toMatch(/secret/);
  });

  test('are added inactive, and shown without their password', async () => {
    const added = await add(nas({ username: 'me', password: 'the-secret-word', priority: 5 }));
    expect(added).toMatchObject({
      ...{ name: 'NAS', baseUrl: server.baseUrl, finder: 'http-index', isActive: false, priority: 5 },
      ...{ username: 'me', hasPassword: true, allowsPrivate: false, offers: 'proxied', healthScore: 100 },
      ...{ failures: 0, lastError: null, scanEveryMinutes: 360, nextScanAt: null, lastScanAt: null },
    });
    const { body } = await api.ask('GET', '/api/sources');
    expect(SourcesAnswer.parse(body).sources).toEqual([added]);
    expect(JSON.stringify(body)).not.toContain('the-secret-word');
    const row = await ground.deps.db.one(
      rows('test.sealed', z.object({ text: z.string() }))`SELECT c::text AS text FROM source c`,
    );
    expect(row.text).not.toContain('the-secret-word');
    expect(row.text).not.toContain(Buffer.from('the-secret-word').toString('hex'));
  });

  test('are scanned soon once they are active, and not before', async () => {
    const { sourceId } = await add(nas());
    const { body } = await patch(sourceId, { isActive: true });
    const { nextScanAt, isActive } = SourceAnswer.parse(body);
    expect(isActive).toBe(true);
    expect(Date.parse(nextScanAt ?? '')).toBeLessThan(Date.now() + 1000);
    expect(api.settledCount()).toBeGreaterThan(0);
    expect((await patch(sourceId, { isActive: false })).body).toMatchObject({ nextScanAt: null });
    await patch(sourceId, { scanEveryMinutes: 0 });
    expect((await patch(sourceId, { isActive: true })).body).toMatchObject({ nextScanAt: null });
  });

  test.each([
    [{ baseUrl: 'ftp://nas.example/' }, 'sources.bad_base_url'],
    [{ baseUrl: 'http://me:word@nas.example/' }, 'sources.bad_base_url'],
    [{ baseUrl: 'http://nas.example/?a=b' }, 'sources.bad_base_url'],
    [{ baseUrl: 'nas' }, 'sources.bad_base_url'],
    [{ finder: 'local-folder', baseUrl: 'local:other/' }, 'sources.bad_base_url'],
    [{ finder: 'local-folder', baseUrl: 'local:films/../x/' }, 'sources.bad_base_url'],
    [{ finder: 'local-folder', baseUrl: 'local:films/%2e%2e/x/' }, 'sources.bad_base_url'],
    [{ password: 'x' }, 'sources.no_username'],
    [{ username: 'a:b' }, 'request.invalid'],
    [{ scanEveryMinutes: 4 }, 'request.invalid'],
    [{ finder: 'gopher' }, 'request.invalid'],
    [{ isActive: true }, 'request.invalid'],
  ])('%j is refused', async (more, code) => {
    const answer = await api.ask('POST', '/api/sources', nas(more));
    expect([answer.status, codeOf(answer.body)]).toEqual([400, code]);
  });

  test.each([
    ['http://nas.example/films', 'http://nas.example/films/'],
    ['HTTP://NAS.example:80/a b/', 'http://nas.example/a%20b/'],
  ])('%s is stored as %s', async (given, stored) => {
    expect((await add(nas({ baseUrl: given }))).baseUrl).toBe(stored);
  });

  test('have names of their own, and no folders in each other', async () => {
    await add(nas({ baseUrl: 'http://nas.example/films/' }));
    const [again, inside, around] = await Promise.all([
      api.ask('POST', '/api/sources', nas({ baseUrl: 'http://other.example/' })),
      api.ask('POST', '/api/sources', nas({ name: 'B', baseUrl: 'http://nas.example/films/new/' })),
      api.ask('POST', '/api/sources', nas({ name: 'B', baseUrl: 'http://nas.example/' })),
    ]);
    expect([again, inside, around].map(({ status, body }) => [status, codeOf(body)])).toEqual([
      [409, 'sources.known'],
      [409, 'sources.overlapping'],
      [409, 'sources.overlapping'],
    ]);
    await add(nas({ name: 'B', baseUrl: 'http://nas.example/films2/' }));
  });

  test('are not there any more once taken away', async () => {
    const { sourceId } = await add(nas());
    expect((await api.ask('DELETE', `/api/sources/${sourceId}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE'])
      expect((await api.ask(method, `/api/sources/${sourceId}`)).status).toBe(404);
    expect((await patch(sourceId, { name: 'x' })).status).toBe(404);
  });

  test('leave their address to another once their files are gone, and their name at once', async () => {
    const { sourceId } = await add(nas({ baseUrl: 'http://nas.example/films/' }));
    await deleteSource(ground.deps.db, sourceId);
    expect((await api.ask('GET', '/api/sources')).body).toEqual({ sources: [] });
    const early = await api.ask('POST', '/api/sources', nas({ name: 'B', baseUrl: 'http://nas.example/' }));
    expect([early.status, codeOf(early.body)]).toEqual([409, 'sources.leaving']);
    await add(nas({ baseUrl: 'http://other.example/' }));
    await dropDeleted(ground.deps.db, NEVER);
    await add(nas({ name: 'B', baseUrl: 'http://nas.example/films/' }));
  });

  test('keep their password with another path, and lose it to another server', async () => {
    const { sourceId } = await add(nas({ username: 'me', password: 'word' }));
    expect((await patch(sourceId, { baseUrl: `${server.baseUrl}films/` })).body).toMatchObject({
      hasPassword: true,
    });
    expect((await patch(sourceId, { baseUrl: 'http://evil.example/' })).body).toMatchObject({
      hasPassword: false,
    });
  });

  test('open with a new secret key after the old one is gone', async () => {
    await add(nas({ username: 'me', password: 'word' }));
    const { db } = ground.deps;
    const newer = createCrypto([
      'a newer secret that is long enough',
      'a secret for tests that is long enough',
    ]);
    await resealStreams({ db, crypto: newer, kinds: { all: [sourceSecrets] } }, NEVER);
    const row = await db.one(
      rows(
        'test.password',
        z.object({ sealed: z.instanceof(Buffer) }),
      )`SELECT password_sealed AS sealed FROM source`,
    );
    const only = createCrypto(['a newer secret that is long enough']);
    expect(only.open('source.password', row.sealed)?.toString()).toBe('word');
  });
});

describe('the test button', () => {
  test('tells how a server does, before it is added and after', async () => {
    const before = await api.ask('POST', '/api/sources/test', {
      ...nas({ allowsPrivate: true }),
      name: undefined,
    });
    expect(before.body).toEqual({
      isWorking: true,
      detail: 'An index of a web server. 1 file and 0 folders.',
    });
    const { sourceId } = await add(nas({ allowsPrivate: true }));
    expect((await api.ask('POST', `/api/sources/${sourceId}/test`)).body).toMatchObject({ isWorking: true });
    server.credentials = 'me:word';
    const refused = await api.ask('POST', `/api/sources/${sourceId}/test`);
    expect(refused.body).toMatchObject({
      isWorking: false,
      detail: expect.stringMatching(/password|login|user/i),
    });
    await patch(sourceId, { username: 'me', password: 'word' });
    expect((await api.ask('POST', `/api/sources/${sourceId}/test`)).body).toMatchObject({ isWorking: true });
  });

  test('reaches a private server only where the owner allows that one', async () => {
    const asked = server.listed.length;
    const { body } = await api.ask('POST', '/api/sources/test', nas());
    expect(body).toMatchObject({ isWorking: false });
    expect(server.listed.length).toBe(asked);
  });
});

describe('a stored file of a source', () => {
  async function saved(source: SourceAnswer, path: string): Promise<number> {
    const { db } = ground.deps;
    const [streamId, sourceId] = [
      await db.oneFirst(
        rows(
          'test.stream',
          z.object({ id: z.int() }),
        )`INSERT INTO stream (kind, name) VALUES ('http', 'Film') RETURNING id`,
      ),
      await db.oneFirst(
        rows(
          'test.source',
          z.object({ id: z.int() }),
        )`SELECT id FROM source WHERE public_id = ${source.sourceId}::uuid`,
      ),
    ];
    const http = kinds.get('http');
    await http?.save(db, streamId, http.parse({ url: `${source.baseUrl}${path}` }), {
      sourceId,
      filePath: path,
    });
    return streamId;
  }
  async function textOf(streamId: number): Promise<string> {
    const source = await kinds.get('http')?.open?.({ streamId, fileIndex: null }, NEVER);
    if (source === undefined) throw new Error('it has bytes');
    const pieces: Buffer[] = [];
    for await (const piece of asReadable(source, { start: 4, end: 9 }, NEVER))
      pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces).toString();
  }

  test('is opened by the permission and the password of its source', async () => {
    server.credentials = 'me:word';
    const source = await add(nas({ allowsPrivate: true, username: 'me', password: 'word' }));
    expect(await textOf(await saved(source, 'Film.2001.mkv'))).toBe('bytes');
  });

  test('is not opened in a private network without permission, by whatever was known of it', async () => {
    const source = await add(nas({ allowsPrivate: true }));
    const streamId = await saved(source, 'Film.2001.mkv');
    expect(await textOf(streamId)).toBe('bytes');
    await patch(source.sourceId, { allowsPrivate: false });
    await expect(textOf(streamId)).rejects.toMatchObject({ code: 'net.refused' });
  });

  test('follows its server to another address, and goes with the source', async () => {
    const source = await add(
      nas({ allowsPrivate: true, baseUrl: server.baseUrl.replace('127.0.0.1', '127.0.0.3') }),
    );
    const streamId = await saved(source, 'Film.2001.mkv');
    await patch(source.sourceId, { baseUrl: server.baseUrl });
    expect(await textOf(streamId)).toBe('bytes');
    await api.ask('DELETE', `/api/sources/${source.sourceId}`);
    await expect(textOf(streamId)).rejects.toMatchObject({ code: 'stream.not_found' });
  });
});

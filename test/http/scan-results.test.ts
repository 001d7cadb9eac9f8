import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { resultsRoutes } from '../../src/features/sources/index.ts';
import { rows } from '../../src/platform/db.ts';
import { ADMIN_TOKEN, startApi, type TestApi } from '../support/api.ts';
import { problemIn } from '../support/problem-answer.ts';
import { sourceRoom } from '../support/source-room.ts';

const room = sourceRoom();
let api: TestApi;
let path = '';
beforeAll(async () => {
  api = await startApi(({ requireAdmin }) => [
    resultsRoutes({
      ...{ db: room.db(), requireAdmin, isOpen: () => true, matchLater: async () => {} },
      isAdmin: async (req) => req.get('authorization') === `Bearer ${ADMIN_TOKEN}`,
      limitResults: (_req, _res, next) => next(),
    }),
  ]);
});
beforeEach(async () => {
  const id = await room.db().oneFirst(rows('test.public_id', z.object({ id: z.uuid() }))`
    SELECT public_id AS id FROM source`);
  path = `/api/sources/${id}/scan-results`;
});
afterAll(() => api.close());

const send = (files: unknown[], headers: Record<string, string> = {}) =>
  api.ask('POST', path, { files }, headers);
const FILM = 'Avatar.2022.720p.mkv';

test('a colon in a name makes no address of it, and what no file can have is not known of it', async () => {
  const { status, body } = await send([
    {
      path: 'Alien: Romulus/Alien.Romulus.2024.1080p.mkv',
      sizeBytes: 2 ** 53,
      modifiedAt: '2026-02-31T00:00:00Z',
    },
    { path: FILM, sizeBytes: -1, modifiedAt: 'yesterday' },
    { url: `${room.server().baseUrl}new/${FILM}`, size: 5, modifiedAt: '2020-01-31T00:00:00+01:00' },
    `http: ${FILM}`,
    `http://evil.example/${FILM}`,
    `ftp://evil.example/${FILM}`,
  ]);
  expect([status, body]).toMatchObject([201, { inserted: 4, invalid: 2, total: 6 }]);
  const Kept = z.object({ path: z.string(), size: z.int().nullable(), isOld: z.boolean() });
  const kept = await room.db().any(rows('test.kept', Kept)`
    SELECT file_path AS path, size_bytes AS size, newest_at < now() - interval '1 hour' AS "isOld" FROM scan_item
    ORDER BY file_path COLLATE "C"`);
  const unknown = { size: null, isOld: false };
  expect(kept).toEqual([
    { path: 'Alien%3A%20Romulus/Alien.Romulus.2024.1080p.mkv', ...unknown },
    { path: FILM, ...unknown },
    { path: `http%3A%20${FILM}`, ...unknown },
    { path: `new/${FILM}`, size: 5, isOld: true },
  ]);
});

test('of a folder here an address begins with its own', async () => {
  await room.run(`UPDATE source SET finder = 'local-folder', base_url = 'local:films/'`);
  const { body } = await send([
    `local:films/a/${FILM}`,
    `local:others/${FILM}`,
    `Mission: Impossible/Mission.Impossible.1996.mkv`,
  ]);
  expect(body).toMatchObject({ inserted: 2, invalid: 1 });
});

test('strangers send no more once 100,000 files of a source wait; its owner does', async () => {
  const stranger = { Authorization: '' };
  await room.run(`INSERT INTO scan_item (source_id, batch_id, file_path, name)
    SELECT ${room.sourceId()}, gen_random_uuid(), n || '.mkv', 'x' FROM generate_series(1, 99999) n`);
  expect((await send(['One.2001.mkv'], stranger)).status).toBe(201);
  const refused = await send(['Two.2002.mkv'], stranger);
  expect(refused.status).toBe(409);
  expect(problemIn(refused.body)).toMatchObject({
    code: 'sources.too_many_waiting',
    detail: expect.stringContaining('Send yours once they are'),
  });
  expect((await send(['Two.2002.mkv'])).body).toMatchObject({ inserted: 1 });
});

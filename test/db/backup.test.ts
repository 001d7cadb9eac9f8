import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { dumpSchema } from '../../scripts/dump-schema.ts';
import { backup, dailyBackup, restore } from '../../src/platform/backup/index.ts';
import { command, openDb, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNotify } from '../../src/platform/notify.ts';
import { freshDatabase, MIGRATIONS, type TestDatabase } from '../support/database.ts';

const log = createLog('silent');
let source: TestDatabase;
let target: TestDatabase;
let dataDir: string;

beforeEach(async () => {
  source = await freshDatabase();
  target = await freshDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'tributary-backup-'));
});
afterEach(async () => {
  await source.close();
  await target.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Awkward on purpose: a line separator, a tab, a backslash, quotes, a NUL-like escape, another script. */
const TITLE = 'Line\u2028sep\ttab \\. back\\slash "quoted" 東京\r\nend';

async function fill(): Promise<void> {
  const { db } = source;
  await db.query(
    command('test.genre')`INSERT INTO genre (slug, name) VALUES ('drama', 'Drama'), ('noir', 'Noir')`,
  );
  await db.query(
    command(
      'test.parent',
    )`UPDATE genre SET parent_id = (SELECT id FROM genre WHERE slug = 'drama') WHERE slug = 'noir'`,
  );
  await db.query(
    command(
      'test.media',
    )`INSERT INTO media (kind, title, year) VALUES ('movie', ${TITLE}, 1999), ('series', 'S', NULL)`,
  );
  await db.query(
    command(
      'test.id',
    )`INSERT INTO media_external_id SELECT id, 'imdb', 'any', 'tt0000001' FROM media WHERE kind = 'movie'`,
  );
  await db.query(
    command(
      'test.mg',
    )`INSERT INTO media_genre (media_id, genre_id) SELECT m.id, g.id FROM media m, genre g WHERE m.kind = 'movie'`,
  );
  await db.query(
    command(
      'test.stream',
    )`INSERT INTO stream (kind, name, licence_code, hdr_formats) VALUES ('torrent', 'x', 'PD', '{DV}')`,
  );
  await db.query(
    command(
      'test.torrent',
    )`INSERT INTO stream_torrent (stream_id, info_hash, file_sealed) SELECT id, repeat('a', 40), '\\x00ff0a5c' FROM stream`,
  );
  await db.query(
    command(
      'test.link',
    )`INSERT INTO stream_media_link (stream_id, media_id) SELECT s.id, m.id FROM stream s, media m WHERE m.kind = 'movie'`,
  );
}

const Everything = z.object({ text: z.string().nullable() });
async function contents(db: TestDatabase['db']): Promise<unknown> {
  return db.any(rows('test.contents', Everything)`
    SELECT to_jsonb(m)::text AS text FROM media m UNION ALL SELECT to_jsonb(g)::text FROM genre g UNION ALL SELECT to_jsonb(s)::text FROM stream s
    UNION ALL SELECT to_jsonb(t)::text FROM stream_torrent t UNION ALL SELECT to_jsonb(l)::text FROM stream_media_link l
    UNION ALL SELECT to_jsonb(c)::text FROM catalog c UNION ALL SELECT to_jsonb(e)::text FROM media_external_id e ORDER BY 1`);
}

test('a restored backup holds every row, key and trigger of the original, and new rows get new ids', async () => {
  await fill();
  await writeFile(join(dataDir, 'secret-key'), 'the-key');
  const file = join(dataDir, 'a.backup.gz');
  await backup({ url: source.url, dataDir, file });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await writeFile(join(dataDir, 'secret-key'), 'another');
  await target.db.end();
  await restore({ url: target.url, dataDir, file, migrationsDir: MIGRATIONS });
  target.db = await openDb({ url: target.url, poolMax: 2, log });
  expect(await contents(target.db)).toEqual(await contents(source.db));
  expect(await readFile(join(dataDir, 'secret-key'), 'utf8')).toBe('the-key');
  expect(await dumpSchema(target.url)).toBe(await dumpSchema(source.url));
  await target.db.query(command('test.more')`INSERT INTO media (kind, title) VALUES ('movie', 'New')`);
  const ids = await target.db.manyFirst(
    rows('test.ids', z.object({ id: z.int() }))`SELECT id FROM media ORDER BY id`,
  );
  expect(new Set(ids).size).toBe(3);
});

test('a backup that is cut restores nothing and says so', async () => {
  await fill();
  const file = join(dataDir, 'a.backup.gz');
  const { bytes } = await backup({ url: source.url, dataDir, file });
  await truncate(file, Math.floor(bytes * 0.7));
  const before = await contents(target.db);
  await expect(restore({ url: target.url, dataDir, file, migrationsDir: MIGRATIONS })).rejects.toMatchObject({
    code: 'backup.cut',
  });
  expect(await contents(target.db)).toEqual(before);
});

test('a restore under a running server is refused', async () => {
  const file = join(dataDir, 'a.backup.gz');
  await backup({ url: source.url, dataDir, file });
  const notify = createNotify({ url: target.url, log });
  await notify.publish('test', 'up');
  await expect(restore({ url: target.url, dataDir, file, migrationsDir: MIGRATIONS })).rejects.toMatchObject({
    code: 'backup.server_runs',
  });
  await notify.close();
});

test('a file that is no backup is refused in words', async () => {
  const file = join(dataDir, 'a.gz');
  await writeFile(file, 'no gzip at all');
  await expect(restore({ url: target.url, dataDir, file, migrationsDir: MIGRATIONS })).rejects.toMatchObject({
    code: 'backup.cut',
  });
  await expect(
    restore({ url: target.url, dataDir, file: join(dataDir, 'none'), migrationsDir: MIGRATIONS }),
  ).rejects.toMatchObject({ code: 'backup.no_file' });
});

test('of the daily backups the newest 30 are kept', async () => {
  for (let day = 1; day <= 33; day += 1) {
    await dailyBackup({ url: source.url, dataDir, keep: 30, now: new Date(Date.UTC(2026, 0, day)) });
  }
  const names = (await readdir(join(dataDir, 'backups'))).sort();
  expect(names).toHaveLength(30);
  expect(names[0]).toContain('20260104');
});

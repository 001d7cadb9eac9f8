import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { animeIds } from '../../scripts/seed/anime-ids.ts';
import type { Summary } from '../../scripts/seed/importer.ts';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { idsOf } from '../../src/features/media/queries/match.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { ANIME_LIST, FRIBB, MANAMI } from '../support/anime-lists.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

// The public lists of anime ids, and what they do to the ids of titles.

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'anime-ids-'));
});
beforeEach(() =>
  database.db.query(command('test.empty')`TRUNCATE media, id_mapping RESTART IDENTITY CASCADE`),
);
afterAll(async () => {
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});

async function importList(source: string | Uint8Array, name = 'list'): Promise<Summary> {
  const path = join(folder, name);
  const isUrl = typeof source === 'string' && source.startsWith('http');
  if (!isUrl) await writeFile(path, source);
  const { db } = database;
  return animeIds.run([isUrl ? String(source) : path], {
    context: {
      config: loadConfig({ OUTBOUND: 'listed', OUTBOUND_ALLOW: '127.0.0.0/8' }),
      log: createLog('silent'),
      database: { db, url: database.url, ports: [], ensure: async () => {}, close: async () => {} },
    },
    signal: AbortSignal.timeout(60_000),
    progress: { begin() {}, add() {}, at() {}, end() {} },
  });
}

const versions = () =>
  database.db.any(rows('test.mapping_versions', z.object({ row: z.string() }))`
    SELECT xmin || ' ' || list || ' ' || entry AS row FROM id_mapping ORDER BY 1
  `);
const add = async (title: z.input<typeof TitleInput>) =>
  (await upsertTitle(database.db, TitleInput.parse(title))).mediaId;
const idsOfTitle = async (mediaId: number) =>
  Object.fromEntries((await idsOf(database.db, [mediaId])).map((id) => [id.provider, id.externalId]));

describe('an import of a list', () => {
  test.each([
    ['fribb', FRIBB, 7],
    ['anime-lists', ANIME_LIST, 6],
    ['manami', MANAMI, 2],
  ])(
    'of %s is told by what it holds, keeps what can be used, and a second one changes nothing',
    async (list, text, entries) => {
      expect(await importList(text)).toMatchObject({ list, entries, new: entries, changed: 0, gone: 0 });
      const before = await versions();
      expect(await importList(gzipSync(text))).toMatchObject({ entries, new: 0, changed: 0, gone: 0 });
      expect(await importList(zstdCompressSync(text))).toMatchObject({
        entries,
        new: 0,
        changed: 0,
        gone: 0,
      });
      expect(await versions()).toEqual(before);
    },
  );

  test('takes away what the list no longer names, and nothing of another list', async () => {
    await importList(FRIBB);
    await importList(MANAMI);
    expect(await importList('[{"type":"TV","anidb_id":101,"mal_id":999}]')).toMatchObject({
      ...{ new: 0, changed: 1, gone: 6 },
    });
    expect((await versions()).length).toBe(3);
  });

  test.each([
    ['half a list', FRIBB.slice(0, 600), 'json.broken'],
    ['half an XML', ANIME_LIST.slice(0, 900), 'ids.broken_list'],
    ['half a gzip', gzipSync(FRIBB).subarray(0, 200), 'seed.broken_pack'],
    ['a page', '<!doctype html><p>Sorry</p>', 'ids.broken_list'],
    ['another JSON', '{"data":[{"x":1}]}', 'ids.unknown_list'],
    ['nothing', '', 'ids.unknown_list'],
    ['a DTD', `<!DOCTYPE a [<!ENTITY b "c">]>${ANIME_LIST.slice(39)}`, 'ids.broken_list'],
  ])('of %s leaves the last good one', async (_, text, code) => {
    await importList(FRIBB);
    const before = await versions();
    await expect(importList(text)).rejects.toMatchObject({ code });
    expect(await versions()).toEqual(before);
  });

  test('comes by URL too, and a server that fails says so', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/list.json') return response.end(FRIBB);
      if (request.url === '/half')
        return response
          .writeHead(200, { 'content-length': 9999 })
          .write('[{"a":1},', () => response.destroy());
      return response.writeHead(503).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    expect(await importList(`${base}/list.json`)).toMatchObject({ entries: 7, new: 7 });
    for (const path of ['half', 'down'])
      await expect(importList(`${base}/${path}`)).rejects.toMatchObject({ code: 'upstream.failed' });
    server.close();
  });
});

describe('the other ids of a title', () => {
  test('come with it, whichever of them it has', async () => {
    await importList(FRIBB);
    const film = await add({ kind: 'movie', title: 'The Film', ids: { mal: '405' } });
    expect(await idsOfTitle(film)).toEqual({ mal: '405', kitsu: '305', imdb: 'tt7000005', tmdb: '505' });
    const series = await add({ kind: 'series', title: 'Counted', ids: { imdb: 'tt7000006' } });
    expect(await idsOfTitle(series)).toEqual({
      imdb: 'tt7000006',
      tvdb: '606',
      mal: '406',
      kitsu: '306',
      anilist: '206',
    });
  });

  test('come by an import after it', async () => {
    const film = await add({ kind: 'movie', title: 'The Film', ids: { imdb: 'tt7000005' } });
    expect(await importList(FRIBB)).toMatchObject({ titles: 1, idsAdded: 3, contradictions: 0 });
    expect(await idsOfTitle(film)).toEqual({ mal: '405', kitsu: '305', imdb: 'tt7000005', tmdb: '505' });
    expect(await importList(FRIBB)).toMatchObject({ idsAdded: 0 });
  });

  test('of a series do not go to one of its cours, nor a cour its to the series', async () => {
    await importList(FRIBB);
    const cour = await add({ kind: 'series', title: 'Second', ids: { mal: '402' } });
    expect(await idsOfTitle(cour)).toEqual({ mal: '402', kitsu: '302', anilist: '202' });
    const series = await add({ kind: 'series', title: 'The Locks', ids: { tvdb: '601' } });
    expect(await idsOfTitle(series)).toEqual({ tvdb: '601' });
  });

  test('never come against one it has, nor from another title', async () => {
    const other = await add({ kind: 'movie', title: 'The Film', ids: { imdb: 'tt7000005', kitsu: '999' } });
    const first = await add({ kind: 'series', title: 'A', ids: { kitsu: '306' } });
    const second = await add({ kind: 'series', title: 'B', ids: { mal: '406' } });
    expect(await importList(FRIBB)).toMatchObject({ idsAdded: 0, contradictions: 3 });
    const Doubt = z.object({ provider: z.string(), mediaId: z.int(), reason: z.string() });
    const doubts = await database.db.any(rows('test.doubts', Doubt)`
      SELECT p.name AS provider, d.media_id AS "mediaId", d.reason FROM metadata_doubt d JOIN metadata_provider p ON p.id = d.provider_id ORDER BY d.media_id`);
    expect(doubts).toMatchObject(
      [other, first, second].map((mediaId) => ({ provider: 'anime-lists', mediaId })),
    );
    expect(doubts[0]?.reason).toBe('It has kitsu 999 here, the lists say 305.');
    expect(await idsOfTitle(other)).toEqual({ imdb: 'tt7000005', kitsu: '999' });
    expect(await idsOfTitle(first)).toEqual({ kitsu: '306' });
    expect(await idsOfTitle(second)).toEqual({ mal: '406' });
  });
});

import { describe, expect, test } from 'vitest';
import { command } from '../../src/platform/db.ts';
import { manifestIn, metasIn } from '../support/addon-answers.ts';
import { addonRoom } from '../support/addon-room.ts';
import { startAddonServer } from '../support/addon-server.ts';
import { problemIn } from '../support/problem-answer.ts';

const room = addonRoom();
const { LICENCE, get } = room;

describe('the manifest', () => {
  test('names what is there, with a version that rises with each change of the settings', async () => {
    const manifest = manifestIn((await get('/manifest.json')).body);
    expect(manifest).toMatchObject({
      id: 'org.tributary.addon',
      name: 'Tributary',
      resources: ['catalog', 'meta', 'stream', 'subtitles'],
      types: ['movie', 'series', 'tv', 'events'],
      behaviorHints: { configurable: true, configurationRequired: false },
      logo: `${room.server.baseUrl}/logo.png`,
    });
    expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/);
    await room.server.set({ addonName: 'Films of ours' });
    const renamed = manifestIn((await get('/manifest.json')).body);
    const patch = (version: string) => Number(version.split('.')[2]);
    expect(renamed.name).toBe('Films of ours');
    expect(patch(renamed.version)).toBe(patch(manifest.version) + 1);
    await room.server.set({ addonName: null });
  });

  test('lists search where a search term is a must, so that no board shows it', async () => {
    const { body } = await get('/manifest.json');
    const search = manifestIn(body).catalogs.filter((catalog) => catalog.id === 'search');
    expect(search).toHaveLength(4);
    for (const { extra } of search)
      expect(extra).toEqual([{ name: 'search', isRequired: true }, { name: 'skip' }]);
    expect(metasIn((await get('/catalog/movie/search.json')).body)).toEqual([]);
  });

  test('points at the address it was asked by', async () => {
    const { body } = await get('/manifest.json', {
      headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'films.example' },
    });
    expect(manifestIn(body).logo).toBe('https://films.example/logo.png');
  });

  test('fits the 8,192 bytes of account sync with twenty lists and sixty genres of thirty letters', async () => {
    await using full = await startAddonServer();
    const genres = Array.from({ length: 60 }, (_, n) => `Genre ${n} `.padEnd(30, 'é'));
    const video = (videoId: string) => ({ kind: 'youtube' as const, videoId, licence: LICENCE });
    await full.add({ kind: 'movie', title: 'Film', genres: genres.slice(0, 50) }, [video('aqz-KE-bpKQ')]);
    await full.add({ kind: 'series', title: 'Show', genres: genres.slice(10) }, [video('aqz-KE-bpKR')]);
    await full.db.query(command('test.lists')`
      WITH c AS (INSERT INTO catalog (slug, name, in_manifest)
        SELECT 'a-list-with-a-long-name-' || n, 'A list with a rather long name, number ' || n, true FROM generate_series(1, 20) n RETURNING id)
      INSERT INTO catalog_item (catalog_id, media_id) SELECT c.id, m.id FROM c, media m
    `);
    await full.settled();
    const { text, body } = await full.ask('/manifest.json');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192);
    const listed = manifestIn(body).catalogs;
    expect(new Set(listed.map((catalog) => catalog.id))).toEqual(
      new Set([
        ...Array.from({ length: 20 }, (_, n) => `list-a-list-with-a-long-name-${n + 1}`),
        'popular',
        'new',
        'search',
      ]),
    );
    const options = listed.flatMap((catalog) => catalog.extra.flatMap((extra) => extra.options ?? []));
    expect(options.every((option) => genres.includes(option))).toBe(true);
  });
});

describe('around it', () => {
  test('the page says how to install: the address to paste and the stremio:// link', async () => {
    for (const path of ['/', '/configure']) {
      const { status, headers, text } = await get(path);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(text).toContain(`${room.server.baseUrl}/manifest.json`);
      expect(text).toContain(`${room.server.baseUrl.replace('http:', 'stremio:')}/manifest.json`);
    }
  });

  test('a visitor over the limit is told when to come again, on any page', async () => {
    await using busy = await startAddonServer({ RATE_LIMIT_ADDON: '3' });
    const answers = [];
    for (let n = 0; n < 4; n += 1) answers.push(await busy.ask('/manifest.json'));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.headers.get('access-control-allow-origin')).toBe('*');
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a part of it that fails is a 500 in our words, on any page', async () => {
    await using broken = await startAddonServer();
    // Until it hears of changes it is closed to everybody, and asks for no page.
    await broken.settled();
    await broken.db.query(command('test.break')`ALTER TABLE media RENAME TO gone`);
    const { status, body, headers } = await broken.ask('/catalog/movie/popular.json');
    expect([status, problemIn(body).code]).toEqual([500, 'internal']);
    expect(JSON.stringify(body)).not.toMatch(/media|relation|SELECT/);
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../../src/platform/db.ts';
import { manifestIn, metaIn, metasIn, streamsIn, subtitlesIn } from '../support/addon-answers.ts';
import { type AddonServer, type StreamOf, startAddonServer } from '../support/addon-server.ts';

// Lists, and who sees what of them.

const OPEN = { code: 'CC-BY-3.0', attribution: 'Its makers' };
let numbered = 0;
function file(more: object = {}): StreamOf {
  numbered += 1;
  return { kind: 'http', url: `https://files.example/${numbered}.mp4`, ...more };
}

const HIDDEN_BY_OWNER = ['is_published', 'is_public'];

describe('pages', () => {
  let server: AddonServer;
  beforeAll(async () => {
    server = await startAddonServer();
    await server.db.query(command('test.many')`
      WITH m AS (INSERT INTO media (kind, title, popularity) SELECT 'movie', 'Film ' || n, n FROM generate_series(1, 230) n RETURNING id),
        s AS (INSERT INTO stream (kind, name, licence_code) SELECT 'youtube', 'Film ' || n, 'PD' FROM generate_series(1, 230) n RETURNING id)
      INSERT INTO stream_media_link (media_id, stream_id)
      SELECT a.id, b.id FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM m) a JOIN (SELECT id, row_number() OVER (ORDER BY id) n FROM s) b USING (n)
    `);
    await server.settled();
  });
  afterAll(() => server?.close());

  const page = async (path: string): Promise<string[]> =>
    metasIn((await server.ask(path)).body).map((meta) => meta.name);

  test.each(['popular', 'new'])('of %s hold 100, 100, the rest and nothing, each title once', async (id) => {
    const pages = [];
    for (const skip of [0, 100, 200, 300]) pages.push(await page(`/catalog/movie/${id}/skip=${skip}.json`));
    expect(pages.map((names) => names.length)).toEqual([100, 100, 30, 0]);
    expect(new Set(pages.flat()).size).toBe(230);
    expect(await page(`/catalog/movie/${id}.json`)).toEqual(pages[0]);
  });

  test('follow whatever number a client has shown', async () => {
    const first = await page('/catalog/movie/popular.json');
    expect(first.slice(0, 2)).toEqual(['Film 230', 'Film 229']);
    expect((await page('/catalog/movie/popular/skip=37.json')).slice(0, 63)).toEqual(first.slice(37));
  });

  test('of a search come to an end too', async () => {
    const pages = [];
    for (const skip of [0, 100, 200, 300])
      pages.push(await page(`/catalog/movie/search/search=film&skip=${skip}.json`));
    expect(pages.map((names) => names.length)).toEqual([100, 100, 30, 0]);
  });
});

describe('what a viewer may know of', () => {
  let server: AddonServer;
  const ids = { open: 'tt0000011', closed: 'tt0000012', empty: 'tt0000013' };

  beforeAll(async () => {
    server = await startAddonServer();
    const subtitles = [{ url: 'https://files.example/en.srt', language: 'en' }];
    await server.add({ kind: 'movie', title: 'Harbour Open', ids: { imdb: ids.open }, genres: ['Drama'] }, [
      file({ licence: OPEN, subtitles }),
      file({ name: 'the closed one', subtitles: [{ url: 'https://files.example/de.srt', language: 'de' }] }),
    ]);
    await server.add(
      { kind: 'movie', title: 'Harbour Closed', ids: { imdb: ids.closed }, genres: ['Western'] },
      [file({ subtitles }), file({ licence: { code: 'CC-BY-NC-4.0' } })],
    );
    await server.add({ kind: 'movie', title: 'Harbour Empty', ids: { imdb: ids.empty } });
    await server.db.query(command('test.lists')`
      WITH c AS (INSERT INTO catalog (slug, name, in_manifest) VALUES ('both', 'Both', true), ('shut', 'Shut', true) RETURNING id, slug)
      INSERT INTO catalog_item (catalog_id, media_id) SELECT c.id, m.id FROM c JOIN media m ON c.slug = 'both' OR m.title = 'Harbour Closed'
    `);
    await server.settled();
  });
  afterAll(() => server?.close());

  const show = (publicCatalog: 'off' | 'licensed' | 'all') => server.set({ publicCatalog });
  const names = async (path: string): Promise<string[]> =>
    metasIn((await server.ask(path)).body)
      .map((meta) => meta.name)
      .sort();
  const streams = async (id: string) => streamsIn((await server.ask(`/stream/movie/${id}.json`)).body);
  const subtitles = async (id: string) => subtitlesIn((await server.ask(`/subtitles/movie/${id}.json`)).body);
  const metaStatus = async (id: string) => (await server.ask(`/meta/movie/${id}.json`)).status;
  const everyList = async () => {
    const paths = ['popular', 'new', 'list-both', 'search/search=harbour', 'search/search=harbur'];
    return await Promise.all(paths.map((path) => names(`/catalog/movie/${path}.json`)));
  };
  async function manifest() {
    const { catalogs } = manifestIn((await server.ask('/manifest.json')).body);
    return {
      lists: catalogs.map(({ id }) => id).filter((id) => id.startsWith('list-')),
      genres: catalogs.find(({ id }) => id === 'popular')?.extra[0]?.options,
    };
  }

  test('under `licensed` is a title with an open stream, and of its streams the open one', async () => {
    await show('licensed');
    expect(await everyList()).toEqual(Array.from({ length: 5 }, () => ['Harbour Open']));
    expect(await metaStatus(ids.open)).toBe(200);
    expect(await streams(ids.open)).toMatchObject([{ url: expect.any(String) }]);
    expect(await subtitles(ids.open)).toMatchObject([{ lang: 'eng' }]);
    expect(await manifest()).toEqual({ lists: ['list-both'], genres: ['Drama'] });
  });

  test('under `licensed` is not one whose streams are of other licences: nowhere, by no name', async () => {
    await show('licensed');
    expect(await metaStatus(ids.closed)).toBe(404);
    expect(await streams(ids.closed)).toEqual([]);
    expect(await subtitles(ids.closed)).toEqual([]);
    expect(await names('/catalog/movie/popular/genre=Western.json')).toEqual([]);
    expect(await names('/catalog/movie/list-shut.json')).toEqual([]);
  });

  test('under `all` is every published title with every stream', async () => {
    await show('all');
    const all = ['Harbour Closed', 'Harbour Empty', 'Harbour Open'];
    expect(await everyList()).toEqual([all, all, all, all, all]);
    expect(await streams(ids.open)).toHaveLength(2);
    expect(await streams(ids.closed)).toHaveLength(2);
    expect(await subtitles(ids.closed)).toMatchObject([{ lang: 'eng' }]);
    expect(await manifest()).toEqual({ lists: ['list-both', 'list-shut'], genres: ['Drama', 'Western'] });
  });

  test('while it is off is nothing, and each title we have says so once', async () => {
    await show('off');
    expect(await everyList()).toEqual([[], [], [], [], []]);
    expect(await metaStatus(ids.open)).toBe(404);
    expect(await subtitles(ids.open)).toEqual([]);
    expect(await streams(ids.open)).toEqual([
      {
        name: 'Tributary',
        description: expect.stringMatching(/^ℹ️ The public catalogue of this server is switched off\./),
        externalUrl: `${server.baseUrl}/`,
      },
    ]);
    expect(await streams('tt0000099')).toEqual([]);
    expect(await manifest()).toEqual({ lists: [], genres: undefined });
  });

  test('is a title without any stream, by one entry that says what to do', async () => {
    for (const visibility of ['licensed', 'all'] as const) {
      await show(visibility);
      expect(await streams(ids.empty)).toEqual([
        {
          name: 'Tributary',
          description: expect.stringMatching(/^ℹ️ Nothing to play yet: this title has no link\./),
          externalUrl: `${server.baseUrl}/`,
        },
      ]);
      expect(await metaStatus(ids.empty)).toBe(visibility === 'all' ? 200 : 404);
    }
  });

  test.each(HIDDEN_BY_OWNER)('is never a title whose %s is false, under whatever setting', async (column) => {
    const id = `tt00000${20 + HIDDEN_BY_OWNER.indexOf(column)}`;
    await server.add({ kind: 'movie', title: 'Quay', ids: { imdb: id } }, [
      file({ licence: OPEN, subtitles: [{ url: 'https://files.example/q.srt' }] }),
    ]);
    const isColumn = column === 'is_public';
    await server.db.query(command('test.hide')`
      UPDATE media SET is_public = ${!isColumn}, is_published = ${isColumn} WHERE imdb_id = ${id}
    `);
    await server.settled();
    for (const visibility of ['off', 'licensed', 'all'] as const) {
      await show(visibility);
      expect(await names('/catalog/movie/search/search=quay.json')).toEqual([]);
      expect(await metaStatus(id)).toBe(404);
      expect(await streams(id)).toEqual([]);
      expect(await subtitles(id)).toEqual([]);
    }
  });
});

describe('a poster', () => {
  let server: AddonServer;
  beforeAll(async () => {
    server = await startAddonServer();
    await server.add(
      {
        kind: 'series',
        ids: { imdb: 'tt0000031' },
        title: 'The Pier',
        year: 2013,
        endDate: '2016-01-30',
        releaseDate: '2013-02-10',
        rating: 7.25,
        genres: ['Drama', 'Sci-Fi & Fantasy'],
        images: [
          { type: 'poster', url: 'asset:starter/clip-poster.jpg' },
          { type: 'background', url: 'https://images.example/a b.jpg' },
        ],
        translations: [
          { language: 'pt', title: 'O Cais', overview: 'Um cais.' },
          { language: 'de', overview: 'Ein Kai.' },
        ],
      },
      [file({ licence: OPEN })],
    );
    await server.add(
      { kind: 'tv', title: 'Channel', images: [{ type: 'poster', url: 'https://images.example/c.png' }] },
      [file({ licence: OPEN })],
    );
  });
  afterAll(() => server?.close());
  async function card(type: string) {
    const [first] = metasIn((await server.ask(`/catalog/${type}/popular.json`)).body);
    if (first === undefined) throw new Error(`nothing is popular of ${type}`);
    return first;
  }

  test('carries its years, and links for rating and genres that lead to our own list', async () => {
    const discover = `stremio:///discover/${encodeURIComponent(`${server.baseUrl}/manifest.json`)}/series/popular?genre=`;
    expect(await card('series')).toEqual({
      id: 'tt0000031',
      type: 'series',
      name: 'The Pier',
      poster: `${server.baseUrl}/assets/starter/clip-poster.jpg`,
      posterShape: 'poster',
      background: 'https://images.example/a%20b.jpg',
      releaseInfo: '2013–2016',
      released: '2013-02-10T00:00:00.000Z',
      links: [
        { name: '7.3', category: 'imdb', url: 'https://imdb.com/title/tt0000031' },
        { name: 'Drama', category: 'Genres', url: `${discover}Drama` },
        { name: 'Sci-Fi & Fantasy', category: 'Genres', url: `${discover}Sci-Fi%20%26%20Fantasy` },
      ],
    });
  });

  test('that comes with the product is served by it, to any page', async () => {
    const response = await fetch((await card('series')).poster ?? '');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    await response.body?.cancel();
  });

  test('of a channel is square', async () => {
    expect(await card('tv')).toMatchObject({ name: 'Channel', posterShape: 'square' });
  });

  test('speaks the language of the catalogue, or that language without its region, or its own', async () => {
    const told = async (catalogLanguage: string | null) => {
      await server.set({ catalogLanguage });
      const { name, description } = await card('series');
      const meta = metaIn((await server.ask('/meta/series/tt0000031.json')).body);
      expect([meta.name, meta.description]).toEqual([name, description]);
      return [name, description];
    };
    expect(await told('pt')).toEqual(['O Cais', 'Um cais.']);
    expect(await told('pt-BR')).toEqual(['O Cais', 'Um cais.']);
    expect(await told('de')).toEqual(['The Pier', 'Ein Kai.']);
    expect(await told('fr')).toEqual(['The Pier', undefined]);
    await told(null);
  });
});

describe('bad stored data', () => {
  let server: AddonServer;
  beforeAll(async () => {
    server = await startAddonServer();
    for (const [n, title] of ['Good', 'Bad poster', 'No name'].entries())
      await server.add(
        {
          kind: 'movie',
          ids: { imdb: `tt000004${n}` },
          title,
          images: [{ type: 'poster', url: 'https://images.example/p.jpg' }],
        },
        [file({ licence: OPEN })],
      );
    // What the database's own checks let through: an address that parses as none, a translation without letters.
    await server.db.query(command('test.bad_poster')`
      UPDATE media_image SET url = 'https://[bad/p.jpg' WHERE media_id = (SELECT id FROM media WHERE title = 'Bad poster')
    `);
    await server.db.query(command('test.no_name')`
      INSERT INTO media_translation (media_id, language, title) SELECT id, 'en', '' FROM media WHERE title = 'No name'
    `);
    await server.settled();
  });
  afterAll(() => server?.close());

  test('costs a title its picture, or, when it has no name, its place; both are counted and the rest stays', async () => {
    const metas = metasIn((await server.ask('/catalog/movie/popular.json')).body);
    const byName = new Map(metas.map((meta) => [meta.name, meta.poster]));
    expect(byName).toEqual(
      new Map([
        ['Good', 'https://images.example/p.jpg'],
        ['Bad poster', undefined],
      ]),
    );
    expect(await server.dropped()).toEqual({ 'catalog poster': 1, 'catalog name': 1 });
    expect(metaIn((await server.ask('/meta/movie/tt0000041.json')).body)).not.toHaveProperty('poster');
    expect((await server.ask('/meta/movie/tt0000042.json')).status).toBe(404);
    expect(await server.dropped()).toMatchObject({ 'meta poster': 1, 'meta name': 1 });
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { metaIn, metasIn, streamsIn, subtitlesIn } from '../support/addon-answers.ts';
import { addonRoom } from '../support/addon-room.ts';
import { problemIn } from '../support/problem-answer.ts';

const room = addonRoom();
const { FRESH_CATALOG, FRESH_STREAMS, get, names } = room;

describe('every answer', () => {
  test.each([
    ['/manifest.json', 200],
    ['/catalog/movie/popular.json', 200],
    ['/catalog/movie/popular/skip=0.json', 200],
    ['/meta/movie/tt1254207.json', 200],
    ['/stream/movie/tt1254207.json', 200],
    ['/subtitles/movie/tt1254207/videoSize=5&filename=a.mp4&videoHash=0123456789abcdef.json', 200],
    ['/meta/movie/tt9999999.json', 404],
    ['/catalog/movie/nothing.json', 404],
    ['/catalog/movie/popular/skip=-1.json', 400],
    ['/meta/movie/%E0%A4%A.json', 400],
    ['/stream/movie/a%00b.json', 400],
  ])('of %s is %i, JSON and open to every page, for HEAD as for GET', async (path, status) => {
    const answer = await get(path);
    const head = await get(path, { method: 'HEAD' });
    expect([answer.status, head.status]).toEqual([status, status]);
    expect(head.text).toBe('');
    for (const { headers } of [answer, head]) {
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('content-type')).toMatch(
        status === 200 ? /^application\/json; charset=utf-8$/ : /^application\/problem\+json/,
      );
    }
    expect(answer.body).toEqual(expect.any(Object));
  });

  test('holds its one key and says for how long it may be kept, in the order of the SDK', async () => {
    const keys = { catalog: 'metas', meta: 'meta', stream: 'streams', subtitles: 'subtitles' };
    for (const [resource, key] of Object.entries(keys)) {
      const { body, headers } = await get(
        `/${resource}/movie/${resource === 'catalog' ? 'popular' : 'tt1254207'}.json`,
      );
      expect(Object.keys(z.looseObject({}).parse(body))).toEqual([
        key,
        'cacheMaxAge',
        'staleRevalidate',
        'staleError',
      ]);
      expect(headers.get('cache-control')).toBe(resource === 'stream' ? FRESH_STREAMS : FRESH_CATALOG);
    }
    expect((await get('/manifest.json')).headers.get('cache-control')).toBe('max-age=300, public');
    expect((await get('/meta/movie/tt9999999.json')).headers.get('cache-control')).toBe('no-store');
  });

  test('to the same question again is 304 when nothing changed, and open to every page still', async () => {
    const etag = (await get('/manifest.json')).headers.get('etag') ?? '';
    const again = await get('/manifest.json', {
      headers: { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' },
    });
    expect(again.status).toBe(304);
    expect(again.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('a page from the database and from the cache', () => {
  test('is the same bytes under the tag Express gives them, and 304 to who has them', async () => {
    const path = '/catalog/movie/new.json';
    const [first, again] = [await get(path), await get(path)];
    expect(again.text).toBe(first.text);
    const sum = createHash('sha1').update(first.text).digest('base64').slice(0, 27);
    const tag = `W/"${Buffer.byteLength(first.text).toString(16)}-${sum}"`;
    expect([first, again].map(({ headers }) => headers.get('etag'))).toEqual([tag, tag]);
    const headers = { 'If-None-Match': tag, 'Cache-Control': 'max-age=0' };
    expect((await get(path, { headers })).status).toBe(304);
  });
});

describe('methods', () => {
  test.each(['/manifest.json', '/stream/movie/tt1254207.json', '/meta/nothing'])(
    'OPTIONS of %s tells a browser that it may ask',
    async (path) => {
      const { status, headers, text } = await get(path, {
        method: 'OPTIONS',
        headers: { 'Access-Control-Request-Headers': 'x-one, Content-Type' },
      });
      expect([status, text]).toEqual([204, '']);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
      expect(headers.get('access-control-allow-headers')).toBe('x-one, Content-Type');
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is refused with what is allowed', async (method) => {
    const { status, headers, body } = await get('/stream/movie/tt1254207.json', { method });
    expect([status, problemIn(body).code]).toEqual([405, 'addon.method']);
    expect(headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('paths', () => {
  test.each([
    '/catalog/movie/popular',
    '/meta/movie/tt1254207',
    '/stream/movie/tt1254207.jsonx',
    '/stream/movie.json',
    '/stream/.json',
    '/catalog/movie/popular/skip=0/more.json',
    '/addon_catalog/all/community.json',
    '/meta/movie/.json',
  ])('%s is 404', async (path) => {
    const { status, body, headers } = await get(path);
    expect([status, problemIn(body).status]).toEqual([404, 404]);
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  test.each([
    ['/catalog/movie/nothing.json', 'addon.no_catalog'],
    ['/catalog/anime/popular.json', 'addon.no_catalog'],
    ['/catalog/movie/__proto__.json', 'addon.no_catalog'],
    ['/meta/movie/whatever.json', 'addon.no_title'],
    ['/meta/series/tt1254207.json', 'addon.no_title'],
    ['/meta/movie/tt1254207%3A1%3A2.json', 'addon.no_title'],
    ['/addon_catalog/movie/popular.json', 'addon.not_found'],
  ])('%s is told apart as %s', async (path, code) => {
    expect((await get(path)).body).toMatchObject({ status: 404, code });
  });

  test.each([
    'tt9999999',
    'tt9999999:1:2',
    'kitsu:1',
    'not%20an%20id',
    '%E6%98%A0%E7%94%BB',
    'a%2Fb',
    'constructor',
  ])('a stream or subtitle of the unknown %s is an empty list', async (id) => {
    expect(streamsIn((await get(`/stream/movie/${id}.json`)).body)).toEqual([]);
    expect(subtitlesIn((await get(`/subtitles/movie/${id}.json`)).body)).toEqual([]);
  });

  test('an id means the same percent-encoded and bare, and is answered as it was asked', async () => {
    expect(room.ownId).toMatch(/^trib:[\da-f-]{36}$/);
    for (const spelt of [room.ownId, encodeURIComponent(room.ownId), room.ownId.replace(':', '%3a')]) {
      const { body } = await get(`/meta/movie/${spelt}.json`);
      expect(metaIn(body)).toMatchObject({ id: room.ownId, name: 'Ça va & « amis »' });
    }
    // Decoded once, not twice.
    expect((await get(`/meta/movie/${encodeURIComponent(encodeURIComponent(room.ownId))}.json`)).status).toBe(
      404,
    );
  });

  test('a number of TMDB or TVDB means what its type says', async () => {
    const metaName = async (path: string) => metaIn((await get(`/meta/${path}.json`)).body).name;
    expect(await metaName('movie/tmdb%3A10378')).toBe('Big Buck Bunny');
    expect(await metaName('series/tmdb%3A10378')).toBe('Another of that number');
    expect(await metaName('movie/tmdb%3Amovie%3A10378')).toBe('Big Buck Bunny');
    expect(await metaName('events/tmdb%3A777')).toBe('A Concert');
    expect(await metaName('events/tvdb%3A888')).toBe('A Concert');
    expect(problemIn((await get('/meta/movie/tmdb%3A777.json')).body).status).toBe(404);
    const listed = metasIn((await get('/catalog/events/popular.json')).body);
    expect(listed).toMatchObject([{ id: 'tmdb:777', type: 'events' }]);
    expect(streamsIn((await get('/stream/events/tmdb%3A777.json')).body)).toMatchObject([
      { url: expect.any(String) },
    ]);
  });
});

describe('extras', () => {
  test('are split before they are decoded', async () => {
    const found = async (search: string) =>
      names((await get(`/catalog/movie/search/search=${search}.json`)).body);
    expect(await found('va%20%26%20amis')).toEqual(['Ça va & « amis »']);
    expect(await found('va+amis')).toEqual(['Ça va & « amis »']);
    expect(await found('va%20%2B%20amis')).toEqual(['Ça va & « amis »']);
    expect(await found('ca%20va%26skip=100')).toEqual([]);
    expect(await found('CA&skip=0')).toEqual(['Ça va & « amis »']);
    expect(await found('ca&skip=100')).toEqual([]);
  });

  test('a genre with an ampersand and spaces filters, in either spelling of a space', async () => {
    for (const genre of ['Sci-Fi%20%26%20Fantasy', 'Sci-Fi+%26+Fantasy'])
      expect(names((await get(`/catalog/movie/popular/genre=${genre}.json`)).body)).toEqual([
        'Big Buck Bunny',
      ]);
    expect(names((await get('/catalog/movie/popular/genre=Comedy&skip=0.json')).body)).toHaveLength(2);
    expect(names((await get('/catalog/movie/popular/genre=.json')).body)).toHaveLength(2);
    expect(names((await get('/catalog/movie/popular/genre=Western.json')).body)).toEqual([]);
  });

  test('a query after them changes nothing', async () => {
    const { body } = await get('/catalog/movie/popular/genre=Sci-Fi%20%26%20Fantasy.json?genre=Comedy&x/y=z');
    expect(names(body)).toEqual(['Big Buck Bunny']);
    expect((await get('/manifest.json?token=1')).status).toBe(200);
    expect((await get('/meta/movie/tt1254207?x.json')).status).toBe(404);
  });

  test.each(['skip=x', 'skip=1.5', 'skip=', 'skip', '=5', 'search=%', 'search=%C3'])(
    'the broken %s is a 400 that says so',
    async (extra) => {
      const { status, body } = await get(`/catalog/movie/search/${extra}.json`);
      expect(status).toBe(400);
      expect(problemIn(body).code).toMatch(/^addon\.bad_/);
    },
  );

  test('one nobody knows is passed over, a skip past everything is an empty page', async () => {
    expect(names((await get('/catalog/movie/popular/colour=red&genre=Comedy.json')).body)).toHaveLength(2);
    for (const skip of ['100', '100000', '100001', '999999999999'])
      expect(names((await get(`/catalog/movie/popular/skip=${skip}.json`)).body)).toEqual([]);
  });
});

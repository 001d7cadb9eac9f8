import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MediaAnswer, MediaPage, mediaRoutes } from '../../src/features/media/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { problemIn } from '../support/problem-answer.ts';

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await freshDatabase();
  api = await startApi((place) => [mediaRoutes({ db: database.db, language: 'en', ...place })]);
});
beforeEach(() =>
  database.db.query(command('test.empty')`TRUNCATE media, stream, person, genre RESTART IDENTITY CASCADE`),
);
afterAll(async () => {
  await api.close();
  await database.close();
});

const SINTEL = {
  kind: 'movie',
  ids: { imdb: 'tt1727587', tmdb: '45745' },
  title: 'Sintel',
  year: 2010,
  genres: ['Animation'],
  images: [{ type: 'poster', url: 'asset:starter/sintel.jpg' }],
  translations: [{ language: 'de', title: 'Sintel auf Deutsch' }],
};
const post = (body: unknown) => api.ask('POST', '/api/media', body);
const idIn = (body: unknown) => MediaAnswer.parse(body).id;
const titleOf = async (id: string) =>
  MediaAnswer.parse((await api.ask('GET', `/api/media/${id}`)).body).title;
async function ids(query = ''): Promise<string[]> {
  const { body } = await api.ask('GET', `/api/media${query}`);
  return MediaPage.parse(body).media.map((title) => title.title);
}

describe('POST /api/media', () => {
  test('adds a title: 201, its address, and all that is known, without our row numbers', async () => {
    const { status, body, headers } = await post(SINTEL);
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${api.baseUrl}/api/media/${idIn(body)}`);
    expect(Object.keys(MediaAnswer.strict().parse(body))).toContain('canonicalId');
    expect(body).toMatchObject({
      canonicalId: 'tt1727587',
      title: 'Sintel',
      posterUrl: `${api.baseUrl}/assets/starter/sintel.jpg`,
      images: [{ type: 'poster', url: `${api.baseUrl}/assets/starter/sintel.jpg` }],
      translations: ['de'],
      totalStreams: 0,
    });
    expect(body).not.toHaveProperty('mediaId');
    expect(api.settledCount()).toBeGreaterThan(0);
  });

  test('the same title again is 200 and the same id; contradictory ids are 409 and change nothing (C1)', async () => {
    const first = await post(SINTEL);
    const again = await post({ ...SINTEL, overview: 'A girl and a dragon.' });
    expect(again).toMatchObject({
      status: 200,
      body: { id: idIn(first.body), overview: 'A girl and a dragon.' },
    });
    const contradictory = await post({ ...SINTEL, title: 'Stolen', ids: { imdb: 'tt1727587', tmdb: '1' } });
    expect(contradictory).toMatchObject({ status: 409, body: { code: 'media.contradictory_ids' } });
    expect(problemIn(contradictory.body).detail).toMatch(/has tmdb 45745 here, not 1/);
    expect(await titleOf('tt1727587')).toBe('Sintel');
  });

  test.each([
    ['nothing', undefined, ''],
    ['no title', { kind: 'movie' }, 'title'],
    ['a wrong kind', { kind: 'film', title: 'x' }, 'kind'],
    ['a field of another name', { kind: 'movie', title: 'x', tittle: 'y' }, ''],
    [
      'a bad nested field',
      { kind: 'series', title: 'x', seasons: [{ number: 1, episodes: [{ number: -1 }] }] },
      'seasons.0.episodes.0.number',
    ],
    [
      'an end before its beginning',
      { kind: 'series', title: 'x', releaseDate: '2010-01-02', endDate: '2010-01-01' },
      'endDate',
    ],
    ['a null character', { kind: 'movie', title: 'x\0y' }, 'title'],
  ])('%s is 400 and the field is named', async (_name, body, path) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problemIn(answer.body).issues?.[0]?.path).toBe(path);
  });

  test('without the admin token it is 401', async () => {
    const answer = await api.ask('POST', '/api/media', SINTEL, { Authorization: 'Bearer wrong' });
    expect(answer).toMatchObject({ status: 401, body: { code: 'auth.required' } });
    expect((await api.ask('GET', '/api/media', undefined, { Authorization: '' })).status).toBe(401);
  });
});

describe('GET /api/media/:id', () => {
  test('finds a title by our uuid and by each outside id, in the asked language', async () => {
    const added = idIn((await post(SINTEL)).body);
    for (const id of [added, `trib:${added}`, 'tt1727587', 'tmdb:movie:45745', 'tmdb:45745']) {
      expect(idIn((await api.ask('GET', `/api/media/${id}`)).body)).toBe(added);
    }
    expect(await titleOf('tt1727587?language=de')).toBe('Sintel auf Deutsch');
  });

  test('an unknown id is 404, a senseless one 400, a number of a film and a series 409', async () => {
    await post(SINTEL);
    await post({ kind: 'series', title: 'Other', ids: { tmdb: '45745' } });
    expect(await api.ask('GET', '/api/media/tt0000001')).toMatchObject({
      status: 404,
      body: { code: 'media.not_found' },
    });
    expect(await api.ask('GET', '/api/media/12')).toMatchObject({
      status: 400,
      body: { code: 'media.bad_id' },
    });
    expect(await api.ask('GET', '/api/media/tmdb:45745')).toMatchObject({
      status: 409,
      body: { code: 'media.ambiguous_id' },
    });
    expect(await titleOf('tmdb:tv:45745')).toBe('Other');
  });
});

describe('PATCH /api/media/:id', () => {
  test('changes what is named, null takes away, the rest stays', async () => {
    await post({ ...SINTEL, overview: 'Old', runtimeMinutes: 15 });
    const { status, body } = await api.ask('PATCH', '/api/media/tt1727587', {
      overview: null,
      title: 'Sintel (2010)',
      genres: ['Fantasy'],
      isPublished: false,
      isFeatured: true,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ title: 'Sintel (2010)', overview: null, runtimeMinutes: 15, genres: ['Fantasy'] },
      ...{ isPublished: false, isFeatured: true, isPublic: true },
    });
  });

  test('corrects and takes away outside ids, but never takes one of another title', async () => {
    await post(SINTEL);
    await post({ kind: 'movie', title: 'Other', ids: { tmdb: '7' } });
    const stolen = await api.ask('PATCH', '/api/media/tt1727587', { ids: { tmdb: '7' } });
    const { status, code, detail } = problemIn(stolen.body);
    expect([status, code]).toEqual([409, 'media.contradictory_ids']);
    expect(detail).toMatch(/tmdb 7 already: Other \(movie\).* the page Review/);
    const [, path = '', ids = ''] = /PATCH (\S+) with (.+) first\.$/.exec(detail) ?? [];
    expect((await api.ask('PATCH', path, JSON.parse(ids))).status).toBe(200);
    expect((await api.ask('PATCH', '/api/media/tt1727587', { ids: { tmdb: '7' } })).status).toBe(200);
    const { body } = await api.ask('PATCH', '/api/media/tt1727587', { ids: { tmdb: '8', imdb: null } });
    expect(body).toMatchObject({
      canonicalId: 'tmdb:8',
      ...{ imdbId: null, ids: [{ provider: 'tmdb', namespace: 'movie', id: '8' }] },
    });
  });

  test('nothing to change, or a change that cannot be, is refused', async () => {
    await post(SINTEL);
    expect((await api.ask('PATCH', '/api/media/tt1727587', {})).status).toBe(400);
    expect((await api.ask('PATCH', '/api/media/tt1727587', { title: null })).status).toBe(400);
    expect((await api.ask('PATCH', '/api/media/tt1727587', { kind: 'series' })).status).toBe(400);
    expect((await api.ask('PATCH', '/api/media/tt0000001', { title: 'x' })).status).toBe(404);
  });
});

describe('DELETE /api/media/:id', () => {
  test('is 204 and the title is gone', async () => {
    await post(SINTEL);
    expect((await api.ask('DELETE', '/api/media/tt1727587')).status).toBe(204);
    expect((await api.ask('GET', '/api/media/tt1727587')).status).toBe(404);
    expect((await api.ask('DELETE', '/api/media/tt1727587')).status).toBe(404);
  });

  test('is 409 in words when a torrent would be orphaned, and with ?force=true both go (M6)', async () => {
    await post(SINTEL);
    await database.db.query(command('test.torrent')`
      WITH s AS (INSERT INTO stream (kind, name) VALUES ('torrent', 'x') RETURNING id),
        t AS (INSERT INTO stream_torrent (stream_id, info_hash) SELECT id, repeat('a', 40) FROM s RETURNING stream_id)
      INSERT INTO stream_media_link (stream_id, media_id) SELECT s.id, m.id FROM s, media m
    `);
    const refused = await api.ask('DELETE', '/api/media/tt1727587');
    expect(refused).toMatchObject({ status: 409, body: { code: 'media.has_torrent' } });
    expect(problemIn(refused.body).detail).toMatch(/\?force=true/);
    expect((await api.ask('DELETE', '/api/media/tt1727587?force=perhaps')).status).toBe(400);
    expect((await api.ask('DELETE', '/api/media/tt1727587?force=true')).status).toBe(204);
    const left = await database.db.oneFirst(
      rows('test.left', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM stream`,
    );
    expect(left).toBe(0);
  });
});

describe('GET /api/media', () => {
  const fill = async () => {
    for (let n = 1; n <= 7; n += 1) {
      await post({
        kind: n % 2 === 0 ? 'series' : 'movie',
        title: `Title ${n}`,
        year: 2000 + (n % 3),
        ...(n < 5 ? { rating: Math.ceil(n / 2), releaseDate: `200${n % 3}-01-0${n}` } : {}),
        popularity: n * 10,
        genres: [n < 4 ? 'Drama' : 'Comedy'],
      });
    }
    await database.db.query(command('test.streams')`
      UPDATE media SET last_stream_added_at = '2020-01-01'::timestamptz + make_interval(days => id::integer) WHERE id IN (1, 3, 5)
    `);
  };

  test.each([
    ['added', [7, 6, 5, 4, 3, 2, 1]],
    ['popular', [7, 6, 5, 4, 3, 2, 1]],
    ['rating', [3, 4, 1, 2, 5, 6, 7]],
    ['release', [2, 4, 1, 3, 7, 6, 5]],
    ['new', [5, 3, 1, 2, 4, 6, 7]],
  ])(
    'in the order %s all pages together hold every title once, those without a value last',
    async (sort, order) => {
      await fill();
      const titles = order.map((n) => `Title ${n}`);
      expect(await ids(`?sort=${sort}`)).toEqual(titles);
      for (const limit of [1, 2, 3, 4]) {
        const seen: string[] = [];
        let cursor: string | null = '';
        while (cursor !== null && seen.length < 20) {
          const { body } = await api.ask(
            'GET',
            `/api/media?sort=${sort}&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
          );
          const page = MediaPage.parse(body);
          seen.push(...page.media.map((title) => title.title));
          cursor = page.nextCursor;
        }
        expect(seen).toEqual(titles);
      }
    },
  );

  test('filters by kind, genre by slug or name, year and words', async () => {
    await fill();
    expect(await ids('?kind=series')).toEqual(['Title 6', 'Title 4', 'Title 2']);
    expect(await ids('?genre=drama')).toEqual(['Title 3', 'Title 2', 'Title 1']);
    expect(await ids('?genre=Comedy&kind=movie')).toEqual(['Title 7', 'Title 5']);
    expect(await ids('?genre=western')).toEqual([]);
    expect(await ids('?year=2001')).toEqual(['Title 7', 'Title 4', 'Title 1']);
    expect(await ids('?q=title%205')).toEqual(['Title 5']);
    expect(await ids('?q=tít')).toHaveLength(7);
    expect(await ids('?q=!!!')).toEqual([]);
    expect(await ids('?search=title%205')).toEqual(['Title 5']);
    expect(await ids('?search=titel%205')).toContain('Title 5');
    expect(await ids('?search=title&year=2001')).toHaveLength(3);
    expect(await ids('?search=title&sort=added&limit=2')).toEqual(['Title 7', 'Title 6']);
    expect(await ids(`?q=${encodeURIComponent("' | & ! :* \\")}`)).toEqual([]);
  });

  test('hidden titles stand in the order added only, and can be asked for alone', async () => {
    await fill();
    const { body } = await api.ask('GET', '/api/media?limit=1');
    await api.ask('PATCH', `/api/media/${MediaPage.parse(body).media[0]?.id}`, { isPublished: false });
    expect(await ids('?limit=2')).toEqual(['Title 7', 'Title 6']);
    expect(await ids('?hidden=true')).toEqual(['Title 7']);
    expect(await ids('?hidden=false&limit=1')).toEqual(['Title 6']);
    expect(await ids('?sort=popular&limit=1')).toEqual(['Title 6']);
  });

  test.each([
    ['?limit=0', 'request.invalid'],
    ['?limit=101', 'request.invalid'],
    ['?kind=anime', 'request.invalid'],
    ['?sort=best', 'request.invalid'],
    ['?colour=red', 'request.invalid'],
    ['?kind=movie&kind=series', 'request.invalid'],
    ['?cursor=nonsense', 'media.bad_cursor'],
  ])('%s is 400', async (query, code) => {
    expect(await api.ask('GET', `/api/media${query}`)).toMatchObject({ status: 400, body: { code } });
  });

  test('a cursor of another order is refused', async () => {
    await fill();
    const { body } = await api.ask('GET', '/api/media?sort=rating&limit=1');
    const answer = await api.ask(
      'GET',
      `/api/media?sort=popular&limit=1&cursor=${MediaPage.parse(body).nextCursor}`,
    );
    expect(answer).toMatchObject({ status: 400, body: { code: 'media.bad_cursor' } });
  });
});

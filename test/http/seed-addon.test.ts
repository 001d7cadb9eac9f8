import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { seedRoom } from '../support/seed-room.ts';

const { db, run, seed } = seedRoom();
const Address = z.object({ port: z.int() });

/** An add-on of these answers; what is not among them is `other`. */
async function startAddon(answers: Record<string, unknown>, other = '<html>not here</html>') {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(path);
    const answer = answers[path] ?? answers[path.replace(/skip=\d+/, 'skip=*')];
    response.end(answer === undefined ? other : JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${Address.parse(server.address()).port}/manifest.json`;
  return {
    ...{ asked, url },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const film = { id: 'tt0133093', type: 'movie', name: 'The Matrix' };
const show = { id: 'tt0417299', type: 'series', name: 'Some Show' };
const extra = [{ name: 'skip' }];

test('catalogues, metas and streams of an add-on come, page by page; what loops or lies is bounded and counted', async () => {
  await using addon = await startAddon({
    '/manifest.json': {
      ...{ id: 'org.test', name: 'Test', version: '1.0.0', types: ['movie'] },
      resources: ['catalog', 'meta', { name: 'stream', types: ['movie'] }],
      catalogs: [
        { type: 'movie', id: 'top', extra },
        { type: 'series', id: 'top', extra },
        { type: 'movie', id: 'find', extra: [{ name: 'search', isRequired: true }] },
        { type: 'movie', id: 'broken' },
        17,
      ],
    },
    '/catalog/movie/top.json': { metas: [film, { id: 5 }, { id: 'x', type: 'opera', name: 'No' }] },
    '/catalog/movie/top/skip=*.json': { metas: [film] },
    '/catalog/series/top.json': { metas: [show] },
    '/meta/movie/tt0133093.json': {
      meta: {
        ...film,
        releaseInfo: '1999',
        runtime: '2h 16min',
        imdbRating: '8.7',
        genres: ['Action'],
        year: {},
      },
    },
    '/meta/series/tt0417299.json': { meta: { ...show, id: 'tt9999999', name: 'Another' } },
    '/stream/movie/tt0133093.json': {
      streams: [
        {
          infoHash: 'A'.repeat(40),
          fileIdx: 0,
          sources: ['tracker:udp://t.example:80', 'dht:x'],
          title: 'The.Matrix.1999.1080p\n5 GB',
        },
        {
          url: 'https://f.example/m.mkv',
          behaviorHints: { proxyHeaders: { request: { Referer: 'https://x.example/' } } },
        },
        { url: 'magnet:?nothing' },
        { infoHash: 'short' },
        'no stream',
      ],
    },
  });
  expect(await seed('stremio-addon', addon.url, '--streams')).toMatchObject({
    ...{ newTitles: 2, newStreams: 2, refused: 2, failedRequests: 3, conflicts: [] },
  });
  expect(addon.asked.filter((path) => path.startsWith('/catalog/movie/top'))).toHaveLength(2);
  expect(addon.asked.some((path) => path.includes('find'))).toBe(false);
  const Row = z.object({
    title: z.string(),
    year: z.int().nullable(),
    minutes: z.int().nullable(),
    genres: z.array(z.string()),
  });
  const titles = await db().any(rows('test.titles', Row)`
    SELECT title, year, runtime_minutes AS minutes, genres FROM media ORDER BY title`);
  expect(titles).toEqual([
    { title: 'Some Show', year: null, minutes: null, genres: [] },
    { title: 'The Matrix', year: 1999, minutes: 136, genres: ['Action'] },
  ]);
  expect(await seed('stremio-addon', addon.url, '--streams')).toMatchObject({ newTitles: 0, newStreams: 0 });
});

test('an address that is no add-on is refused in words', async () => {
  await using none = await startAddon({});
  const refused = await run('stremio-addon', none.url);
  expect(refused).toMatchObject({ code: 1, complained: expect.stringMatching(/no answer of its protocol/) });
  expect(await run('stremio-addon', 'ftp://x.example/')).toMatchObject({ code: 1 });
});

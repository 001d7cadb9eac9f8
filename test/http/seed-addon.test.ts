import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { importAddon } from '../../src/features/imports/index.ts';
import { rows } from '../../src/platform/db.ts';
import { createKinds } from '../../src/streams/registry.ts';
import { openKindDeps } from '../support/kind-deps.ts';
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

describe('an add-on that never ends', () => {
  const manifest = (catalog: object) => ({
    ...{ id: 'org.endless', name: 'Endless', version: '1.0.0', types: ['movie'], resources: ['catalog'] },
    catalogs: [{ type: 'movie', id: 'top', ...catalog }],
  });

  /** Answers by path; counts what it was asked for. */
  async function startBad(answer: (path: string, response: ServerResponse) => void) {
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      response.on('error', () => {});
      answer(decodeURIComponent(request.url ?? ''), response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${Address.parse(server.address()).port}`;
    return {
      ...{ url: `${base}/manifest.json`, base, asked: () => asked },
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
      },
    };
  }

  test('each page of whose catalogue brings other titles is left when it has given enough', async () => {
    let next = 0;
    await using addon = await startBad((path, response) => {
      const metas = Array.from({ length: 100 }, () => {
        next += 1;
        return { id: `tt${8_000_000 + next}`, type: 'movie', name: `Film ${next}` };
      });
      response.end(JSON.stringify(path === '/manifest.json' ? manifest({ extra }) : { metas }));
    });
    await using ground = await openKindDeps();
    const kinds = createKinds(ground.deps);
    const options = { signal: AbortSignal.timeout(30_000), withStreams: false, maxTitles: 950 };
    const result = await importAddon({ ...ground.deps, kinds }, addon.url, options);
    await kinds.close();
    expect(result).toMatchObject({ newTitles: 950, failedRequests: 0 });
    expect(addon.asked()).toBeLessThanOrEqual(12);
  });

  test.each([
    [
      'an answer of 50 MB',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const piece = Buffer.alloc(1024 * 1024, ' ');
        let sent = 0;
        const more = () => {
          while (sent < 50 && !response.destroyed) {
            sent += 1;
            if (!response.write(piece)) return;
          }
          if (sent === 50) response.end('{"metas":[]}');
        };
        response.on('drain', more);
        more();
      },
    ],
    [
      'a redirect to itself',
      (response: ServerResponse) => response.writeHead(302, { location: '/catalog/movie/top.json' }).end(),
    ],
    ['a nest of lists', (response: ServerResponse) => response.end('['.repeat(2_000_000))],
  ])('%s in place of a catalogue is counted as failed, and soon', async (_name, answer) => {
    await using addon = await startBad((path, response) => {
      if (path === '/manifest.json') response.end(JSON.stringify(manifest({})));
      else answer(response);
    });
    const began = performance.now();
    expect(await seed('stremio-addon', addon.url)).toMatchObject({ newTitles: 0, failedRequests: 1 });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(addon.asked()).toBeLessThan(10);
  });
});

test('an address that is no add-on is refused in words', async () => {
  await using none = await startAddon({});
  const refused = await run('stremio-addon', none.url);
  expect(refused).toMatchObject({ code: 1, complained: expect.stringMatching(/no answer of its protocol/) });
  expect(await run('stremio-addon', 'ftp://x.example/')).toMatchObject({ code: 1 });
});

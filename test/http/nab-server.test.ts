import { once } from 'node:events';
import type { Server } from 'node:http';
import express from 'express';
import { SaxesParser } from 'saxes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nabServerRoutes } from '../../src/features/finders/index.ts';
import { nabApiKey } from '../../src/features/finders/nab-server/routes.ts';
import type { FindQuery } from '../../src/finders/finder.ts';
import { createFinder, type FinderKind } from '../../src/finders/registry.ts';
import { rows } from '../../src/platform/db.ts';
import { parseNzb } from '../../src/streams/usenet/nzb/parse-nzb.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';

// Our own catalogue, asked as Sonarr, Radarr and Prowlarr ask an indexer; read by our own client too.

const HASH = 'bbbb2222'.repeat(5);
const ODD = 'Some.Film.2001 <"&\'> \u{1f3ac} 1080p';
const SECRET = 'https://indexer.example/api?t=get&id=1&apikey=the-secret-key';
let addon: AddonServer;
let server: Server;
let baseUrl: string;
let key: string;

beforeAll(async () => {
  addon = await startAddonServer({ PUBLIC_CATALOG: 'all' });
  key = nabApiKey(addon.crypto);
  const app = express();
  app.set('query parser', 'simple');
  app.use(nabServerRoutes({ ...addon, limit: (_req, _res, next) => next(), baseUrl: () => baseUrl }));
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  baseUrl = `http://127.0.0.1:${address.port}`;
  await fill();
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await addon.close();
});

async function fill(): Promise<void> {
  const nzb = Buffer.from(
    `<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><file poster="a &lt;b&gt;" date="1700000000" subject="&quot;film.mkv&quot; yEnc (1/1)">
    <groups><group>alt.binaries.test</group></groups><segments><segment bytes="700" number="1">one&amp;two@example</segment></segments></file></nzb>`,
  );
  await addon.add({ kind: 'movie', title: 'Some Film', year: 2001, ids: { imdb: 'tt0000081', tmdb: '81' } }, [
    {
      kind: 'torrent',
      infoHash: HASH,
      name: ODD,
      sizeBytes: 5_000_000,
      seeders: 7,
      trackers: ['udp://tracker.example:1337/announce'],
    },
    { kind: 'torrent', infoHash: 'c'.repeat(40), name: 'Some.Film.2001.Private', isPrivate: true },
    { kind: 'usenet', nzb: nzb.toString('base64'), name: 'Some.Film.2001.Post' },
    { kind: 'usenet', nzbUrl: SECRET, name: 'Some.Film.2001.Elsewhere' },
  ]);
  const seasons = [{ number: 2, episodes: [{ number: 5 }] }];
  const show = await addon.add({ kind: 'series', title: 'Some Show', ids: { tvdb: '82' }, seasons });
  const episodeId =
    await addon.db.oneFirst(rows('test.episode', z.object({ id: z.int() }))`SELECT id FROM episode`);
  await addon.addStream(
    { kind: 'torrent', infoHash: 'd'.repeat(40), name: 'Some.Show.S02E05.2160p' },
    { mediaId: show, episodeId },
  );
}

async function ask(query: string, kind = 'torznab', apiKey = key): Promise<string> {
  const response = await fetch(`${baseUrl}/${kind}/api?${query}&apikey=${apiKey}`);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/xml; charset=utf-8',
  ]);
  const xml = await response.text();
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
  return xml;
}
const titles = (xml: string) => [...xml.matchAll(/<item>\n<title>(.*)<\/title>/g)].map(([, title]) => title);

function client(kind: FinderKind) {
  const { net } = addon;
  const place = { url: `${baseUrl}/${kind}`, apiKey: key, categories: [] };
  return createFinder({ net, keepCaps: (load, signal) => load(signal) }, kind, place);
}
const find = async (kind: FinderKind, query: FindQuery) =>
  (await client(kind).find?.(query, new AbortController().signal))?.releases ?? [];
const FILM: FindQuery = { kind: 'movie', ids: { imdb: 'tt0000081' }, titles: ['Some Film'], year: 2001 };

describe('our own client', () => {
  test('reads capabilities and a film found by its id', async () => {
    expect(await client('torznab').test(new AbortController().signal)).toContain('Tributary: 8 categories');
    expect(await find('torznab', FILM)).toMatchObject([
      {
        ...{ kind: 'torrent', name: ODD, infoHash: HASH, seeders: 7, sizeBytes: 5_000_000 },
        ids: { imdb: 'tt0000081', tmdb: '81' },
        magnet: expect.stringContaining('tr=udp%3A%2F%2Ftracker.example%3A1337%2Fannounce'),
      },
    ]);
  });

  test('finds an episode by id, by number and by words', async () => {
    const show: FindQuery = {
      kind: 'series',
      ids: { tvdb: '82' },
      titles: ['Some Show'],
      year: null,
      season: 2,
      episode: 5,
    };
    expect((await find('torznab', show)).map(({ name }) => name)).toEqual(['Some.Show.S02E05.2160p']);
    expect(await find('torznab', { ...show, ids: {} })).toHaveLength(1);
    expect(await find('torznab', { ...show, season: 3 })).toEqual([]);
  });

  test('finds posts, and can fetch their NZB without a key of another’s', async () => {
    const posts = await find('newznab', FILM);
    expect(posts.map(({ name }) => name)).toEqual(['Some.Film.2001.Elsewhere', 'Some.Film.2001.Post']);
    const [, post] = posts;
    const response = await fetch(post?.kind === 'usenet' ? post.nzbUrl : '');
    expect(response.headers.get('content-disposition')).toContain('Some.Film.2001.Post.nzb');
    const { files } = await parseNzb(new Uint8Array(await response.arrayBuffer()));
    expect(files).toMatchObject([
      {
        poster: 'a <b>',
        postedAt: 1_700_000_000,
        segments: [{ number: 1, bytes: 700, id: 'one&two@example' }],
      },
    ]);
  });
});

test.each([
  ['t=search', 2],
  ['t=search&q=Some.Film.2001', 1],
  ['t=search&q=some%20show%20s02e05', 1],
  ['t=search&q=some%20show%20s02e06', 0],
  ['t=movie&imdbid=0000081', 1],
  ['t=movie&tmdbid=82', 0],
  ['t=tvsearch&tvdbid=82&season=S02&ep=E05', 1],
  ['t=search&cat=5000', 1],
  ['t=search&cat=3000', 0],
  ['t=search&limit=1', 1],
  ['t=search&offset=2', 0],
])('%s finds %i', async (query, count) => {
  expect(titles(await ask(query))).toHaveLength(count);
});

test('what is private is not told, nor is the key of another indexer', async () => {
  expect(titles(await ask('t=search')).join()).not.toContain('Private');
  expect(await ask('t=search', 'newznab')).not.toContain('the-secret-key');
});

test.each<[string, string, number]>([
  ['t=search&season=x', 'torznab', 201],
  ['t=search&limit=-1', 'torznab', 201],
  ['t=music', 'torznab', 202],
  ['t=get&id=1', 'newznab', 300],
  ['t=get&id=00000000-0000-4000-8000-000000000000', 'newznab', 300],
])('%s of %s is error %i', async (query, kind, code) => {
  expect(await ask(query, kind)).toContain(`<error code="${code}"`);
});

test('without the key there are only capabilities', async () => {
  expect(await ask('t=search', 'torznab', 'wrong')).toContain('<error code="100"');
  const bare = await fetch(`${baseUrl}/torznab/api?t=search`);
  expect(await bare.text()).toContain('<error code="200"');
  expect(await (await fetch(`${baseUrl}/torznab/api?t=caps`)).text()).toContain('<caps>');
});

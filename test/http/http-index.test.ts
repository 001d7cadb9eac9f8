import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lister } from '../../src/finders/lister.ts';
import { PAGES } from '../support/listing-pages.ts';
import {
  type ListingServer,
  listedIn,
  openLister,
  sendPage,
  startListingServer,
} from '../support/listing-server.ts';

let server: ListingServer;
let lister: Lister & AsyncDisposable;
beforeAll(async () => {
  server = await startListingServer();
  lister = openLister('http-index', `${server.baseUrl}films/`);
});
afterAll(async () => {
  await lister[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Told = readonly [number | null, string | null];
/** Dates and sizes as each server tells them: of the folder, the film and the subtitle. */
const CASES: readonly [keyof typeof PAGES, string | null, Told, Told][] = [
  ['APACHE', '2026-01-31T20:15:00', [null, '2026-01-31T20:15:00'], [123, '2026-02-01T08:05:00']],
  ['APACHE_TABLE', '2026-01-31T20:15:00', [null, '2026-01-31T20:15:00'], [123, '2026-02-01T08:05:00']],
  ['NGINX', '2026-01-31T20:15:00', [1288490188, '2026-01-31T20:15:00'], [123, '2026-02-01T08:05:00']],
  ['NGINX_JSON', '2026-01-31T20:15:07', [1288490188, '2026-01-31T20:15:08'], [123, '2026-02-01T08:05:09']],
  ['LIGHTTPD', '2026-01-31T20:15:07', [null, '2026-01-31T20:15:08'], [null, '2026-02-01T08:05:09']],
  ['H5AI', '2026-01-31T20:15:00', [null, '2026-01-31T20:15:00'], [null, '2026-02-01T08:05:00']],
  ['CADDY', '2026-01-31T20:15:07', [1288490188, '2026-01-31T20:15:08'], [123, '2026-02-01T08:05:09']],
  ['CADDY_JSON', '2026-01-31T20:15:07', [1288490188, '2026-01-31T20:15:08'], [123, '2026-02-01T08:05:09']],
  ['IIS', null, [1288490188, null], [123, '2026-02-01T08:05:00']],
];

test.each(CASES)(
  '%s: a folder and files, with what it tells unrounded',
  async (name, folder, [filmSize, filmDate], [textSize, textDate]) => {
    const page = PAGES[name];
    const type = name.endsWith('JSON') ? 'application/json; charset=utf-8' : 'text/html;charset=UTF-8';
    // Latin-1 bytes as a server sends them; the replacement of Caddy's is three bytes.
    const bytes = name === 'CADDY_JSON' ? Buffer.from(page) : Buffer.from(page, 'latin1');
    for (const piece of [bytes.length, 7]) {
      server.answer((_, res) => {
        res.writeHead(200, { 'content-type': type });
        for (let at = 0; at < bytes.length; at += piece) res.write(bytes.subarray(at, at + piece));
        res.end();
      });
      const { entries, refused } = await listedIn(lister);
      const seen = entries.map(({ modifiedAt, ...entry }) => ({
        ...entry,
        at: modifiedAt?.toISOString().slice(0, 19) ?? null,
      }));
      expect(seen).toEqual([
        { kind: 'folder', segment: 'Season%201', name: 'Season 1', sizeBytes: null, at: folder },
        {
          kind: 'file',
          segment: 'Am%E9lie.mkv',
          name: 'Amélie.mkv',
          sizeBytes: filmSize,
          at: filmDate,
        },
        {
          kind: 'file',
          segment: 'a%26b%20%22c%22.srt',
          name: 'a&b "c".srt',
          sizeBytes: textSize,
          at: textDate,
        },
      ]);
      expect(refused).toBe(0);
    }
    expect(server.asked).toEqual(['GET /films/']);
  },
);

test('folders below are asked for by the very bytes of their names', async () => {
  server.answer(PAGES.NGINX);
  await listedIn(lister, 'Am%E9lie%20%28x%29/%F0%9F%8E%AC');
  expect(server.asked).toEqual(['GET /films/Am%E9lie%20%28x%29/%F0%9F%8E%AC/']);
});

/** Whatever a page links to, only a child of the folder counts. */
const links: readonly [string, string | null | 'refused'][] = [
  ['film.mkv', 'film.mkv'],
  ['./film.mkv', 'film.mkv'],
  ['/films/film.mkv', 'film.mkv'],
  ['/f%69lms/film.mkv', 'film.mkv'],
  ['  film.mkv\n', 'film.mkv'],
  ['//127.0.0.1:PORT/films/film.mkv', 'film.mkv'],
  ['HTTP://127.0.0.1:PORT/films/film.mkv#part', 'film.mkv'],
  ['/films/sub/../film.mkv', 'film.mkv'],
  ['100% wahr.mkv', '100%25%20wahr.mkv'],
  ['caf\xc3\xa9.mkv', 'caf%C3%A9.mkv'],
  ['caf\xe9.mkv', 'caf%E9.mkv'],
  ['caf&#233;.mkv', 'caf%C3%A9.mkv'],
  ['a&#x26;b.mkv', 'a%26b.mkv'],
  ['"quoted".mkv', '%22quoted%22.mkv'],
  ['%E2%80%AEgnp.mkv', '%E2%80%AEgnp.mkv'],
  ['a:b.mkv', null],
  ['./a:b.mkv', 'a%3Ab.mkv'],
  ['', null],
  ['.', null],
  ['./', null],
  ['..', null],
  ['../', null],
  ['../other/film.mkv', null],
  ['%2e%2e/', 'refused'],
  ['%2E%2e', 'refused'],
  ['.%2e/%2e./etc/passwd', null],
  ['..%2fetc', 'refused'],
  ['..\\etc\\passwd', null],
  ['a%2Fb.mkv', 'refused'],
  ['a%00.mkv', 'refused'],
  ['a%0d%0aSet-Cookie:%20x.mkv', 'refused'],
  ['a\r\nb.mkv', 'refused'],
  ['java\tscript:alert(1)', 'refused'],
  ['javascript:alert(1)', null],
  ['data:text/html,x', null],
  ['ftp://127.0.0.1:PORT/films/film.mkv', null],
  ['https://127.0.0.1:PORT/films/film.mkv', null],
  ['http://127.0.0.1.evil.example/films/film.mkv', null],
  ['http://127.0.0.1:PORT@evil.example/films/film.mkv', null],
  ['//evil.example/films/film.mkv', null],
  ['\\\\evil.example\\films\\film.mkv', null],
  ['/filmsx/film.mkv', null],
  ['/films', null],
  ['/films/', null],
  ['/films/sub/film.mkv', null],
  ['?C=N;O=D', null],
  ['film.mkv?x=1', null],
  ['#top', null],
  [`${'x'.repeat(2000)}.mkv`, 'refused'],
  [`${'x'.repeat(20_000)}.mkv`, 'refused'],
];
test.each(links)('a link to %j', async (href, expected) => {
  const written = href.replaceAll('PORT', new URL(server.baseUrl).port).replaceAll('"', '&quot;');
  const page = `<title>Index of /films/</title><a href="../">..</a><ul><li><a href="${written}">x</a></li></ul>`;
  server.answer((_, res) => sendPage(res, Buffer.from(page, 'latin1')));
  const { entries, refused } = await listedIn(lister);
  expect(entries.map(({ segment }) => segment)).toEqual(
    expected === null || expected === 'refused' ? [] : [expected],
  );
  expect(refused).toBe(expected === 'refused' ? 1 : 0);
});

test('an index of which a base lies deeper holds to the base; its redirects too', async () => {
  server.answer((req, res) => {
    if (req.url === '/films/moved/') return res.writeHead(301, { location: '/films/here/' }).end();
    if (req.url === '/films/here/') return sendPage(res, '<title>Index of</title><a href="film.mkv">x</a>');
    const away: Record<string, string> = {
      '/films/out/': '/filmsx/here/',
      '/films/up/': '../../',
      '/films/host/': 'http://localhost:1/films/here/',
      '/films/script/': 'javascript:1',
      '/films/round/': '/films/round/',
    };
    return res.writeHead(302, { location: away[req.url ?? ''] ?? '/' }).end();
  });
  expect((await listedIn(lister, 'moved')).entries).toMatchObject([{ segment: 'film.mkv' }]);
  for (const path of ['out', 'up', 'host', 'script', 'round'])
    await expect(listedIn(lister, path)).rejects.toMatchObject({
      reach: 'folder',
      message: expect.stringContaining('redirects'),
    });
  await expect(listedIn(lister)).rejects.toMatchObject({ reach: 'server', isLasting: true });
  expect(server.asked.filter((line) => line === 'GET /films/round/')).toHaveLength(6);
});

test('the login goes along as Basic, and to the base only', async () => {
  await using withLogin = openLister('http-index', `${server.baseUrl}films/`, {
    username: 'ä',
    password: 'p:w',
  });
  const seen: (string | undefined)[] = [];
  server.answer((req, res) => {
    seen.push(req.headers.authorization, req.headers['accept-encoding']);
    sendPage(res, PAGES.NGINX);
  });
  await listedIn(withLogin);
  expect(seen).toEqual([`Basic ${Buffer.from('ä:p:w').toString('base64')}`, 'identity']);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lister } from '../../src/finders/lister.ts';
import {
  type ListingServer,
  listedIn,
  openLister,
  startListingServer,
  walkedIn,
} from '../support/listing-server.ts';

let server: ListingServer;
let lister: Lister & AsyncDisposable;
beforeAll(async () => {
  server = await startListingServer();
  lister = openLister('webdav', `${server.baseUrl}dav/`, { username: 'me', password: 'secret' });
});
afterAll(async () => {
  await lister[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const answerXml = (xml: string) =>
  server.answer((_, res) =>
    res.writeHead(207, { 'content-type': 'application/xml; charset=utf-8' }).end(xml),
  );
const file = (href: string, more = '') =>
  `<D:response><D:href>${href}</D:href><D:propstat><D:prop><lp1:getcontentlength xmlns:lp1="DAV:">17</lp1:getcontentlength>
<D:getlastmodified>Sat, 31 Jan 2026 20:15:07 GMT</D:getlastmodified><D:resourcetype/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>${more}</D:response>`;
const multistatus = (...responses: string[]) =>
  `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">${responses.join('\n')}</D:multistatus>`;
const self =
  '<D:response><D:href>/dav/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>';

test('folders and files with size and date; properties that are not there do not count', async () => {
  let asked: unknown = null;
  server.answer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    asked = [
      req.method,
      req.url,
      req.headers.depth,
      req.headers.authorization,
      body.includes('getcontentlength'),
    ];
    res.writeHead(207, { 'content-type': 'text/xml' }).end(
      multistatus(
        self,
        // Apache: a folder's length is a property that is not found.
        `<D:response><D:href>/dav/Season%201/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
        <D:propstat><D:prop><D:getcontentlength>4096</D:getcontentlength></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>`,
        file('/dav/Am%e9lie%20%26%20co.mkv'),
        file('http://127.0.0.1:1/dav/other-host.mkv'),
        '<D:response><D:href>/dav/gone.mkv</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>',
        '<D:response><D:href>/dav/a&amp;b.mkv</D:href><D:propstat><D:prop><D:getcontentlength>many</D:getcontentlength></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>',
      ),
    );
  });
  const { entries, refused } = await listedIn(lister, '');
  expect(asked).toEqual([
    'PROPFIND',
    '/dav/',
    '1',
    `Basic ${Buffer.from('me:secret').toString('base64')}`,
    true,
  ]);
  expect(entries).toEqual([
    { kind: 'folder', segment: 'Season%201', name: 'Season 1', sizeBytes: null, modifiedAt: null },
    {
      kind: 'file',
      segment: 'Am%E9lie%20%26%20co.mkv',
      name: 'Amélie & co.mkv',
      sizeBytes: 17,
      modifiedAt: new Date('2026-01-31T20:15:07Z'),
    },
    { kind: 'file', segment: 'a%26b.mkv', name: 'a&b.mkv', sizeBytes: null, modifiedAt: null },
  ]);
  expect(refused).toBe(0);
});

test('an address that is not escaped means its UTF-8', async () => {
  answerXml(multistatus(self, file('/dav/é &quot;日.mkv')));
  expect((await listedIn(lister)).entries).toMatchObject([
    { segment: '%C3%A9%20%22%E6%97%A5.mkv', name: 'é "日.mkv' },
  ]);
});

test.each([
  '/dav/..%2fx',
  '/dav/a%0d%0ab',
  '/dav/a%00',
  '/',
  '/dav/%252e',
  '/dav/../../etc/passwd',
  '/davx/a.mkv',
  'http://evil.example/dav/a.mkv',
  '/dav/a/b.mkv',
])('an address %s leads nowhere else', async (href) => {
  answerXml(multistatus(self, file(href), file('/dav/ok.mkv')));
  const { entries } = await listedIn(lister);
  expect(entries.map(({ segment }) => segment)).toEqual(
    href === '/dav/%252e' ? ['%252e', 'ok.mkv'] : ['ok.mkv'],
  );
});

test('a server that names its files by another address is told, and not read as empty', async () => {
  answerXml(multistatus(file('http://inside:8080/dav/'), file('http://inside:8080/dav/a.mkv')));
  await expect(listedIn(lister)).rejects.toThrow('another address');
});

const broken: readonly [string, string, 'folder' | 'server'][] = [
  ['cut off', multistatus(self, file('/dav/a.mkv')).slice(0, -30), 'server'],
  ['no XML', 'hello', 'server'],
  ['another document', '<rss><channel/></rss>', 'folder'],
  ['a DTD', '<!DOCTYPE x [<!ENTITY a "b">]><D:multistatus xmlns:D="DAV:"/>', 'folder'],
  ['too deep', multistatus('<a>'.repeat(100)), 'folder'],
  ['a text without end', `<D:multistatus xmlns:D="DAV:"><!--${'x'.repeat(3_000_000)}`, 'folder'],
];
test.each(broken)('%s is no listing', async (_, xml, reach) => {
  answerXml(xml);
  await expect(listedIn(lister, 'x')).rejects.toMatchObject({ code: 'source.listing_failed', reach });
});

test('a server without WebDAV, or another status, is told in words', async () => {
  server.answer((_, res) => res.writeHead(405).end());
  await expect(listedIn(lister)).rejects.toThrow('It does not list this folder by WebDAV (status 405).');
  server.answer((_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
  await expect(listedIn(lister)).rejects.toThrow('by WebDAV (status 200)');
  server.answer((req, res) =>
    req.url === '/dav/'
      ? res.writeHead(302, { location: 'http://localhost:1/dav/' }).end()
      : res.writeHead(404).end(),
  );
  await expect(walkedIn(lister)).rejects.toThrow('redirects to somewhere else');
});

test('a folder of 50,000 comes in batches of at most a thousand', async () => {
  answerXml(multistatus(self, ...Array.from({ length: 50_000 }, (_, index) => file(`/dav/${index}.mkv`))));
  let count = 0;
  for await (const batch of lister.list('', new AbortController().signal)) {
    expect(batch.length).toBeLessThanOrEqual(1000);
    count += batch.length;
  }
  expect(count).toBe(50_000);
});

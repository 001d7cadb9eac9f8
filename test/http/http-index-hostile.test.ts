import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lister } from '../../src/finders/lister.ts';
import { walkFolders } from '../../src/finders/walk-folders.ts';
import {
  type ListingServer,
  listedIn,
  openLister,
  sendPage,
  startListingServer,
  walkedIn,
} from '../support/listing-server.ts';
import { waitUntil } from '../support/wait-until.ts';

let server: ListingServer;
let lister: Lister & AsyncDisposable;
beforeAll(async () => {
  server = await startListingServer();
  lister = openLister('http-index', server.baseUrl);
});
afterAll(async () => {
  await lister[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const page = (links: readonly string[]) =>
  `<html><head><title>Index of /</title></head><body><pre><a href="../">../</a>\n${links
    .map((link) => `<a href="${link}">${link}</a>   31-Jan-2026 20:15   17\n`)
    .join('')}</pre></body></html>`;

test.each([401, 403, 404, 410, 418, 501])(
  'status %i: the folder is passed over; of the base, nothing is taken as gone',
  async (status) => {
    server.answer((req, res) =>
      req.url === '/'
        ? sendPage(res, page(['bad/', 'good/']))
        : req.url === '/good/'
          ? sendPage(res, page(['a.mkv']))
          : res.writeHead(status).end('<a href="x.mkv">x</a>'),
    );
    const parts = await walkedIn(lister);
    expect(parts.map(({ path, state }) => [path, state]).sort()).toEqual([
      ['', 'read'],
      ['bad', 'failed'],
      ['good', 'read'],
    ]);
    expect(parts.find(({ path }) => path === 'bad')?.reason).toContain(`${status}`);
    server.answer((_, res) => res.writeHead(status).end());
    await expect(listedIn(lister)).rejects.toMatchObject({ reach: 'server', isLasting: true });
  },
);

test.each([500, 502, 503, 429])('status %i: the server is asked again, when it says so', async (status) => {
  server.answer((_, res) => res.writeHead(status, { 'retry-after': '2' }).end());
  await expect(listedIn(lister, 'x')).rejects.toMatchObject({
    reach: 'server',
    restMs: 2000,
    isLasting: false,
  });
});

test('a redirect to a host that may not be reached is not followed; a host that may not be is told as that', async () => {
  await using outside = openLister('http-index', 'http://10.0.0.1/');
  await expect(listedIn(outside)).rejects.toMatchObject({
    code: 'net.refused',
    message: expect.stringContaining('OUTBOUND_ALLOW'),
  });
});

test('a server that is gone is a server that failed', async () => {
  const gone = await startListingServer();
  await using lost = openLister('http-index', gone.baseUrl);
  await gone[Symbol.asyncDispose]();
  await expect(listedIn(lost)).rejects.toMatchObject({
    code: 'source.listing_failed',
    reach: 'server',
    isLasting: false,
  });
});

const cuts: readonly [string, (res: ServerResponse) => void][] = [
  [
    'short of its length',
    (res) => res.writeHead(200, { 'content-type': 'text/html', 'content-length': '9999' }),
  ],
  ['in the middle of its chunks', (res) => res.writeHead(200, { 'content-type': 'text/html' })],
  [
    'without a length',
    (res) => {
      res.useChunkedEncodingByDefault = false;
      res.writeHead(200, { 'content-type': 'text/html', connection: 'close' });
    },
  ],
];
test.each(cuts)('a listing cut off %s is no listing', async (_, head) => {
  server.answer(async (_req, res) => {
    head(res);
    res.write(page(['a.mkv', 'b.mkv']).slice(0, -40));
    await new Promise((resolve) => setTimeout(resolve, 20));
    res.socket?.end();
  });
  await expect(listedIn(lister, 'x')).rejects.toMatchObject({ reach: 'server' });
});

test('a whole listing without a length is one', async () => {
  server.answer((_, res) => {
    res.useChunkedEncodingByDefault = false;
    res.writeHead(200, { 'content-type': 'text/html', connection: 'close' });
    res.end(page(['a.mkv']));
  });
  expect((await listedIn(lister)).entries).toHaveLength(1);
});

test('JSON cut off, of another kind, or with names that are none', async () => {
  const json = (text: string) => server.answer((_, res) => sendPage(res, text, 'application/json'));
  json('[{"name":"a.mkv","type":"file","size":1},{"name":"b.m');
  await expect(listedIn(lister, 'x')).rejects.toMatchObject({ reach: 'server' });
  json('{"error":"please log in"}');
  await expect(listedIn(lister, 'x')).rejects.toMatchObject({ reach: 'folder' });
  const names = ['..', 'a/b', 'x\\r\\ny', '', '\\u0000', 'ok.mkv', '日.mkv', '\\u65e5.srt'];
  json(`[${names.map((name) => `{"name":"${name}","type":"file","size":-1,"mtime":"never"}`).join(',\n')}]`);
  const { entries, refused } = await listedIn(lister);
  expect(entries.map(({ name, sizeBytes, modifiedAt }) => [name, sizeBytes, modifiedAt])).toEqual([
    ['ok.mkv', null, null],
    ['日.mkv', null, null],
    ['日.srt', null, null],
  ]);
  expect(refused).toBe(5);
  json(
    `[${['../x/', 'http://evil.example/x', '/etc/', 'ok.mkv'].map((url) => `{"url":"${url}","is_dir":false}`).join(',')}]`,
  );
  expect(await listedIn(lister, 'sub')).toMatchObject({ entries: [{ name: 'ok.mkv' }], refused: 3 });
});

test('a page that is no listing is none: a login, an image, a compressed answer', async () => {
  server.answer('<html><title>Please log in</title><form></form><a href="/">Home</a></html>');
  await expect(listedIn(lister, 'deep/x')).rejects.toMatchObject({ reach: 'folder' });
  server.answer((_, res) => sendPage(res, page(['a.mkv']), 'image/png'));
  await expect(listedIn(lister, 'x')).rejects.toMatchObject({ reach: 'folder' });
  server.answer((_, res) =>
    res.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end('x'),
  );
  await expect(listedIn(lister, 'x')).rejects.toThrow('compressed');
  server.answer('<html><head><title>Index of /empty/</title></head><body></body></html>');
  expect((await listedIn(lister, 'x')).entries).toEqual([]);
});

/** A page without end, of one piece again and again. */
function sendEndless(res: ServerResponse, begin: string, piece: string): void {
  res.writeHead(200, { 'content-type': 'text/html' }).write(begin);
  const big = piece.repeat(Math.ceil(65_536 / piece.length));
  const more = () => {
    while (!res.destroyed && res.write(big));
  };
  res.on('drain', more);
  more();
}

test.each([
  ['a link without end', '<a href="', 'x'],
  ['a tag without end', '<a ', 'x'],
  ['a comment without end', '<!-- ', 'x'],
  ['tags in tags in tags', '', '<div>'],
])('%s is given up early', async (_, begin, piece) => {
  let sentBytes = 0;
  server.answer((req, res) => {
    sendEndless(res, begin, piece);
    req.socket.on('close', () => (sentBytes = req.socket.bytesWritten));
  });
  await expect(listedIn(lister, 'x')).rejects.toMatchObject({ reach: 'folder' });
  await waitUntil(() => sentBytes > 0, { what: 'the connection is closed', timeoutMs: 5000 });
  expect(sentBytes).toBeLessThan(40_000_000);
});

/** Answers with a listing of `count` files, as fast as it is taken. */
function answerMany(count: number) {
  const sending = { rows: 0, isClosed: false };
  server.answer(async (_, res) => {
    let wake = () => {};
    res
      .on('drain', () => wake())
      .on('close', () => {
        sending.isClosed = true;
        wake();
      });
    res.writeHead(200, { 'content-type': 'text/html' }).write('<title>Index of /</title><pre>');
    for (; sending.rows < count && !res.destroyed; sending.rows += 1000) {
      const rows = Array.from(
        { length: 1000 },
        (_, at) => `<a href="film%20${sending.rows + at}.mkv">film</a>   31-Jan-2026 20:15   ${at}\r\n`,
      );
      if (!res.write(rows.join('')) && !res.destroyed)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    res.end('</pre></html>');
  });
  return sending;
}

test('a folder of 50,000 comes whole', async () => {
  answerMany(50_000);
  const files = (await walkedIn(lister)).flatMap((part) => part.files);
  expect(new Set(files.map(({ path }) => path)).size).toBe(50_000);
});

test('a folder of ten million is read no further than is taken, and left when nobody wants more', async () => {
  const sending = answerMany(10_000_000);
  const walk = walkFolders(lister, { starts: [''], signal: new AbortController().signal });
  expect((await walk.next()).value).toMatchObject({ state: 'more' });
  let before = -1;
  const isStill = () => {
    const wasStill = before === sending.rows;
    before = sending.rows;
    return wasStill;
  };
  await waitUntil(isStill, { what: 'the server is held back', timeoutMs: 15_000, everyMs: 300 });
  // What the kernel keeps of a connection is some megabytes.
  expect(sending.rows).toBeLessThan(1_000_000);
  await walk.return();
  await waitUntil(() => sending.isClosed, { what: 'the connection is closed', timeoutMs: 5000 });
});

test('a listing that is under way ends at once by its signal', async () => {
  server.answer(
    (_, res) => void res.writeHead(200, { 'content-type': 'text/html' }).write(page(['a.mkv', 'b.mkv'])),
  );
  const stop = new AbortController();
  const listing = (async () => {
    for await (const _ of lister.list('', stop.signal)) stop.abort(new Error('stopped'));
  })();
  await expect(listing).rejects.toThrow('stopped');
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type PlayServer, rawRequest, startPlayServer } from '../support/play-server.ts';
import { openTempDir } from '../support/processes.ts';

/** Acceptance criteria 1–11 (RFC 9110 §13–14), over the wire, on a file from an HTTP origin. */
const SIZE = 300_000;
const film = Buffer.from(Uint8Array.from({ length: SIZE }, (_, at) => (at * 7 + (at >> 8)) & 255));
const MODIFIED = 'Sat, 10 May 2008 10:00:00 GMT';

let origin: Origin;
let server: PlayServer;
let url: string;
beforeAll(async () => {
  origin = await startOrigin(film);
  server = await startPlayServer('http', { url: origin.url });
  url = server.urlOf({ filename: 'Amélie “1” (2001).mp4' });
  await rawRequest(url, { method: 'HEAD' });
});
afterAll(async () => {
  await server.close();
  await origin.stop();
});

const get = (headers: Record<string, string> = {}) => rawRequest(url, { headers });
const range = (value: string) => get({ Range: value });

test('1: answers GET with everything a player wants to know', async () => {
  const { status, headers, body } = await get();
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-length': `${SIZE}`,
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    etag: '"v1"',
    'last-modified': MODIFIED,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  expect(body.equals(film)).toBe(true);
});

test.each([
  ['bytes=0-', 0, SIZE],
  ['bytes=0-299999', 0, SIZE],
  ['bytes=0-0', 0, 1],
  ['bytes=100-199', 100, 200],
  ['bytes=299999-', 299_999, SIZE],
  ['bytes=299000-999999', 299_000, SIZE],
  ['bytes=1-99999999999999999999', 1, SIZE],
  ['bytes=-1', 299_999, SIZE],
  ['bytes=-300000', 0, SIZE],
  ['bytes=-999999', 0, SIZE],
  ['bytes=-9007199254740993', 0, SIZE],
  ['BYTES=5-9', 5, 10],
  ['bytes= 5-9 ', 5, 10],
  ['bytes=0-9,10-19', 0, 20],
  ['bytes=0-9,5-19', 0, 20],
])('2, 3: %s is a 206 with exactly those bytes', async (value, start, end) => {
  const { status, headers, body } = await range(value);
  expect(status).toBe(206);
  expect(headers['content-range']).toBe(`bytes ${start}-${end - 1}/${SIZE}`);
  expect(headers['content-length']).toBe(`${end - start}`);
  expect(headers).toMatchObject({ etag: '"v1"', 'last-modified': MODIFIED, 'accept-ranges': 'bytes' });
  expect(body.equals(film.subarray(start, end))).toBe(true);
});

test.each([
  'bytes=300000-',
  'bytes=300000-300001',
  'bytes=-0',
  'bytes=9007199254740993-',
  'bytes=400000-,500000-',
])('3: %s is a 416 that names the size, and the origin is not asked', async (value) => {
  const before = origin.requests.length;
  const { status, headers, body } = await range(value);
  expect(status).toBe(416);
  expect(headers['content-range']).toBe(`bytes */${SIZE}`);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(JSON.parse(body.toString())).toMatchObject({ code: 'play.range_not_satisfiable', status: 416 });
  expect(origin.requests.length).toBe(before);
});

test.each([
  'bytes=',
  'bytes=-',
  'bytes=a-b',
  'bytes=9-5',
  'items=0-5',
  'bytes 0-5',
  '0-5',
  'bytes=0-5;',
  'bytes=0x0-5',
  'bytes=1.5-9',
  'bytes=--5',
  ',',
])('4: "%s" is ignored', async (value) => {
  const { status, body } = await range(value);
  expect([status, body.length]).toEqual([200, SIZE]);
});

describe('5: several ranges', () => {
  test('become multipart/byteranges of the promised length, each part with its place', async () => {
    const before = origin.requests.length;
    const { status, headers, body, isCut } = await range('bytes=100-199, -50, 5000-5000');
    expect([status, isCut]).toEqual([206, false]);
    expect(headers['content-range']).toBeUndefined();
    const parts = partsOf(body, headers['content-type'] ?? '');
    expect(parts.map(({ contentRange }) => contentRange)).toEqual([
      `bytes 100-199/${SIZE}`,
      `bytes 5000-5000/${SIZE}`,
      `bytes 299950-299999/${SIZE}`,
    ]);
    expect(parts.every(({ contentType }) => contentType === 'video/mp4')).toBe(true);
    expect(
      Buffer.concat(parts.map((part) => part.bytes)).equals(pick([100, 200], [5000, 5001], [299_950, SIZE])),
    ).toBe(true);
    expect(origin.requests.length - before).toBe(3);
  });

  test('eight are sent, nine get the whole file', async () => {
    const list = (count: number) =>
      `bytes=${Array.from({ length: count }, (_, index) => `${index * 100}-${index * 100 + 9}`).join(',')}`;
    const eight = await range(list(8));
    expect(partsOf(eight.body, eight.headers['content-type'] ?? '').length).toBe(8);
    expect((await range(list(9))).status).toBe(200);
  });

  test('more than two overlaps get the whole file', async () => {
    expect((await range('bytes=0-99,10-109,20-119,30-129')).status).toBe(200);
  });

  test('those past the end are left out', async () => {
    const { status, headers } = await range('bytes=0-9,400000-');
    expect([status, headers['content-range']]).toEqual([206, `bytes 0-9/${SIZE}`]);
  });
});

describe('6: conditions', () => {
  test.each([
    [{ 'If-Range': '"v1"' }, 206],
    [{ 'If-Range': MODIFIED }, 206],
    [{ 'If-Range': 'W/"v1"' }, 200],
    [{ 'If-Range': '"v2"' }, 200],
    [{ 'If-Range': 'Sun, 11 May 2008 10:00:00 GMT' }, 200],
    [{ 'If-Range': 'garbage' }, 200],
    [{ 'If-None-Match': '"v1"' }, 304],
    [{ 'If-None-Match': 'W/"v1"' }, 304],
    [{ 'If-None-Match': '"x", "v1"' }, 304],
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-None-Match': '"v2"' }, 206],
    [{ 'If-Modified-Since': MODIFIED }, 304],
    [{ 'If-Modified-Since': 'Fri, 09 May 2008 10:00:00 GMT' }, 206],
    [{ 'If-None-Match': '"v2"', 'If-Modified-Since': MODIFIED }, 206],
    [{ 'If-Match': '"v1"' }, 206],
    [{ 'If-Match': '"v2"' }, 412],
    [{ 'If-Match': 'W/"v1"' }, 412],
    [{ 'If-Match': '"v2"', 'If-None-Match': '"v1"' }, 412],
    [{ 'If-Unmodified-Since': MODIFIED }, 206],
    [{ 'If-Unmodified-Since': 'Fri, 09 May 2008 10:00:00 GMT' }, 412],
  ])('%o with a range is a %d', async (condition, expected) => {
    const { status, headers, body } = await get({ Range: 'bytes=0-9', ...condition });
    expect(status).toBe(expected);
    if (expected === 304)
      expect([headers.etag, headers['content-length'], body.length]).toEqual(['"v1"', undefined, 0]);
    if (expected === 206) expect(body.length).toBe(10);
    if (expected === 200) expect(body.length).toBe(SIZE);
  });
});

describe('7: methods', () => {
  test('HEAD has the headers of GET, ignores Range, and fetches nothing', async () => {
    const before = origin.requests.length;
    const head = await rawRequest(url, { method: 'HEAD', headers: { Range: 'bytes=0-9' } });
    expect(origin.requests.length).toBe(before);
    const whole = await get();
    const { date: _one, ...headHeaders } = head.headers;
    const { date: _two, ...getHeaders } = whole.headers;
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(headHeaders).toEqual(getHeaders);
  });

  test('OPTIONS is a 204 that lets a web player send its headers', async () => {
    const { status, headers, body } = await rawRequest(url, {
      method: 'OPTIONS',
      headers: { Origin: 'https://web.example.org', 'Access-Control-Request-Headers': 'range,x-player' },
    });
    expect([status, body.length]).toEqual([204, 0]);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'range,x-player',
    });
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'])(
    '%s is a 405 that names what is allowed',
    async (method) => {
      const { status, headers } = await rawRequest(url, { method });
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    },
  );
});

test('10: names the file for old and new clients', async () => {
  const { headers } = await get();
  expect(headers['content-disposition']).toMatch(
    /^inline; filename="[\x20-\x7e]+"; filename\*=UTF-8''Am%C3%A9lie/,
  );
  expect(headers['content-disposition']).not.toMatch(/[\r\n]/);
});

test('10: speaks DLNA only to those who ask', async () => {
  expect((await get()).headers['contentfeatures.dlna.org']).toBeUndefined();
  const { headers } = await get({ 'getContentFeatures.dlna.org': '1' });
  expect(headers['contentfeatures.dlna.org']).toContain('DLNA.ORG_OP=01');
});

test('11: shows web players the headers they need, errors included, and never allows credentials', async () => {
  for (const headers of [{}, { Range: 'bytes=0-1' }, { Range: 'bytes=300000-' }, { 'If-Match': '"x"' }]) {
    const answer = await get({ Origin: 'https://web.example.org', ...headers });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    for (const name of ['Content-Range', 'Accept-Ranges', 'Content-Length', 'ETag'])
      expect(answer.headers['access-control-expose-headers']).toContain(name);
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  }
});

describe('other files', () => {
  let dir: Awaited<ReturnType<typeof openTempDir>>;
  let local: PlayServer;
  beforeAll(async () => {
    dir = await openTempDir();
    await writeFile(join(dir.path, 'empty.mkv'), '');
    await writeFile(join(dir.path, 'film.mkv'), film);
    local = await startPlayServer('local', { file: 'films/film.mkv' }, { films: dir.path });
  });
  afterAll(async () => {
    await local.close();
    await dir.remove();
  });
  beforeEach(() => {
    Object.assign(origin.behaviour, { isEndless: false, contentType: 'video/mp4' });
  });

  test('3: any range of an empty file is a 416, the whole of it a 200', async () => {
    const empty = local.urlOf({ detail: { folder: 'films', path: 'empty.mkv' } });
    for (const value of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) {
      const { status, headers } = await rawRequest(empty, { headers: { Range: value } });
      expect([status, headers['content-range']]).toEqual([416, 'bytes */0']);
    }
    const { status, headers } = await rawRequest(empty);
    expect([status, headers['content-length']]).toEqual([200, '0']);
  });

  test('a file of this machine has a strong ETag, a date and ranges too', async () => {
    const { status, headers, body } = await rawRequest(local.urlOf(), { headers: { Range: 'bytes=1000-' } });
    expect(status).toBe(206);
    expect(headers.etag).toMatch(/^"[\w-]+"$/);
    expect(headers['last-modified']).toMatch(/GMT$/);
    expect(headers['content-type']).toBe('video/x-matroska');
    expect(body.equals(film.subarray(1000))).toBe(true);
  });

  test('8: a body of unknown length is chunked and has no ranges', async () => {
    origin.behaviour.isEndless = true;
    const endless = server.urlOf({
      detail: server.kinds.get('http')?.parse({ url: `${origin.base}/live.ts` }),
    });
    const { status, headers, body, isCut } = await rawRequest(endless, { headers: { Range: 'bytes=5-9' } });
    expect([status, isCut]).toEqual([200, false]);
    expect(headers).toMatchObject({ 'accept-ranges': 'none', 'transfer-encoding': 'chunked' });
    expect(body.equals(film)).toBe(true);
    const head = await rawRequest(endless, { method: 'HEAD' });
    expect([head.status, head.headers['content-length']]).toEqual([200, undefined]);
  });

  test.each([
    ['text/html', '/page.html', 'application/octet-stream'],
    ['image/svg+xml', '/image', 'application/octet-stream'],
    ['application/xhtml+xml', '/image', 'application/octet-stream'],
    ['text/xml', '/image', 'application/octet-stream'],
    ['text/javascript', '/script', 'application/octet-stream'],
    ['application/vnd.apple.mpegurl', '/list', 'application/vnd.apple.mpegurl'],
  ])('a stranger’s %s never runs as a page of this server', async (contentType, path, served) => {
    origin.behaviour.contentType = contentType;
    const strange = server.urlOf({
      detail: server.kinds.get('http')?.parse({ url: `${origin.base}${path}?${contentType}` }),
    });
    const { headers } = await rawRequest(strange);
    expect(headers['content-type']).toBe(served);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

type Part = { contentType: string; contentRange: string; bytes: Buffer };

function partsOf(body: Buffer, contentType: string): Part[] {
  const boundary = /boundary=(.+)$/.exec(contentType)?.[1] ?? '';
  const marker = `--${boundary}`;
  const parts: Part[] = [];
  let at = body.indexOf(marker);
  expect(at).toBe(0);
  for (;;) {
    const headEnd = body.indexOf('\r\n\r\n', at);
    const next = body.indexOf(`\r\n${marker}`, headEnd);
    if (headEnd < 0 || next < 0) break;
    const head = body.toString('latin1', at, headEnd);
    parts.push({
      contentType: /^content-type: (.+)$/im.exec(head)?.[1]?.trim() ?? '',
      contentRange: /^content-range: (.+)$/im.exec(head)?.[1]?.trim() ?? '',
      bytes: body.subarray(headEnd + 4, next),
    });
    at = next + 2;
  }
  expect(body.toString('latin1', at)).toBe(`${marker}--\r\n`);
  return parts;
}

function pick(...ranges: readonly (readonly [number, number])[]): Buffer {
  return Buffer.concat(ranges.map(([start, end]) => film.subarray(start, end)));
}

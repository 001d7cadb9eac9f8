import { once } from 'node:events';
import { connect } from 'node:net';
import { Router } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { type Listening, listen } from '../../src/listen.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { jsonBody } from '../../src/platform/json-body.ts';
import { createLog } from '../../src/platform/log.ts';

// What reaches the port is HTTP or nothing: the real listener and the real app, with one route that tells what it was given.

let server: Listening;
let seen: string[] = [];

beforeAll(async () => {
  const none = Router();
  const telling = Router();
  telling.all('/echo', ...jsonBody('64kb'), (req, res) => {
    seen.push(`${req.method} ${req.url}`);
    res.json({ host: req.host });
  });
  const app = createApp({
    log: createLog('silent'),
    trustProxy: ['127.0.0.0/8'],
    countRequests: (_req, _res, next) => next(),
    limitApi: (_req, _res, next) => next(),
    requireAdmin: (_req, _res, next) => next(),
    routers: {
      ...{
        probes: none,
        metrics: none,
        play: none,
        addon: none,
        nabServer: none,
        shippedAssets: none,
        web: none,
      },
      ...{ publicApi: [telling], adminApi: [] },
    },
  });
  server = await listen(loadConfig({ PORT: '0', HOST: '127.0.0.1' }, '/'), app, {
    prefixes: [],
    handler: () => false,
  });
});
afterAll(() => server.close(0));

/** Writes bytes as they are; everything the server says until it hangs up, or 300 ms after its last word. */
async function say(bytes: string): Promise<string> {
  seen = [];
  const socket = connect(server.port, '127.0.0.1');
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    said += text;
    socket.setTimeout(300);
  });
  socket.setTimeout(1500, () => socket.destroy());
  socket.on('error', () => {});
  socket.write(Buffer.from(bytes, 'latin1'));
  await once(socket, 'close');
  return said;
}

const statuses = (said: string) =>
  [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const HEAD = 'POST /api/echo HTTP/1.1\r\nHost: films.example\r\nContent-Type: application/json\r\n';
/** What a smuggler wants answered as a request of its own. */
const SMUGGLED = 'GET /api/echo?smuggled HTTP/1.1\r\nHost: films.example\r\n\r\n';

describe('a request whose end two servers would see at two places (RFC 9112 §6.3) is refused, and nothing behind it is read:', () => {
  test.each([
    ['both lengths, length first', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['both lengths, chunked first', `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 40\r\n\r\n'],
    ['a list of lengths', 'Content-Length: 0, 40\r\n\r\n'],
    ['a length with a sign', 'Content-Length: +0\r\n\r\n'],
    ['a length in hexadecimal', 'Content-Length: 0x0\r\n\r\n'],
    ['a length with a space in it', 'Content-Length: 0 0\r\n\r\n'],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
    ['a coding nobody knows', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['chunked that is not last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    [
      'chunked and another header of it',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
    ],
    ['a vertical tab', 'Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n'],
    ['a folded line', 'Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n'],
    ['a bare carriage return', 'X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bare line feed in a value', 'X: a\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n'],
    ['a null in a value', 'X: a\0b\r\nContent-Length: 0\r\n\r\n'],
    ['a chunk size past its end', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n'],
    ['a chunk size of nonsense', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n'],
    ['a chunk size too large for a number', 'Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{}\r\n'],
  ])('%s', async (_what, rest) => {
    const said = await say(`${HEAD}${rest}${SMUGGLED}`);
    expect(seen.filter((request) => request.includes('smuggled'))).toEqual([]);
    expect(statuses(said).filter((status) => status < 400)).toEqual([]);
    expect(statuses(said).length).toBeLessThanOrEqual(1);
  });

  test('while two honest requests on one connection are both answered', async () => {
    const said = await say(`${HEAD}Content-Length: 2\r\n\r\n{}${SMUGGLED}`);
    expect(statuses(said)).toEqual([200, 200]);
    expect(seen).toEqual(['POST /echo', 'GET /echo?smuggled']);
  });
});

describe('line ends and nulls', () => {
  test('in an address or a header never become a line of the answer', async () => {
    for (const bad of [
      '%0d%0aSet-Cookie:%20a=b',
      '%00',
      '%E5%98%8A%E5%98%8DSet-Cookie:a=b',
      '\xe5\x98\x8d',
    ]) {
      const said = await say(`GET /api/echo/${bad} HTTP/1.1\r\nHost: films.example\r\n\r\n`);
      expect(said.toLowerCase(), bad).not.toContain('\r\nset-cookie');
      expect(statuses(said)).toHaveLength(1);
    }
    for (const [name, value] of [
      ['Host', 'films.example\x00.evil'],
      ['Host', 'films.example\rX: y'],
      ['Host', 'films.example/evil'],
      ['X-Forwarded-Host', 'evil.example\x01'],
      ['X-Forwarded-Host', 'evil.example/?'],
      ['X-Forwarded-Host', 'a b'],
      ['X-Forwarded-Host', '"><script>'],
      ['X-Forwarded-Proto', 'javascript'],
      ['X-Forwarded-Proto', 'https\x00'],
    ]) {
      const host = name === 'Host' ? '' : 'Host: films.example\r\n';
      const said = await say(`GET /api/echo HTTP/1.1\r\n${host}${name}: ${value}\r\n\r\n`);
      expect(statuses(said), `${name}: ${JSON.stringify(value)}`).toEqual([400]);
      expect(said).not.toContain('evil');
    }
  });
});

describe('too much of anything is refused with its own status', () => {
  const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: films.example\r\n${headers}\r\n`;

  test('an address past 16 KiB: 414; headers past 32 KiB or 128 of them: 431', async () => {
    expect(statuses(await say(get(`/api/echo?q=${'a'.repeat(16_000)}`)))).toEqual([200]);
    const long = await say(get(`/api/echo?q=${'a'.repeat(17_000)}`));
    expect(statuses(long)).toEqual([414]);
    expect(long).toContain('request.url_too_long');
    expect(long).toContain('Access-Control-Allow-Origin: *');
    expect(statuses(await say(get('/api/echo', `X: ${'a'.repeat(33_000)}\r\n`)))).toEqual([431]);
    expect(statuses(await say(get('/api/echo', 'X: y\r\n'.repeat(100))))).toEqual([200]);
    expect(statuses(await say(get('/api/echo', 'X: y\r\n'.repeat(200))))).toEqual([431]);
    expect(statuses(await say(get('/api/echo', 'X: y\r\n'.repeat(2100))))).toEqual([431]);
  });

  test('a JSON body past the limit: 413, told or chunked; one nested 30,000 deep is read and harms nobody', async () => {
    const body = (text: string) => `${HEAD}Content-Length: ${text.length}\r\n\r\n${text}`;
    expect(statuses(await say(body(`{"a":"${'x'.repeat(70_000)}"}`)))).toEqual([413]);
    const piece = `1000\r\n${'x'.repeat(4096)}\r\n`;
    const chunked = `${HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a": "\r\n${piece.repeat(20)}2\r\n"}\r\n0\r\n\r\n`;
    expect(statuses(await say(chunked))).toEqual([413]);
    expect(statuses(await say(body(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)))).toEqual([200]);
    expect(statuses(await say(get('/api/echo')))).toEqual([200]);
  });
});

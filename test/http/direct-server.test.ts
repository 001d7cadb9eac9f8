import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answerDirectly,
  type DirectAnswer,
  type DirectServer,
  type PlainRequest,
} from '../../src/platform/http1/direct-server.ts';
import { readPlainRequest } from '../../src/platform/http1/plain-request.ts';
import { waitUntil } from '../support/wait-until.ts';

let server: Server;
let direct: DirectServer;
let port: number;
let seen: string[];
/** What is done about requests for `/film`. */
let onFilm: (answer: DirectAnswer, request: PlainRequest) => void;

const hello = (answer: DirectAnswer) => {
  answer.writeHead(200, { 'Content-Length': 5 }, {});
  answer.write(Buffer.from('hello'));
  answer.end();
};

beforeEach(async () => {
  seen = [];
  onFilm = hello;
  server = createServer((req, res) => {
    seen.push(`node ${req.method} ${req.url}`);
    res.end('node');
  });
  direct = answerDirectly(server, {
    prefixes: ['GET /film', 'HEAD /film'],
    keepAliveMs: 65_000,
    handler(request, answer) {
      if (request.target === '/film?node') return false;
      seen.push(`direct ${request.method} ${request.target}`);
      onFilm(answer, request);
      return true;
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterEach(async () => {
  direct.closeAll();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Writes each text in a packet of its own; what the server says until it hangs up, or is silent for 150 ms. */
async function say(...texts: string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => (said += text));
  socket.on('error', () => {});
  for (const text of texts) {
    socket.write(Buffer.from(text, 'latin1'));
    await sleep(20);
  }
  await Promise.race([once(socket, 'close'), sleep(150)]);
  socket.destroy();
  return said;
}

const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: a.example\r\n${headers}\r\n`;
const bodies = (said: string) => [...said.matchAll(/\r\n\r\n(hello|node)/g)].map(([, body]) => body);

describe('a connection', () => {
  test('has its plain requests answered one after the other, and goes to node’s server with the first other one', async () => {
    const said = await say(get('/film?1'), get('/film?2'), get('/other'), get('/film?3'));
    expect(seen).toEqual(['direct GET /film?1', 'direct GET /film?2', 'node GET /other', 'node GET /film?3']);
    expect(bodies(said)).toEqual(['hello', 'hello', 'node', 'node']);
    expect(direct.count()).toBe(0);
  });

  test('loses nothing of a head in pieces, of two requests in one packet, or of what the handler leaves', async () => {
    const [whole, half] = [get('/film'), get('/film').length / 2];
    expect(bodies(await say(whole.slice(0, half), whole.slice(half)))).toEqual(['node']);
    expect(bodies(await say(`${whole}${get('/film?2')}`))).toEqual(['node', 'node']);
    expect(bodies(await say(get('/film?node'), whole))).toEqual(['node', 'node']);
    expect(seen.filter((one) => one.startsWith('direct'))).toEqual([]);
  });

  test('that asks again too early is answered in turn', async () => {
    onFilm = (answer, { target }) => {
      if (target === '/film?slow') setTimeout(() => hello(answer), 60);
      else hello(answer);
    };
    const said = await say(get('/film?slow'), get('/film?2'), get('/other'));
    expect(seen).toEqual(['direct GET /film?slow', 'node GET /film?2', 'node GET /other']);
    expect(bodies(said)).toEqual(['hello', 'node', 'node']);
    expect((await say(get('/film?slow'), get('/film?2'))).split('hello').length).toBe(3);
    expect(seen.at(-1)).toBe('direct GET /film?2');
  });

  test('is ended where the client wants it, and cut in the middle of a body', async () => {
    const closed = await say(get('/film', 'Connection: close\r\n'), get('/film'));
    expect(closed).toMatch(/\r\nConnection: close\r\n\r\nhello$/);
    onFilm = (answer) => {
      answer.writeHead(200, { 'Content-Length': 9 }, {});
      answer.write('hel');
      answer.destroy();
    };
    await say(get('/film'));
    expect(direct.count()).toBe(0);
  });

  test('whose client is gone tells the answer, once', async () => {
    const gone: string[] = [];
    onFilm = (answer) => {
      answer.onGone = () => void gone.push('gone');
      answer.writeHead(200, { 'Content-Length': 1e9 }, {});
      answer.write('x');
    };
    await say(get('/film'));
    await waitUntil(() => gone.length > 0, { what: 'it is told', timeoutMs: 2000, everyMs: 5 });
    await sleep(50);
    expect(gone).toEqual(['gone']);
    onFilm = (answer) => {
      answer.onGone = () => void gone.push('after its answer');
      hello(answer);
    };
    await say(get('/film'));
    await sleep(50);
    expect(gone).toEqual(['gone']);
  });

  test('that waits is ended at the stop, one under way after its answer', async () => {
    let answerNow = () => {};
    onFilm = (answer) => {
      answerNow = () => hello(answer);
    };
    const [waiting, busy] = [say(''), say(get('/film'))];
    await waitUntil(() => seen.length === 1, { what: 'the request is there', timeoutMs: 2000, everyMs: 5 });
    direct.closeIdle();
    await waitUntil(() => direct.count() === 1, { what: 'one is left', timeoutMs: 2000, everyMs: 5 });
    answerNow();
    expect(await waiting).toBe('');
    expect(bodies(await busy)).toEqual(['hello']);
    await waitUntil(() => direct.count() === 0, { what: 'none is left', timeoutMs: 2000, everyMs: 5 });
  });
});

describe('an answer', () => {
  test('without a length is chunked, one to HEAD or a 304 has no body', async () => {
    onFilm = (answer) => {
      answer.writeHead(200, { 'X-Of': 'film' }, {});
      for (const part of ['ab', '', 'cde']) answer.write(part);
      answer.end();
    };
    const said = await say(get('/film'));
    expect(said).toMatch(/Transfer-Encoding: chunked\r\n/);
    expect(said.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe('2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n');
    const head = await say('HEAD /film HTTP/1.1\r\nHost: a.example\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
    onFilm = (answer) => {
      answer.writeHead(304, {}, { ETag: '"a"' });
      answer.write('never');
      answer.end();
    };
    expect(await say(get('/film'))).toMatch(/^HTTP\/1\.1 304 Not Modified\r\nETag: "a"\r\n[\s\S]*\r\n\r\n$/);
  });

  test('has no header that would be two', () => {
    let thrown: unknown;
    onFilm = (answer) => {
      try {
        answer.writeHead(200, { 'X-A': 'b\r\nX-B: c' }, {});
      } catch (error) {
        thrown = error;
      }
      answer.destroy();
    };
    return say(get('/film')).then((said) => expect([said, thrown instanceof TypeError]).toEqual(['', true]));
  });
});

test.each([
  ['a body', 'Content-Length: 0\r\n'],
  ['a transfer coding', 'Transfer-Encoding: chunked\r\n'],
  ['a header twice', 'X: a\r\nX: b\r\n'],
  ['another host', 'Host: b.example\r\n'],
  ['a folded line', 'X: a\r\n b\r\n'],
  ['a bare CR', 'X: a\rb\r\n'],
  ['a bare LF', 'X: a\nY: b\r\n'],
  ['a NUL', 'X: a\0b\r\n'],
  ['a space before the colon', 'X : a\r\n'],
  ['a letter beyond ASCII', 'X: \xe9\r\n'],
  ['a question before the request', 'Expect: 100-continue\r\n'],
  ['another protocol', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
  ['options of the connection', 'Connection: keep-alive, X\r\n'],
  ['a member of objects', '__proto__: a\r\n'],
  ['65 headers', Array.from({ length: 64 }, (_, index) => `X-${index}: a\r\n`).join('')],
  ['8 KiB', `X: ${'a'.repeat(8192)}\r\n`],
])('a request with %s is for node’s parser', (what, headers) => {
  const read = readPlainRequest(Buffer.from(get('/film', headers), 'latin1'));
  if (what === 'a member of objects') expect(Object.keys(read?.headers ?? {})).toContain('__proto__');
  else expect(read).toBeNull();
});

test.each([
  ['no host', 'GET /film HTTP/1.1\r\nX: a\r\n\r\n'],
  ['HTTP/1.0', 'GET /film HTTP/1.0\r\nHost: a\r\n\r\n'],
  ['an absolute address', 'GET http://a/film HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a second request behind it', `${get('/film')}GET`],
  ['another method', 'POST /film HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space in the address', 'GET /fi lm HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['LF alone', 'GET /film HTTP/1.1\nHost: a\n\n'],
])('bytes with %s are for node’s parser', (_what, text) => {
  expect(readPlainRequest(Buffer.from(text, 'latin1'))).toBeNull();
});

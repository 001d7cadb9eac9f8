import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type BodyReader,
  createHttp1Pool,
  type Http1Pool,
  requestTarget,
} from '../../src/platform/http1/pool.ts';
import type { ResponseHead } from '../../src/platform/http1/response-head.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { waitUntil } from '../support/wait-until.ts';

/** A server that says, byte for byte, what a test wants: what no HTTP library would send. */
let server: Server;
let url: URL;
let net: Net;
let pool: Http1Pool;
let sockets: Socket[];
let requests: string[];
/** Called for each request head. */
let onRequest: (socket: Socket, request: string) => void | Promise<void>;

beforeEach(async () => {
  sockets = [];
  requests = [];
  server = createServer((socket) => {
    sockets.push(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        requests.push(request);
        void onRequest(socket, request);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = new URL(`http://127.0.0.1:${address.port}/film.mp4?a=1`);
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  pool = createHttp1Pool({ dial: net.dial, headTimeoutMs: 300, bodyTimeoutMs: 300, keepAliveMs: 1000 });
});
afterEach(async () => {
  pool.close();
  await net.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

const start = (reader: BodyReader, headers: Record<string, string> = {}) =>
  pool.get(requestTarget(url, headers), {}, reader);

type Answer = { head: ResponseHead | null; body: string; error: Error | null };

/** Reads one answer; `releaseAfterMs` gives the chunks back late. */
function get(headers: Record<string, string> = {}, refuse?: Error): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { head: null, body: '', error: null };
    pool.get(
      requestTarget(url, headers),
      {},
      {
        onHead(head) {
          answer.head = head;
          if (refuse !== undefined) throw refuse;
        },
        onData(chunk, release) {
          answer.body += chunk.toString('latin1');
          release();
          return true;
        },
        onEnd: () => resolve(answer),
        onError: (error) => resolve({ ...answer, error }),
      },
    );
  });
}

const say = (text: string) => {
  onRequest = (socket) => void socket.write(text, 'latin1');
};

test('reads a body and uses the connection again', async () => {
  say('HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello');
  for (let round = 0; round < 3; round += 1) {
    const { head, body, error } = await get({ range: 'bytes=0-4' });
    expect([head?.status, head?.headers.etag, body, error]).toEqual([206, '"a"', 'hello', null]);
  }
  expect(sockets.length).toBe(1);
  expect(requests[0]).toBe(
    `GET /film.mp4?a=1 HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\nrange: bytes=0-4`,
  );
  expect(pool.counts()).toEqual({ busy: 0, idle: 1 });
});

test('takes a head and a body in single bytes, after interim answers', async () => {
  const text =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc';
  onRequest = async (socket) => {
    for (const byte of text) {
      socket.write(byte, 'latin1');
      await sleep(1);
    }
  };
  const { head, body } = await get();
  expect([head?.status, body]).toEqual([200, 'abc']);
});

test('asks again on a new connection when the server had closed the kept one, and not after a byte of the answer', async () => {
  say('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  expect((await get()).body).toBe('ok');
  // The close and the next request cross.
  const first = sockets[0];
  const answer = get();
  first?.destroy();
  expect((await answer).body).toBe('ok');
  onRequest = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha');
    setTimeout(() => socket.destroy(), 20);
  };
  const asked = requests.length;
  const { body, error } = await get();
  expect([body, error === null]).toEqual(['ha', false]);
  expect(requests.length).toBe(asked + 1);
});

describe('what two readers could understand in two ways is refused', () => {
  test.each([
    ['a length and a transfer coding', 'Content-Length: 2\r\nTransfer-Encoding: chunked'],
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3'],
    ['a length that is none', 'Content-Length: 2, 2x'],
    ['a negative length', 'Content-Length: -2'],
    ['a folded line', 'X-A: b\r\n c: d\r\nContent-Length: 2'],
    ['a bare LF', 'X-A: b\nContent-Length: 2'],
    ['a NUL', 'X-A: b\0\r\nContent-Length: 2'],
    ['a name with a space', 'X A: b\r\nContent-Length: 2'],
    ['no name', ': b\r\nContent-Length: 2'],
  ])('%s', async (_what, headers) => {
    say(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\nok`);
    const { body, error } = await get();
    expect(body).toBe('');
    expect(error).toBeInstanceOf(Error);
    await waitUntil(() => sockets[0]?.destroyed === true, {
      what: 'the connection is closed',
      timeoutMs: 2000,
      everyMs: 5,
    });
    expect(pool.counts()).toEqual({ busy: 0, idle: 0 });
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    [
      'a head without an end',
      `HTTP/1.1 200 OK\r\n${'X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(1500)}`,
    ],
  ])('%s', async (_what, text) => {
    say(text);
    const { error } = await get();
    expect(error).toBeInstanceOf(Error);
  });
});

test('headers called like members of objects are none of ours', async () => {
  say('HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\nETag: "a"\r\nContent-Length: 0\r\n\r\n');
  const { head } = await get();
  expect({ ...head?.headers, connection: '' }).toMatchObject({ etag: '"a"', 'content-length': '0' });
  expect(head?.headers.constructor).toBe(Object);
});

test('bytes after the body close the connection, and do not reach the next answer', async () => {
  say('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
  expect((await get()).body).toBe('ok');
  expect((await get()).body).toBe('ok');
  expect(sockets.length).toBe(2);
});

test('a server that speaks on an idle connection is hung up on', async () => {
  say('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  await get();
  sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
  await waitUntil(() => pool.counts().idle === 0, {
    what: 'the connection is closed',
    timeoutMs: 2000,
    everyMs: 5,
  });
  expect((await get()).body).toBe('ok');
});

test('silence ends a request: before the head, in it, in the body; a paused reader is no silence', async () => {
  for (const text of ['', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf']) {
    say(text);
    expect((await get()).error).toMatchObject({ code: 'ETIMEDOUT' });
  }
  const size = 8 * 1024 * 1024;
  onRequest = (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size));
  };
  let got = 0;
  let ended = false;
  const exchange = start({
    onHead() {},
    onData(chunk, release) {
      got += chunk.length;
      release();
      return got > size / 2;
    },
    onEnd: () => {
      ended = true;
    },
    onError: (error) => {
      throw error;
    },
  });
  for (let pause = 0; pause < 2; pause += 1) {
    await sleep(600);
    expect(got).toBeLessThan(size);
    exchange.resume();
  }
  while (!ended) {
    exchange.resume();
    await sleep(5);
  }
  expect(got).toBe(size);
});

test('a chunk stays as it is until it is given back, and the buffers come back', async () => {
  const size = 4 * 1024 * 1024;
  const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 255));
  onRequest = (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(bytes);
  };
  const kept: { chunk: Buffer; release: () => void }[] = [];
  await new Promise<void>((resolve, reject) => {
    start({
      onHead() {},
      onData: (chunk, release) => kept.push({ chunk, release }) > 0,
      onEnd: resolve,
      onError: reject,
    });
  });
  expect(Buffer.concat(kept.map(({ chunk }) => chunk)).equals(bytes)).toBe(true);
  for (const { release } of kept) release();
  // A waiting connection holds none.
  expect([pool.counts().idle, pool.buffers.heldBytes()]).toEqual([1, 0]);
});

test('a refused head closes the connection and the reader hears why; an abort closes it and the reader hears nothing', async () => {
  say('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc');
  const refusal = new Error('not this one');
  expect((await get({}, refusal)).error).toBe(refusal);
  await waitUntil(() => sockets[0]?.destroyed === true, {
    what: 'the connection is closed',
    timeoutMs: 2000,
    everyMs: 5,
  });
  const heard: string[] = [];
  const exchange = start({
    onHead: () => void heard.push('head'),
    onData(_chunk, release) {
      release();
      return true;
    },
    onEnd: () => void heard.push('end'),
    onError: () => void heard.push('error'),
  });
  await waitUntil(() => heard.length > 0, { what: 'the connection is closed', timeoutMs: 2000, everyMs: 5 });
  exchange.abort();
  await waitUntil(() => sockets[1]?.destroyed === true, {
    what: 'the connection is closed',
    timeoutMs: 2000,
    everyMs: 5,
  });
  await sleep(20);
  expect(heard).toEqual(['head']);
  expect(pool.counts()).toEqual({ busy: 0, idle: 0 });
  expect(pool.buffers.heldBytes()).toBe(0);
});

test('no header can begin a second request', async () => {
  say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  for (const headers of [{ 'x-a': 'b\r\nx-c: d' }, { 'x-a': 'b\nc' }, { 'x a': 'b' }, { 'x-a\r\nx-c': 'd' }])
    expect(() =>
      pool.get(
        requestTarget(url, headers),
        {},
        { onHead() {}, onData: () => true, onEnd() {}, onError() {} },
      ),
    ).toThrow();
  expect(requests).toEqual([]);
});

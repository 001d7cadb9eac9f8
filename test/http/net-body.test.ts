import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNet, type Net } from '../../src/platform/net.ts';
import { fetchWhole } from '../../src/platform/net-body.ts';

// Origins that lie about a small file.

const MIB = 1024 * 1024;
const BOMB = gzipSync(Buffer.alloc(200 * MIB), { level: 9 });

let net: Net;
let server: Server;
let base: string;
let answer: RequestListener = () => {};
let sentBytes = 0;

beforeAll(async () => {
  net = createNet({ mode: 'listed', allow: ['127.0.0.1'], ownPorts: () => new Set() });
  server = createServer({ maxHeaderSize: 1024 }, (req, res) => answer(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await net.close();
  server.closeAllConnections();
  server.close();
});

const fetchFile = (signal = AbortSignal.timeout(20_000)) =>
  fetchWhole(net, `${base}/small`, { what: 'The file', maxBytes: MIB, signal });

/** Sends without end until the other side hangs up. */
const endless: RequestListener = (_req, res) => {
  const more = () => {
    while (!res.destroyed) {
      sentBytes += 65_536;
      if (!res.write(Buffer.alloc(65_536))) return void res.once('drain', more);
    }
  };
  more();
};

describe('a small file', () => {
  test('comes whole, asked for as it is', async () => {
    const seen: unknown[] = [];
    answer = (req, res) => {
      seen.push(req.headers['accept-encoding']);
      res.end('whole');
    };
    expect(Buffer.from(await fetchFile()).toString()).toBe('whole');
    expect(seen).toEqual(['identity']);
  });

  test('that is a bomb is refused before a byte of it is unpacked', async () => {
    expect(BOMB.length).toBeLessThan(MIB);
    for (const encoding of ['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'gzip, gzip', 'nonsense']) {
      answer = (_req, res) => res.writeHead(200, { 'Content-Encoding': encoding }).end(BOMB);
      const before = process.memoryUsage.rss();
      await expect(fetchFile(), encoding).rejects.toMatchObject({ code: 'upstream.failed', status: 502 });
      expect(process.memoryUsage.rss() - before).toBeLessThan(50 * MIB);
    }
    // One that does not say so is a file like any other: its packed bytes.
    answer = (_req, res) => res.end(BOMB);
    expect((await fetchFile()).length).toBe(BOMB.length);
  });

  test('that is too large by its own word or without one is given up, and the origin stops sending', async () => {
    answer = (_req, res) => res.writeHead(200, { 'Content-Length': 2 * MIB }).write('begun');
    await expect(fetchFile()).rejects.toThrow('larger than 1 MiB');
    answer = endless;
    await expect(fetchFile()).rejects.toThrow('larger than 1 MiB');
    await sleep(100);
    const sent = sentBytes;
    await sleep(100);
    expect(sentBytes).toBe(sent);
  });

  test('that ends early, or whose head is endless, is the origin’s failure', async () => {
    answer = (_req, res) => {
      res.writeHead(200, { 'Content-Length': 1000 }).write('short');
      setTimeout(() => res.destroy(), 20);
    };
    await expect(fetchFile()).rejects.toMatchObject({ code: 'upstream.failed', status: 502 });
    answer = (_req, res) => {
      res.setHeader('X-Huge', 'x'.repeat(200_000));
      res.end('hidden');
    };
    await expect(fetchFile()).rejects.toMatchObject({ code: 'upstream.failed', status: 502 });
    answer = (_req, res) => {
      for (let index = 0; index < 3000; index += 1) res.setHeader(`X-${index}`, 'y'.repeat(20));
      res.end('hidden');
    };
    await expect(fetchFile()).rejects.toMatchObject({ code: 'upstream.failed', status: 502 });
  });

  test('behind redirects in a circle, or ever longer ones, is given up after five', async () => {
    let hops = 0;
    answer = (req, res) => {
      hops += 1;
      res.writeHead(302, { Location: `${req.url}x` }).end();
    };
    await expect(fetchFile()).rejects.toMatchObject({ code: 'upstream.failed' });
    expect(hops).toBe(6);
    answer = (_req, res) => res.writeHead(302, { Location: '/small' }).end();
    await expect(fetchFile()).rejects.toThrow('in circles');
    // A redirect's own body is not read to its end.
    answer = (req, res) => {
      res.writeHead(302, { Location: '/small' });
      endless(req, res);
    };
    await expect(fetchFile()).rejects.toMatchObject({ code: 'upstream.failed' });
  });

  test('that comes by drops is given up when the caller says so', async () => {
    answer = (_req, res) => {
      const drops = setInterval(() => res.write('.'), 20);
      res.once('close', () => clearInterval(drops));
    };
    const begunAt = performance.now();
    await expect(fetchFile(AbortSignal.timeout(300))).rejects.toThrow();
    expect(performance.now() - begunAt).toBeLessThan(2000);
  });
});

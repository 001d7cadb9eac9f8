import { once } from 'node:events';
import { createServer as createPlainServer, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { openJsonApi } from '../../src/platform/json-api.ts';
import { createNet, type Net, type NetOptions } from '../../src/platform/net.ts';

// Real sockets: what the agents that got is given let through.

const NEVER = new AbortController().signal;
let allowed: Server;
/** Another address of this machine, which no rule allows. */
let inner: Server;
let ports: { allowed: number; inner: number };
const seen = { allowed: 0, inner: 0 };

function answer(path: string, response: ServerResponse): void {
  if (path === '/inner')
    return void response.writeHead(302, { location: `http://127.0.0.2:${ports.inner}/` }).end();
  if (path === '/named')
    return void response.writeHead(302, { location: `http://inner.test:${ports.inner}/` }).end();
  if (path === '/file') return void response.writeHead(302, { location: 'file:///etc/hostname' }).end();
  if (path === '/slow') return;
  if (path === '/half') {
    const packed = gzipSync(JSON.stringify({ noise: Array.from({ length: 999 }, Math.random) }));
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length });
    response.write(packed.subarray(0, 100), () => response.destroy());
    return;
  }
  response.end('{"fine":true}');
}

async function portOf(server: Server, host: string): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

beforeAll(async () => {
  allowed = createPlainServer((request, response) => {
    seen.allowed += 1;
    answer(request.url ?? '', response);
  });
  inner = createPlainServer((_request, response) => {
    seen.inner += 1;
    response.end('{"secret":true}');
  });
  ports = { allowed: await portOf(allowed, '127.0.0.1'), inner: await portOf(inner, '127.0.0.2') };
});
afterAll(() => {
  for (const server of [allowed, inner]) {
    server.close();
    server.closeAllConnections();
  }
});

async function ask(url: string, options: Partial<NetOptions>, timeoutMs?: number): Promise<unknown> {
  const net: Net = createNet({ mode: 'all', allow: ['127.0.0.1'], ownPorts: () => new Set(), ...options });
  const api = openJsonApi(net, {
    name: 'example',
    perSecond: 100,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  try {
    return await api.get({ url: new URL(url), parse: (body) => body, signal: NEVER });
  } catch (error) {
    return error instanceof AppError ? `${error.code}: ${error.message}` : error;
  } finally {
    await net.close();
  }
}

describe('got over the guarded dialer', () => {
  test('reaches what is allowed, in the strict mode too', async () => {
    for (const mode of ['all', 'listed'] as const)
      expect(await ask(`http://127.0.0.1:${ports.allowed}/`, { mode })).toEqual({ fine: true });
  });

  test('does not connect to a private address, by number, by name or by a redirect', async () => {
    const resolve = () => Promise.resolve([{ address: '127.0.0.2', family: 4 }]);
    for (const url of [
      `http://127.0.0.2:${ports.inner}/`,
      `http://inner.test:${ports.inner}/`,
      `https://inner.test:${ports.inner}/`,
      `http://127.0.0.1:${ports.allowed}/inner`,
      `http://127.0.0.1:${ports.allowed}/named`,
    ])
      expect(await ask(url, { resolve }), url).toMatch(/^net\.refused: /);
    expect(seen.inner).toBe(0);
  });

  test('asks no name server in the strict mode', async () => {
    const names: string[] = [];
    const resolve = (name: string) => {
      names.push(name);
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    };
    expect(await ask('https://api.example.com/', { mode: 'listed', resolve })).toMatch(/^net\.refused: /);
    expect(names).toEqual([]);
  });

  test('a redirect to another scheme, a closed door and half an answer are failures with a sentence', async () => {
    expect(await ask(`http://127.0.0.1:${ports.allowed}/file`, {})).toMatch(/^upstream\.failed: example /);
    expect(await ask('http://127.0.0.1:9/', {})).toMatch(/^upstream\.failed: example could not be reached/);
    expect(await ask(`http://127.0.0.1:${ports.allowed}/half`, {})).toMatch(/^upstream\.failed: example /);
  });

  test('one that keeps silent is given up after its time, and not asked again', async () => {
    const before = seen.allowed;
    const answer = await ask(`http://127.0.0.1:${ports.allowed}/slow`, {}, 300);
    expect([answer, seen.allowed - before]).toEqual(['upstream.failed: example did not answer in time.', 1]);
  });
});

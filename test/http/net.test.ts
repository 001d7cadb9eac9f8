import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { createNet, type Net, type NetOptions } from '../../src/platform/net.ts';
import { type Origin, startOrigin } from '../support/origin.ts';

const NEVER = new AbortController().signal;
const LOOPBACK = ['127.0.0.0/8', '::1'];

async function withNet<T>(options: Partial<NetOptions>, use: (net: Net) => Promise<T>): Promise<T> {
  const net = createNet({ mode: 'all', allow: [], ownPorts: () => new Set(), ...options });
  try {
    return await use(net);
  } finally {
    await net.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : String(error);
}

const refusal = (work: Promise<unknown>) => work.then(() => 'allowed', codeOf);

describe('the dialer', () => {
  let origin: Origin;
  /** Another address of this machine, standing for the private network a stranger must not reach. */
  let inner: Origin;
  beforeAll(async () => {
    origin = await startOrigin(Buffer.from('public bytes'));
    inner = await startOrigin(Buffer.from('private bytes'), { host: '127.0.0.2' });
  });
  afterAll(async () => {
    await origin.stop();
    await inner.stop();
  });

  test('refuses this machine in every spelling, and connects to nothing', async () => {
    const before = origin.requests.length;
    const hosts = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '0x7f.1',
      '127.0.0.1.',
      '１２７.０.０.１',
      '①②⑦.0.0.1',
      'localhost',
      'LOCALHOST.',
      'localhost%2e',
      '0.0.0.0',
      '0',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[0:0:0:0:0:0:0:1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[::127.0.0.1]',
    ];
    await withNet({}, async (net) => {
      for (const host of hosts) {
        const url = `http://${host}:${origin.port}/film.mp4`;
        expect(await refusal(net.request(url)), url).toBe('net.refused');
        expect(await refusal(net.assertAllowed(new URL(url), NEVER)), url).toBe('net.refused');
      }
    });
    expect(origin.requests.length).toBe(before);
  });

  test('refuses literal private addresses and metadata hosts without dialling', async () => {
    const urls = [
      'http://10.0.0.1/',
      'http://169.254.169.254/latest/meta-data/',
      'http://[fd00:ec2::254]/',
      'http://100.100.100.200/',
      'http://metadata.google.internal/',
      'http://metadata/',
      'http://192.168.0.1:8080/',
    ];
    await withNet({}, async (net) => {
      for (const url of urls)
        expect(await refusal(net.assertAllowed(new URL(url), NEVER)), url).toBe('net.refused');
    });
  });

  test('refuses other schemes, and says so as the caller’s mistake', async () => {
    await withNet({ allow: LOOPBACK }, async (net) => {
      for (const url of ['file:///etc/passwd', 'gopher://127.0.0.1/', 'data:,x', 'ftp://127.0.0.1/x'])
        await expect(net.request(url)).rejects.toMatchObject({ code: 'net.refused', status: 400 });
      expect(await refusal(net.assertAllowed(new URL('gopher://127.0.0.1:8080/'), NEVER))).toBe(
        'net.refused',
      );
      expect(await refusal(net.assertAllowed(new URL('ftp://127.0.0.1/x'), NEVER))).toBe('allowed');
    });
  });

  test('says nothing of the address in its message', async () => {
    await withNet({}, async (net) => {
      const error = await net.request(origin.url).catch((refused: unknown) => refused);
      expect(error).toMatchObject({ code: 'net.refused', status: 403 });
      expect(String(error)).not.toMatch(/127|film/);
    });
  });

  test('lets the allow list through, by network and by name, Host header kept', async () => {
    await withNet({ allow: ['127.0.0.0/8'] }, async (net) => {
      const { body } = await net.request(`http://localhost:${origin.port}/film.mp4`);
      expect(await body.text()).toBe('public bytes');
    });
    await withNet(
      { allow: ['films.test'], resolve: async () => [{ address: '127.0.0.1', family: 4 }] },
      async (net) => {
        const { body, status } = await net.request(`http://Films.Test.:${origin.port}/film.mp4`);
        expect([status, await body.text()]).toEqual([200, 'public bytes']);
        expect(origin.requests.at(-1)?.headers.host).toBe(`films.test.:${origin.port}`);
      },
    );
  });

  test('lets nothing but the list out when told so, and asks no name server about the rest', async () => {
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return [{ address: '8.8.8.8', family: 4 }];
    };
    await withNet({ mode: 'listed', allow: ['127.0.0.1'], resolve }, async (net) => {
      for (const url of [
        'http://films.invalid/',
        'https://8.8.8.8/',
        'http://127.0.0.2:8080/',
        'udp://tracker.invalid:6969',
      ])
        expect(await refusal(net.assertAllowed(new URL(url), NEVER)), url).toBe('net.refused');
      const { body } = await net.request(origin.url);
      expect(await body.text()).toBe('public bytes');
    });
    expect(asked).toEqual([]);
  });

  test('never reaches the server’s own ports, whatever the list allows', async () => {
    const ownPorts = () => new Set([origin.port]);
    await withNet({ allow: [...LOOPBACK, 'localhost', '0.0.0.0/0', '::/0'], ownPorts }, async (net) => {
      for (const host of [
        '127.0.0.1',
        'localhost',
        '127.9.9.9',
        '0.0.0.0',
        '[::1]',
        '[::]',
        '[::ffff:127.0.0.1]',
      ])
        expect(await refusal(net.request(`http://${host}:${origin.port}/`)), host).toBe('net.refused');
      expect((await net.request(inner.url)).status).toBe(200);
    });
    await withNet({ publicUrl: 'https://films.invalid' }, async (net) => {
      expect(await refusal(net.assertAllowed(new URL('https://FILMS.invalid./manifest.json'), NEVER))).toBe(
        'net.refused',
      );
    });
  });

  test('resolves a name once, refuses it when one answer is private, dials only what it checked', async () => {
    let asked = 0;
    const mixed = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ];
    await withNet({ resolve: mixed }, async (net) => {
      expect(await refusal(net.request(`http://films.invalid:${inner.port}/`))).toBe('net.refused');
    });
    // A name that changes its answer: first the allowed address, then the inner one.
    const rebinding = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    await withNet({ allow: ['127.0.0.1'], resolve: rebinding }, async (net) => {
      const { body } = await net.request(`http://films.invalid:${origin.port}/film.mp4`);
      expect(await body.text()).toBe('public bytes');
      expect(asked).toBe(1);
    });
    // Where the owner vouches for one of the answers, the others are not dialled.
    await withNet(
      {
        allow: ['127.0.0.1'],
        resolve: async () => [...(await mixed()), { address: '127.0.0.1', family: 4 }],
      },
      async (net) => {
        expect(await net.addressesOf(new URL('http://films.invalid:8080/'), NEVER)).toEqual([
          { address: '127.0.0.1', family: 4 },
        ]);
      },
    );
  });

  test('checks every redirect anew and takes no credentials along to another origin', async () => {
    origin.behaviour.redirects = {
      '/in': inner.url,
      '/out': `http://127.0.0.1:${origin.port}/second`,
      '/loop': '/loop',
      '/file': 'file:///etc/passwd',
      '/userinfo': `http://user:pass@127.0.0.1:${origin.port}/third`,
    };
    await withNet({ allow: ['127.0.0.1'] }, async (net) => {
      const before = inner.requests.length;
      expect(await refusal(net.request(`${origin.base}/in`))).toBe('net.refused');
      expect(await refusal(net.request(`${origin.base}/file`))).toBe('net.refused');
      expect(inner.requests.length).toBe(before);
      expect(await refusal(net.request(`${origin.base}/loop`))).toBe('upstream.failed');
      const { url, body } = await net.request(`${origin.base}/userinfo`);
      await body.dump();
      expect(url.href).toBe(`${origin.base}/third`);
      expect(origin.requests.at(-1)?.headers.authorization).toBeUndefined();
    });
    await withNet({ allow: LOOPBACK }, async (net) => {
      const headers = { authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k', referer: 'r' };
      await (await net.request(`${origin.base}/out`, { headers })).body.dump();
      expect(origin.requests.at(-1)?.headers).toMatchObject(headers);
      await (await net.request(`${origin.base}/in`, { headers })).body.dump();
      const seen = inner.requests.at(-1)?.headers;
      expect(seen).toMatchObject({ referer: 'r' });
      expect([seen?.authorization, seen?.cookie, seen?.['x-api-key']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });
    origin.behaviour.redirects = {};
  });

  test('reports a closed port as the origin’s failure, and an abort as the caller’s', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    await withNet({ allow: LOOPBACK }, async (net) => {
      await expect(net.request(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
        code: 'upstream.failed',
        status: 502,
      });
      const stop = new AbortController();
      const reason = new Error('enough');
      stop.abort(reason);
      await expect(
        net.dial({ host: '127.0.0.1', port: origin.port, isTls: false }, stop.signal),
      ).rejects.toBe(reason);
    });
  });

  test('names the host to a TLS server although it connects to an address', async () => {
    const hellos: Buffer[] = [];
    const server = createServer((socket) => {
      socket.once('data', (hello) => {
        hellos.push(hello);
        socket.destroy();
      });
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    await withNet({ allow: LOOPBACK, resolve }, async (net) => {
      await expect(net.request(`https://films.invalid:${portOf(server)}/`)).rejects.toMatchObject({
        code: 'upstream.failed',
      });
    });
    server.close();
    expect(hellos[0]?.includes('films.invalid')).toBe(true);
  });
});

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

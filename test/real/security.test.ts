import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { get } from '../support/traffic.ts';
import { apiRoutes } from '../support/viewer.ts';
import { waitUntil } from '../support/wait-until.ts';

// Who may do what, and what nobody may read in a log.

const SECRET_KEY = 'secret-key-that-no-log-may-show-0123456789';
const REDIS_PASSWORD = 'redis-password-that-no-log-may-show';
const ORIGIN_PASSWORD = 'origin-password-that-no-log-may-show';
const ORIGIN_TOKEN = 'origin-token-that-no-log-may-show';
const NOBODY = '00000000-0000-0000-0000-000000000000';
const WRONG_TOKEN = 'wrong-token-that-no-log-may-show';

let product: Tributary;
let redis: TestRedis;
let dead: string;

beforeAll(async () => {
  redis = await startRedis();
  dead = `http://film:${ORIGIN_PASSWORD}@127.0.0.1:${await freePort()}/film.mp4?token=${ORIGIN_TOKEN}`;
  const env = {
    ...{ SECRET_KEY, LOG_LEVEL: 'trace', RATE_LIMIT_API: '1000000', RATE_LIMIT_ADDON: '1000000' },
    REDIS_URL: redis.url.replace('redis://', `redis://default:${REDIS_PASSWORD}@`),
  };
  product = await startTributary({ env });
});
afterAll(async () => {
  await product?.stop();
  await redis?.stop();
});

function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<Response> {
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return get(product.baseUrl + path, {
    method,
    headers: { ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function signIn(token = product.adminToken): Promise<Response> {
  return call('POST', '/api/admin-session', {}, { token });
}

function cookieOf(response: Response): { pair: string; attributes: string[] } {
  const [pair = '', ...attributes] = (response.headers.get('set-cookie') ?? '').split(/;\s*/);
  return { pair, attributes };
}

describe('the admin routes', () => {
  test('refuse without a token, with a wrong one and with what only looks like one', async () => {
    const routes = [
      ...(await apiRoutes(product.baseUrl))
        .filter(({ isOpen }) => !isOpen)
        .map((route) => ({ ...route, path: route.path.replace(/\{\w+\}/g, NOBODY) })),
      { method: 'GET', path: '/metrics', isForAdmin: true, isForDevice: false },
      { method: 'GET', path: '/api/nothing-yet', isForAdmin: true, isForDevice: false },
    ];
    expect(routes.length).toBeGreaterThan(15);
    const wrong = [
      {},
      ...[
        `Bearer ${WRONG_TOKEN}`,
        'Bearer ',
        `Basic ${btoa(`admin:${product.adminToken}`)}`,
        `bearer${product.adminToken}`,
        `Bearer ${product.adminToken}x`,
        `Bearer ${product.adminToken.slice(0, -1)}`,
      ].map((Authorization) => ({ Authorization })),
      { Cookie: `tributary_admin=${product.adminToken}` },
      { 'X-Forwarded-For': '127.0.0.1', 'X-Real-IP': '127.0.0.1' },
    ];
    for (const { method, path, isForAdmin, isForDevice } of routes) {
      for (const headers of wrong) {
        const response = await call(method, path, headers);
        expect(`${method} ${path} ${JSON.stringify(headers).length} ${response.status}`).toBe(
          `${method} ${path} ${JSON.stringify(headers).length} 401`,
        );
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        const code = isForDevice ? 'device.not_paired' : 'auth.required';
        expect(await response.json()).toMatchObject({ code });
      }
      // The admin gets past the guard, whatever is behind it; what is of a person the token does not open.
      const { status } = await call(method, path, { Authorization: `Bearer ${product.adminToken}` });
      expect(status === 401, `${method} ${path}: ${status}`).toBe(!isForAdmin);
    }
  });

  test('no page of another site may read them', async () => {
    for (const path of ['/api/media', '/api/settings', '/api/admin-session', '/metrics']) {
      const response = await call('GET', path, {
        Origin: 'https://evil.example',
        Authorization: `Bearer ${product.adminToken}`,
      });
      expect(response.headers.get('access-control-allow-origin'), path).toBeNull();
      const preflight = await call('OPTIONS', path, {
        Origin: 'https://evil.example',
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization',
      });
      expect(preflight.headers.get('access-control-allow-origin'), path).toBeNull();
    }
  });

  test('the metrics are Prometheus text for the admin', async () => {
    const response = await product.asAdmin('/metrics');
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toMatch(/^# HELP tributary_http_request_seconds /m);
  });
});

describe('the session of the page', () => {
  test('is a cookie that no script reads and no other site sends', async () => {
    const response = await signIn();
    expect(response.status).toBe(204);
    const { pair, attributes } = cookieOf(response);
    expect(pair).toMatch(/^tributary_admin=[\w%.-]{40,}$/);
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
    expect(pair).not.toContain(product.adminToken);
    expect(await (await call('GET', '/api/admin-session', { Cookie: pair })).json()).toEqual({ admin: true });
    expect((await call('GET', '/api/media', { Cookie: pair })).status).toBe(200);
  });

  test('writes only for our own page', async () => {
    const { pair } = cookieOf(await signIn());
    const host = new URL(product.baseUrl).host;
    const write = (headers: Record<string, string>) =>
      call('PATCH', '/api/settings', { Cookie: pair, ...headers }, {});
    for (const own of [
      { Origin: product.baseUrl },
      { 'Sec-Fetch-Site': 'same-origin', Origin: product.baseUrl },
    ])
      expect((await write(own)).status, JSON.stringify(own)).toBe(200);
    const foreign = [
      {},
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: `https://${host}.evil.example` },
      { 'Sec-Fetch-Site': 'cross-site', Origin: product.baseUrl },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
      { Origin: 'https://evil.example', Referer: product.baseUrl },
    ];
    for (const headers of foreign) {
      const response = await write(headers);
      expect(response.status, JSON.stringify(headers)).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'auth.cross_site' });
    }
    // A token in a header is sent by nobody by mistake.
    expect(
      (
        await call(
          'PATCH',
          '/api/settings',
          { Authorization: `Bearer ${product.adminToken}`, Origin: 'https://evil.example' },
          {},
        )
      ).status,
    ).toBe(200);
  });

  test('a forged or changed cookie is none, and signing out takes it away', async () => {
    const { pair } = cookieOf(await signIn());
    const last = pair.at(-1) === 'A' ? 'B' : 'A';
    for (const Cookie of [
      `${pair.slice(0, -1)}${last}`,
      `${pair}x`,
      'tributary_admin=',
      'tributary_admin=%ZZ',
      pair.replace('tributary_admin', 'Tributary_admin'),
    ])
      expect((await call('GET', '/api/media', { Cookie })).status, Cookie).toBe(401);
    const out = cookieOf(
      await call('DELETE', '/api/admin-session', { Cookie: pair, Origin: product.baseUrl }),
    );
    expect(out.pair).toBe('tributary_admin=');
    expect(out.attributes.join()).toMatch(/Expires=Thu, 01 Jan 1970/);
  });

  test('the eleventh try in five minutes is refused with the time to wait, from whatever address it claims to come', async () => {
    const statuses: number[] = [];
    let refused: Response | undefined;
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const response = await call(
        'POST',
        '/api/admin-session',
        { 'X-Forwarded-For': `198.51.100.${attempt}` },
        { token: WRONG_TOKEN },
      );
      statuses.push(response.status);
      if (response.status === 429) refused = response;
    }
    // The sign-ins of the tests above counted too.
    expect(statuses.filter((status) => status === 401).length).toBeLessThan(10);
    expect(statuses.slice(-5)).toEqual([429, 429, 429, 429, 429]);
    const seconds = Number(refused?.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(300);
    expect(await refused?.json()).toMatchObject({ code: 'limit.exceeded' });
    // Neither the right token in the form, nor a bearer token is a way round, or in the way.
    expect((await signIn()).status).toBe(429);
    expect((await product.asAdmin('/api/media')).status).toBe(200);
  });
});

describe('the log', () => {
  test('shows no token, key or password, whatever went wrong, even at trace', async () => {
    const secrets = new Map<string, string>([
      ['the admin token', product.adminToken],
      ['the secret key', SECRET_KEY],
      ['the password of Redis', REDIS_PASSWORD],
      ['the password of an origin', ORIGIN_PASSWORD],
      ['the token of an origin', ORIGIN_TOKEN],
      ['a wrong token', WRONG_TOKEN],
    ]);
    // A link to an origin that is not there: made, played, failing.
    const made = await product.asAdmin('/api/links', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ url: dead, headers: { Authorization: `Bearer ${ORIGIN_TOKEN}` } }),
    });
    expect(made.status).toBe(201);
    const { playUrl } = z.object({ playUrl: z.string() }).parse(await made.json());
    const token = new URL(playUrl).pathname.split('/')[3] ?? '';
    secrets.set('a play token', token);
    const failed = await get(playUrl);
    expect(failed.status).toBe(502);
    expect(await failed.text()).not.toMatch(new RegExp(`${ORIGIN_PASSWORD}|${ORIGIN_TOKEN}|127\\.0\\.0\\.1`));
    expect((await get(playUrl.replace(token, `${token.slice(0, -4)}AAAA`))).status).toBe(403);
    const stored = await product.asAdmin('/api/streams', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ mediaId: 'tt1254207', url: dead }),
    });
    expect(await stored.text()).not.toContain(ORIGIN_PASSWORD);
    await signIn(WRONG_TOKEN);
    await call('GET', `/api/media?token=${WRONG_TOKEN}`, { Authorization: `Bearer ${WRONG_TOKEN}` });
    // Redis and the database go and come back.
    await redis.stop();
    const cluster = join(product.dataDir, 'postgres');
    process.kill(Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
    const Credentials = z.object({ password: z.string() });
    secrets.set(
      'the password of the database',
      Credentials.parse(JSON.parse(await readFile(join(cluster, 'tributary.json'), 'utf8'))).password,
    );
    await get(`${product.baseUrl}/catalog/movie/search/search=anything.json`);
    await waitUntil(async () => (await get(`${product.baseUrl}/readyz`)).status === 200, {
      what: 'it is ready again',
      timeoutMs: 20_000,
    });
    await product.stop();
    const output = product.output();
    expect(output).toContain('request failed');
    expect(output).toMatch(/embedded Postgres is back/);
    for (const [what, secret] of secrets) {
      expect(secret.length, what).toBeGreaterThan(10);
      expect(
        output.split('\n').filter((line) => line.includes(secret)),
        what,
      ).toEqual([]);
    }
  });
});

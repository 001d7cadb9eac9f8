import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  BAD_BODIES,
  BAD_CONTENT,
  BAD_HEADERS,
  BAD_IDS,
  BAD_QUERIES,
  BAD_WIRE,
} from '../support/bad-input.ts';
import { dishonestAnswers, faultsOf, type Judged } from '../support/honest-answer.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { randomBody, randomPath, seededRandom } from '../support/random-requests.ts';
import { askHttp, askSocket, type RawRequest, shown } from '../support/raw-http.ts';
import { type ApiRoute, apiRoutes, clipUrl } from '../support/viewer.ts';
import { waitUntil } from '../support/wait-until.ts';

// Everything a stranger, a broken client or a curious child may send. The answer is a 4xx that explains itself, or an
// honest success where nothing was wrong; never a 5xx, a hang, or a look inside.

const SECRET_KEY = 'secret-key-of-the-bad-input-test-0123456789';
const NOBODY = '00000000-0000-0000-0000-000000000000';
const seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);

let product: Tributary;
let routes: ApiRoute[];
let title: string;
let stream: string;

beforeAll(async () => {
  const env = { SECRET_KEY, RATE_LIMIT_ADDON: '1000000', RATE_LIMIT_API: '1000000', LOG_LEVEL: 'debug' };
  product = await startTributary({ env });
  await waitUntil(() => product.output().includes('starter catalogue added'), {
    what: 'the starter catalogue',
    timeoutMs: 60_000,
  });
  routes = await apiRoutes(product.baseUrl);
  title = await create('/api/media', { kind: 'movie', title: 'Mistreated', ids: { imdb: 'tt9000001' } });
  const url = `magnet:?xt=urn:btih:${'0123456789'.repeat(4)}`;
  stream = await create('/api/streams', { mediaId: title, url });
});
afterAll(() => product?.stop());

/** Of a title or a stream of our own, to be mistreated. */
async function create(path: string, body: object): Promise<string> {
  const init = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await product.asAdmin(path, init);
  expect(response.status).toBe(201);
  const Made = z.looseObject({ id: z.string().optional(), streamId: z.string().optional() });
  const { id, streamId } = Made.parse(await response.json());
  return id ?? streamId ?? '';
}

const bearer = () => ({ Authorization: `Bearer ${product.adminToken}` });
const asJson = () => ({ ...bearer(), 'Content-Type': 'application/json' });
const withIds = (path: string) =>
  path
    .replace('/streams/{id}', `/streams/${stream}`)
    .replace('{id}', title)
    .replace(/\{\w+\}/g, NOBODY);
/** Routes of the API that are read, and those that take a body, with ids that exist. */
const readable = () => routes.filter(({ method }) => method === 'GET').map(({ path }) => withIds(path));
const writable = () =>
  routes
    .filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method))
    .map(({ method, path }) => ({ method, path: withIds(path) }));

function dishonest(requests: readonly RawRequest[], judged: Judged = {}): Promise<string[]> {
  const secrets = [product.adminToken, SECRET_KEY, product.dataDir];
  return dishonestAnswers(product.baseUrl, requests, { secrets, ...judged });
}

describe('the API', () => {
  test('takes no id amiss', async () => {
    const requests = routes
      .filter(({ path }) => path.includes('{'))
      .flatMap(({ method, path }) =>
        BAD_IDS.map((id) => ({
          method,
          path: path.replace(/\{\w+\}/g, id),
          headers: asJson(),
          ...(['POST', 'PUT', 'PATCH'].includes(method) ? { body: '{}' } : {}),
        })),
      );
    expect(requests.length).toBeGreaterThan(300);
    expect(await dishonest(requests)).toEqual([]);
  });

  test('takes no query amiss', async () => {
    const requests = [...readable()].flatMap((path) =>
      BAD_QUERIES.map((query) => ({ path: path + query, headers: bearer() })),
    );
    expect(requests.length).toBeGreaterThan(100);
    expect(await dishonest(requests)).toEqual([]);
  });

  test('takes no body amiss', async () => {
    const requests = writable().flatMap((target) => [
      ...BAD_BODIES.map((body) => ({ ...target, headers: asJson(), body })),
      ...BAD_CONTENT.map(({ headers, body }) => ({ ...target, headers: { ...bearer(), ...headers }, body })),
    ]);
    expect(requests.length).toBeGreaterThan(200);
    expect(await dishonest(requests)).toEqual([]);
  });

  test('a body past the limit is 413, one that is no JSON 400, one of another type 415, and unread without a token', async () => {
    const post = (body: string, headers: Record<string, string>) =>
      askHttp(product.baseUrl, { method: 'POST', path: '/api/media', headers, body });
    const long = `{"title":"${'x'.repeat(9_000_000)}"}`;
    expect((await post(long, asJson())).status).toBe(413);
    expect((await post('{"title":', asJson())).status).toBe(400);
    expect((await post('title=a', { ...bearer(), 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await post('{"title":', { 'Content-Type': 'application/json' })).status).toBe(401);
    expect((await post(long, { 'Content-Type': 'application/json' })).status).toBe(401);
    expect((await post('{"kind":"movie","title":"Half \\ud83c"}', asJson())).status).toBe(400);
    expect((await post('{"kind":"movie","title":"Whole \\ud83c\\udfac"}', asJson())).status).toBe(201);
  });

  test('nothing of a body reaches the prototype of everything', async () => {
    const body = '{"__proto__":{"isAdmin":true,"admin":true},"constructor":{"prototype":{"admin":true}}}';
    for (const target of writable()) await askHttp(product.baseUrl, { ...target, headers: asJson(), body });
    const session = await askHttp(product.baseUrl, { path: '/api/admin-session' });
    expect(JSON.parse(session.body.toString())).toEqual({ admin: false });
  });
});

describe('headers and methods', () => {
  test('no header upsets a route', async () => {
    const places = [
      '/manifest.json',
      '/catalog/movie/popular.json',
      '/',
      '/configure',
      '/healthz',
      '/readyz',
      '/metrics',
      '/api/overview',
      '/api/media',
      '/assets/starter/clip-poster.jpg',
      '/logo.png',
      '/play/a/b/c.mp4',
    ];
    const requests = places.flatMap((path) => BAD_HEADERS.map((headers) => ({ path, headers })));
    expect(await dishonest(requests)).toEqual([]);
    const path = new URL(await clipUrl(product.baseUrl)).pathname;
    const ofFiles = BAD_HEADERS.filter((headers) => /Range|"If-/.test(JSON.stringify(headers)));
    expect(ofFiles.length).toBeGreaterThan(8);
    const played = ofFiles.map((headers) => ({ path, headers }));
    expect(await dishonest(played, { hasCors: true })).toEqual([]);
  });

  test('a method that a path does not have is refused, on the API with 405 and the ones it has', async () => {
    const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'OPTIONS', 'HEAD', 'GET'];
    const places = [
      '/',
      '/configure',
      '/manifest.json',
      '/meta/movie/tt1254207.json',
      '/healthz',
      '/readyz',
      '/metrics',
      '/logo.png',
      '/assets/starter/clip-poster.jpg',
      '/assets/none.js',
      '/play/a/b',
      '/nothing/here',
    ];
    const api = Map.groupBy(routes, ({ path }) => path.replace(/\{\w+\}/g, NOBODY));
    const requests = [...places, ...api.keys()].flatMap((path) =>
      methods.map((method) => ({ path, method, headers: bearer() })),
    );
    expect(await dishonest(requests)).toEqual([]);
    for (const [path, described] of api) {
      const taken = described.map(({ method }) => method);
      const wrong = methods.find((method) => !['HEAD', 'OPTIONS', ...taken].includes(method)) ?? 'PUT';
      const answer = await askHttp(product.baseUrl, { method: wrong, path, headers: bearer() });
      expect(`${wrong} ${path} ${answer.status}`).toBe(`${wrong} ${path} 405`);
      expect(answer.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(taken));
    }
  });

  test('what is not HTTP, or nearly, is refused in the words of all other refusals', async () => {
    const host = `Host: ${new URL(product.baseUrl).host}`;
    const faults: string[] = [];
    const unanswered: string[] = [];
    for (const wire of BAD_WIRE) {
      const answer = await askSocket(product.baseUrl, wire.replaceAll('HOST', host));
      faults.push(
        ...(answer === null ? [] : faultsOf(answer, { secrets: [product.adminToken] })).map(
          (fault) => `${shown(wire)}: ${fault}`,
        ),
      );
      if (answer === null) unanswered.push(wire);
      // No header of the request's own making in the answer.
      if (answer?.headers.has('set-cookie')) faults.push(`${shown(wire)}: set a cookie`);
    }
    expect(faults).toEqual([]);
    // Empty lines are no request yet.
    expect(unanswered).toEqual(['\r\n\r\n\r\n']);
    const twice = `GET /manifest.json HTTP/1.1\r\n${host}\r\nHost: evil.example\r\n\r\n`;
    expect((await askSocket(product.baseUrl, twice))?.status).toBe(400);
  });

  test('a probe that names no host, as load balancers send it, is answered', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const answer = await askSocket(product.baseUrl, `GET ${path} HTTP/1.0\r\n\r\n`);
      expect(answer?.status, path).toBe(200);
    }
  });
});

describe('at random', () => {
  test(`300 paths and 200 bodies of seed ${seed}`, async () => {
    const random = seededRandom(seed);
    const targets = writable();
    const requests = [
      ...Array.from({ length: 300 }, () => ({ path: randomPath(random), headers: bearer() })),
      ...Array.from({ length: 200 }, (_, index) => ({
        ...(targets[index % targets.length] ?? { method: 'POST', path: '/' }),
        headers: asJson(),
        body: randomBody(random),
      })),
    ];
    expect(await dishonest(requests)).toEqual([]);
  });
});

describe('afterwards', () => {
  test('it still answers, holds what it held, and its log holds no unhandled rejection, no 5xx and no secret', async () => {
    expect((await fetch(`${product.baseUrl}/readyz`)).status).toBe(200);
    const catalogue = z
      .object({ metas: z.array(z.unknown()) })
      .parse(await (await fetch(`${product.baseUrl}/catalog/movie/popular.json`)).json());
    expect(catalogue.metas.length).toBeGreaterThanOrEqual(15);
    expect(product.hasExited()).toBe(false);
    const output = product.output();
    expect(output).toContain('starter catalogue added');
    for (const said of [
      'nobody handled',
      'request failed',
      '"level":50',
      '"level":60',
      product.adminToken,
      SECRET_KEY,
      'secret-in-url',
    ])
      expect(
        output.split('\n').filter((line) => line.includes(said)),
        said,
      ).toEqual([]);
  });
});

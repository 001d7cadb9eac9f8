import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { bencode } from '../support/bencode.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { openRequest, rawRequest } from '../support/play-server.ts';
import { freePort } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { get } from '../support/traffic.ts';
import { waitUntil } from '../support/wait-until.ts';

// A film behind a password, played in every way it can end, at the most talkative log level. Nothing the server says to
// anybody but the origin may tell the password, the token, or where the film comes from.

/** Stands for the origin's name: no other address of the test is this one. */
const UPSTREAM = '127.0.0.77';
const SECRETS = {
  user: 'user-that-nobody-may-read',
  password: 'password-that-nobody-may-read',
  query: 'query-token-that-nobody-may-read',
  path: 'path-key-that-nobody-may-read',
  header: 'header-token-that-nobody-may-read',
  cookie: 'cookie-that-nobody-may-read',
  passkey: 'passkey0123456789that0nobody0may0read',
  apiKey: 'indexer-key-that-nobody-may-read',
  secretKey: 'secret-key-that-nobody-may-read-0123456789',
  oldKey: 'old-key-that-nobody-may-read-0123456789abc',
};
const HEADERS = { Authorization: `Bearer ${SECRETS.header}`, Cookie: `session=${SECRETS.cookie}` };
const BYTES = Buffer.alloc(4 * 1024 * 1024, 7);
/** Requests an origin or a client cannot tell from what comes from a page: answered, and never with a secret. */
const PAGES = [
  '/healthz',
  '/readyz',
  '/api/overview',
  '/api/health',
  '/metrics',
  '/api/live',
  '/api/trackers',
];

let origin: Origin;
let product: Tributary;
let shut: number;
const said: string[] = [];
const tokens: string[] = [];
/** Of what everybody is offered: pages hold it, the log must not. */
const handedOut: string[] = [];

beforeAll(async () => {
  origin = await startOrigin(BYTES, { host: UPSTREAM });
  shut = await freePort();
  product = await startTributary({
    env: {
      ...{ LOG_LEVEL: 'trace', PUBLIC_CATALOG: 'all', TRUST_PROXY: '127.0.0.0/8' },
      ...{ SECRET_KEY: SECRETS.secretKey, SECRET_KEYS_OLD: SECRETS.oldKey },
      OUTBOUND_ALLOW: `127.0.0.1,${UPSTREAM}`,
    },
  });
});
afterAll(async () => {
  await product?.stop();
  await origin?.stop();
});

const urlOf = (path: string, port = origin.port) =>
  `http://${SECRETS.user}:${SECRETS.password}@${UPSTREAM}:${port}/${SECRETS.path}${path}?token=${SECRETS.query}`;

async function listen(response: Response): Promise<string> {
  const body = await response.text();
  said.push(
    `${response.url.replace(/\/play\/.*/, '/play')} ${JSON.stringify([...response.headers])} ${body.slice(0, 20_000)}`,
  );
  return body;
}

/** A play link; its token joins what must not be told. */
async function link(body: object): Promise<string> {
  const response = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  expect(response.status, text).toBe(201);
  const { playUrl } = z.object({ playUrl: z.string() }).parse(JSON.parse(text));
  tokens.push(new URL(playUrl).pathname.split('/')[3] ?? '');
  return playUrl;
}

async function play(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await get(url, { headers: { Referer: `${product.baseUrl}/`, ...headers } });
  await listen(response);
  return response.status;
}

async function post(path: string, body: object): Promise<number> {
  const response = await product.asAdmin(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  // The admin is shown what the admin gave; others are not.
  await response.text();
  return response.status;
}

test('links and streams with passwords play, fail, are refused and are left', async () => {
  const good = await link({ url: urlOf('/film.mp4'), headers: HEADERS });
  expect(await play(good)).toBe(200);
  expect(await play(good, { Range: 'bytes=5-9' })).toBe(206);
  expect(await play(good, { Range: 'bytes=999999999-' })).toBe(416);
  expect(origin.requests.at(-1)?.headers).toMatchObject({
    cookie: HEADERS.Cookie,
    authorization: HEADERS.Authorization,
  });
  expect(origin.requests.map(({ headers }) => headers.referer)).toEqual(origin.requests.map(() => undefined));
  // Tampered, another method, another resource, no such network.
  expect(await play(good.replace(/.{4}(?=\/film\.mp4$)/, 'AAAA'))).toBe(403);
  await listen(await get(good, { method: 'DELETE' }));
  expect(await play(good.replace('/play/', '/play/x'))).toBe(403);
  expect(await play(await link({ url: urlOf('/cidr.mp4'), cidr: '203.0.113.0/24' }))).toBe(403);
  // Down from the beginning, and gone.
  expect(await play(await link({ url: urlOf('/down.mp4', shut), headers: HEADERS }))).toBe(502);
  origin.behaviour.getStatus = 404;
  origin.behaviour.headStatus = 404;
  expect(await play(await link({ url: urlOf('/gone.mp4') }))).toBe(404);
  for (const status of [401, 403, 429, 500, 503]) {
    origin.behaviour.getStatus = status;
    origin.behaviour.headStatus = status;
    expect(await play(await link({ url: urlOf(`/${status}.mp4`), headers: HEADERS }))).toBeGreaterThanOrEqual(
      400,
    );
  }
  origin.behaviour.getStatus = 200;
  origin.behaviour.headStatus = 200;
  // Leads where it may not: the origin's redirect holds a secret too.
  const away = `/${SECRETS.path}/away.mp4?token=${SECRETS.query}`;
  origin.behaviour.redirects = {
    [away]: `http://${SECRETS.user}:${SECRETS.password}@10.77.77.77/${SECRETS.path}`,
  };
  expect(await post('/api/links', { url: urlOf('/away.mp4') })).toBe(403);
  expect(
    await post('/api/links', {
      url: `http://${SECRETS.user}:${SECRETS.password}@10.77.77.77/${SECRETS.path}`,
    }),
  ).toBe(403);
  // Breaks off in the middle, for good.
  const breaking = await link({ url: urlOf('/breaking.mp4'), headers: HEADERS });
  origin.behaviour.cutAfter = 1_000_000;
  origin.behaviour.etag = null;
  const cut = await rawRequest(breaking);
  said.push(JSON.stringify(cut.headers));
  origin.behaviour.cutAfter = Number.POSITIVE_INFINITY;
  // Left by the client in the middle.
  const left = openRequest(await link({ url: urlOf('/left.mp4'), headers: HEADERS }));
  left.once('data', () => left.destroy());
  left.on('error', () => {});
  await waitUntil(() => left.destroyed, { what: 'the client has left', timeoutMs: 5000 });
});

test('what is stored with passwords is offered, listed and played', async () => {
  await post('/api/media', { kind: 'movie', title: 'Secret film', ids: { imdb: 'tt9300001' } });
  const info = { length: 5, name: 'film.mkv', 'piece length': 16_384, pieces: Buffer.alloc(20), private: 1 };
  const torrent = bencode({ announce: `https://${UPSTREAM}/${SECRETS.passkey}/announce`, info });
  const streams = [
    { url: urlOf('/stored.mp4'), headers: HEADERS },
    { nzbUrl: `https://${UPSTREAM}/get?apikey=${SECRETS.apiKey}&id=5` },
    { torrent: torrent.toString('base64') },
    { url: urlOf('/broken.torrent') },
    { url: `ftp://${SECRETS.user}:${SECRETS.password}@${UPSTREAM}/a` },
  ];
  const statuses: number[] = [];
  for (const stream of streams)
    statuses.push(await post('/api/streams', { mediaId: 'tt9300001', ...stream }));
  expect(statuses.slice(0, 3)).toEqual([201, 201, 201]);
  expect(Math.min(...statuses.slice(3))).toBeGreaterThanOrEqual(400);
  const answer = await get(`${product.baseUrl}/stream/movie/tt9300001.json`);
  const { streams: offered } = z
    .object({ streams: z.array(z.looseObject({ url: z.string().optional() })) })
    .parse(await answer.json());
  const url = offered.find((stream) => stream.url?.includes('/play/'))?.url ?? '';
  handedOut.push(new URL(url).pathname.split('/')[3] ?? '');
  expect(await play(url)).toBe(200);
  // A private torrent's members get the announce address with the offer; it is in no other answer.
  said.push(
    JSON.stringify(offered.filter((stream) => !('infoHash' in stream)).map(({ url: _url, ...rest }) => rest)),
  );
});

test('pages, metrics, errors and the log tell none of it', async () => {
  for (const path of PAGES) {
    await listen(await get(product.baseUrl + path));
    await listen(await product.asAdmin(path));
  }
  await product.stop();
  const output = product.output();
  // The log was not cut at its beginning, and it did log what happened.
  expect(output).toContain('Tributary is running');
  expect(output).toContain('request failed');
  const forbidden = [...Object.values(SECRETS), UPSTREAM, '10.77.77.77', product.adminToken, ...tokens];
  const basic = Buffer.from(`${SECRETS.user}:${SECRETS.password}`).toString('base64');
  expect(tokens.length).toBeGreaterThan(10);
  expect(tokens.every((token) => token.length > 50)).toBe(true);
  const lines = [...output.split('\n'), ...said];
  for (const token of handedOut) expect(output).not.toContain(token);
  for (const secret of [...forbidden, basic])
    expect(
      lines.filter((line) => line.includes(secret)).map((line) => line.slice(0, 500)),
      secret,
    ).toEqual([]);
});

import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mediaRoutes } from '../../src/features/media/index.ts';
import { linkRoutes, streamRoutes } from '../../src/features/stream-index/index.ts';
import { CheckAnswer, trackerRoutes } from '../../src/features/trackers/index.ts';
import { createBudget } from '../../src/platform/budget.ts';
import { createLinks, type Links } from '../../src/platform/links.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { createLiveStreams } from '../../src/play/live.ts';
import { createPresentations } from '../../src/play/presentations.ts';
import { playRoutes } from '../../src/play/routes.ts';
import { createSources, type Sources } from '../../src/play/sources.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { type ApiAnswer, startApi, type TestApi } from '../support/api.ts';
import { bencode } from '../support/bencode.ts';
import { type DnsServer, startDns } from '../support/dns-server.ts';
import { LEADING_INSIDE, PRIVATE, THIS_MACHINE } from '../support/forbidden-hosts.ts';
import { addStream, openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { problemIn } from '../support/problem-answer.ts';
import { trackerDeps } from '../support/trackers.ts';

// Every way in by which a stranger's address gets into the program, with every host it must not reach. Public addresses
// are allowed here, as an owner's server has it; 127.0.0.2 stands for a public one.

const PUBLIC = '127.0.0.2';
const TITLE = 'tt9200001';

let ground: TestKindDeps;
let net: Net;
let kinds: Kinds;
let links: Links;
let sources: Sources;
let api: TestApi;
let origin: Origin;
let dns: DnsServer;
let trap: Server;
let trapPort: number;
let caught = 0;

beforeAll(async () => {
  dns = await startDns((name) => LEADING_INSIDE[name]);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${dns.port}`]);
  ground = await openKindDeps();
  net = createNet({
    mode: 'all',
    allow: [`${PUBLIC}/32`],
    ownPorts: () => new Set(),
    resolve: async (host) => (await resolver.resolve4(host)).map((address) => ({ address, family: 4 })),
  });
  const deps = { ...ground.deps, net };
  const { db, log } = deps;
  kinds = createKinds(deps);
  links = createLinks(deps.crypto);
  sources = createSources();
  origin = await startOrigin(Buffer.from('public bytes'), { host: PUBLIC });
  // Every address of this machine, except for the port of the API, which the test itself asks.
  trap = createServer((socket) => {
    caught += 1;
    socket.destroy();
  }).listen(0, '::');
  await once(trap, 'listening');
  const address = trap.address();
  trapPort = typeof address === 'object' && address !== null ? address.port : 0;
  const budget = createBudget({ limitBytes: 2 ** 28 });
  api = await startApi((place) => [
    mediaRoutes({ db, language: 'en', ...place }),
    streamRoutes({ db, net, kinds, ...place }),
    linkRoutes({ db, net, kinds, links, ...place }),
    trackerRoutes({ ...trackerDeps, db, net, ...place }),
    playRoutes({
      ...{ links, kinds, sources, log, live: createLiveStreams() },
      presentations: createPresentations({ net, links, budget }),
      mayWatch: async () => undefined,
      onWatching() {},
      isPublicClosed: () => false,
      isPlayable: async () => true,
      clientOf: (req) => req.ip ?? '',
      baseUrlOf: (req) => `http://${req.get('host')}`,
      onPlay: () => {},
      admission: { admit: async () => () => {} },
      budget,
      metrics: { onBytes() {}, onFirstByte() {}, onResumed() {}, onReceived() {}, onStreamError() {} },
    }),
  ]);
  await api.ask('POST', '/api/media', { kind: 'movie', title: 'Film', ids: { imdb: TITLE } });
});
afterAll(async () => {
  await api.close();
  await origin.stop();
  sources.close();
  await kinds.close();
  await net.close();
  await ground.close();
  await dns.stop();
  trap.close();
});

const HOSTS = [...THIS_MACHINE, ...PRIVATE, ...Object.keys(LEADING_INSIDE)];
/** As it may stand in a header. */
const ascii = (host: string) => host.replace(/[^\0-\x7f]/g, encodeURIComponent);
const urlOf = (host: string, path: string) => `http://${host}:${trapPort}${path}`;
const post = (path: string, body: object) => api.ask('POST', path, body);
const codeOf = ({ status, body }: ApiAnswer) =>
  `${status} ${z.object({ code: z.string() }).safeParse(body).data?.code ?? ''}`;

/** A path of the public origin that leads on to `target`. */
function redirectTo(target: string, extension = 'mp4'): string {
  const path = `/${Buffer.from(target).toString('hex')}.${extension}`;
  origin.behaviour.redirects = { [path]: target };
  return origin.base + path;
}

function playUrl(detail: object): string {
  const resource = kinds.get('http')?.resource(detail) ?? '';
  const link = { kind: 'http', detail, fileIndex: null, subject: 'api' };
  return links.make(
    { ...link, expiresAt: Math.floor(Date.now() / 1000) + 60 },
    { baseUrl: '/api', resource },
  );
}

const httpDetail = (url: string) => kinds.get('http')?.parse({ url }) as object;

/** Entries that ask the address, which must say no. */
const ASKING: Readonly<Record<string, (host: string) => Promise<string>>> = {
  'a link to a film': async (host) => codeOf(await post('/api/links', { url: urlOf(host, '/film.mp4') })),
  'a link to a playlist': async (host) => codeOf(await post('/api/links', { url: urlOf(host, '/a.m3u8') })),
  'a link to a .torrent': async (host) =>
    codeOf(await post('/api/links', { url: urlOf(host, '/a.torrent') })),
  'a stream': async (host) =>
    codeOf(await post('/api/streams', { mediaId: TITLE, url: urlOf(host, '/film.mp4') })),
  'a stream by its .torrent': async (host) =>
    codeOf(await post('/api/streams', { mediaId: TITLE, url: urlOf(host, '/a.torrent') })),
  'a stream by its NZB': async (host) =>
    codeOf(await post('/api/streams', { mediaId: TITLE, url: urlOf(host, '/a.nzb') })),
  'a link to an NZB': async (host) => codeOf(await post('/api/links', { url: urlOf(host, '/a.nzb') })),
  'a redirect of an origin, for an NZB': async (host) =>
    codeOf(await post('/api/links', { url: redirectTo(urlOf(ascii(host), '/a'), 'nzb') })),
  'a redirect of an origin, for a link': async (host) =>
    codeOf(await post('/api/links', { url: redirectTo(urlOf(ascii(host), '/film.mp4')) })),
  'a redirect of an origin, for a .torrent': async (host) =>
    codeOf(await post('/api/links', { url: redirectTo(urlOf(ascii(host), '/a'), 'torrent') })),
  'a play link that was sealed before, GET': async (host) =>
    codeOf(await api.ask('GET', playUrl(httpDetail(urlOf(host, '/film.mp4'))))),
  'a play link that was sealed before, HEAD': async (host) => {
    const { status } = await api.ask('HEAD', playUrl(httpDetail(urlOf(host, '/film.mp4'))));
    return `${status} net.refused`;
  },
  'a play link whose origin redirects': async (host) =>
    codeOf(await api.ask('GET', playUrl(httpDetail(redirectTo(urlOf(ascii(host), '/film.mp4')))))),
  'a check of a tracker': async (host) => {
    const urls = ['udp', 'http', 'https', 'ws', 'wss'].map(
      (scheme) => `${scheme}://${host}:${trapPort}/announce`,
    );
    const { status, body } = await post('/api/trackers/check?wait=true', { urls });
    if (status === 400 && problemIn(body).code === 'trackers.invalid') return '400 request.invalid';
    const reasons = CheckAnswer.parse(body).trackers.map(({ reason }) => reason ?? '');
    return reasons.length === 5 && reasons.every((reason) => /may not be reached/.test(reason))
      ? '403 net.refused'
      : JSON.stringify(body);
  },
  'a health check': async (host) => {
    const ref = { detail: httpDetail(urlOf(host, '/film.mp4')), fileIndex: null };
    const health = await kinds.get('http')?.check?.(ref, AbortSignal.timeout(5000));
    return health?.isReachable === false && /may not be reached|lead back/.test(health.reason ?? '')
      ? '403 net.refused'
      : JSON.stringify(health);
  },
};

/** Entries that keep the address for later, or refuse its form, and ask nobody now. */
const KEEPING: Readonly<Record<string, (host: string, index: number) => Promise<ApiAnswer>>> = {
  'trackers and web seeds of a .torrent': (host, index) => {
    const inside = urlOf(ascii(host), '/announce');
    const info = { length: 5, name: `film ${index}.mkv`, 'piece length': 16_384, pieces: Buffer.alloc(20) };
    const whole = { announce: inside, 'announce-list': [[inside]], info, 'url-list': [inside] };
    return post('/api/streams', { mediaId: TITLE, torrent: bencode(whole).toString('base64') });
  },
  'subtitles of a stream': (host, index) =>
    post('/api/streams', {
      ...{ mediaId: TITLE, url: `magnet:?xt=urn:btih:${index.toString(16).padStart(40, 'b')}` },
      subtitles: [{ url: urlOf(host, '/a.srt'), language: 'en' }],
    }),
  'a poster': (host) => post('/api/media', { kind: 'movie', title: 'Other', poster: urlOf(host, '/p.jpg') }),
};

/** With everything in it that names a host; its peers and its exact source are asked for what is in it. */
function addMagnet(host: string, index: number): Promise<ApiAnswer> {
  const inside = encodeURIComponent(urlOf(host, '/a'));
  const udp = encodeURIComponent(`udp://${host}:${trapPort}/announce`);
  const hash = index.toString(16).padStart(40, 'a');
  const url = `magnet:?xt=urn:btih:${hash}&dn=Film&xs=${inside}&as=${inside}&ws=${inside}&tr=${inside}&tr=${udp}&x.pe=${encodeURIComponent(`${host}:${trapPort}`)}`;
  return post('/api/streams', { mediaId: TITLE, url });
}

/** A host that is no URL is refused as such; a name is asked for once and its answer refused. */
const isRefused = (code: string) =>
  /^(40[03] net\.refused|400 request\.invalid|400 streams\.unknown_source)$/.test(code);

describe('no host that may not be reached is reached by', () => {
  test.each(Object.entries(ASKING))('%s', async (_name, ask) => {
    const before = [caught, dns.asked.filter((name) => !(name in LEADING_INSIDE)).length];
    const wrong: string[] = [];
    for (const host of HOSTS) {
      const code = await ask(host);
      if (!isRefused(code)) wrong.push(`${host} ${code}`);
    }
    expect(wrong).toEqual([]);
    expect([caught, dns.asked.filter((name) => !(name in LEADING_INSIDE)).length]).toEqual(before);
  });

  test('a magnet, whose exact source and peers are asked what is in it', async () => {
    const before = caught;
    const answers = await Promise.all(HOSTS.map((host, index) => addMagnet(host, index)));
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(caught).toBe(before);
  });

  test.each(Object.entries(KEEPING))('%s, which is only kept', async (_name, ask) => {
    const before = [caught, dns.asked.length];
    for (const [index, host] of HOSTS.entries())
      expect((await ask(host, index)).status, host).toBeLessThan(500);
    expect([caught, dns.asked.length]).toEqual(before);
  });
});

test('a stored stream whose name leads inside by now is refused when it is played', async () => {
  const http = kinds.get('http');
  for (const host of ['inner.test', '127.0.0.1']) {
    const streamId = await addStream(ground.deps.db, 'http');
    await http?.save(ground.deps.db, streamId, http.parse({ url: urlOf(host, `/${host}.mp4`) }));
    const link = { streamId, kind: 'http', fileIndex: null, subject: 'public' };
    const url = links.make(
      { ...link, expiresAt: Math.floor(Date.now() / 1000) + 60 },
      { baseUrl: '/api', resource: 'r' },
    );
    expect(codeOf(await api.ask('GET', url)), host).toBe('403 net.refused');
  }
  expect(caught).toBe(0);
});

test('the refusals say nothing of the address, and the public origin is reached all the same', async () => {
  const refused = await post('/api/links', { url: urlOf('inner.test', '/film.mp4') });
  expect(JSON.stringify(refused.body)).not.toMatch(/inner|127|\d{5}/);
  expect((await post('/api/links', { url: origin.url })).status).toBe(201);
  expect(origin.requests.some(({ headers }) => headers.host === `${PUBLIC}:${origin.port}`)).toBe(true);
});

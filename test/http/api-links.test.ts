import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LinkAnswer, linkRoutes } from '../../src/features/stream-index/index.ts';
import { TrackersAnswer, trackerRoutes } from '../../src/features/trackers/index.ts';
import { createLinks, type Links } from '../../src/platform/links.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { startFtpServer } from '../support/ftp-server.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { problemIn } from '../support/problem-answer.ts';
import { openTempDir } from '../support/processes.ts';
import { type RangeServer, startRangeServer } from '../support/range-server.ts';
import { trackerDeps } from '../support/trackers.ts';

let ground: TestKindDeps;
let kinds: Kinds;
let links: Links;
let api: TestApi;
let origin: RangeServer;
let dir: Awaited<ReturnType<typeof openTempDir>>;

beforeAll(async () => {
  ground = await openKindDeps();
  kinds = createKinds(ground.deps);
  links = createLinks(ground.deps.crypto);
  dir = await openTempDir();
  const film = join(dir.path, 'film.mkv');
  await writeFile(film, Buffer.alloc(4321, 7));
  origin = await startRangeServer({ files: { '/films/My%20film.mkv': film } });
  const { db, net } = ground.deps;
  api = await startApi((place) => [
    linkRoutes({ db, net, kinds, links, ...place }),
    trackerRoutes({ ...trackerDeps, db, net, ...place }),
  ]);
});
afterAll(async () => {
  await api.close();
  await origin.stop();
  await kinds.close();
  await ground.close();
  await dir.remove();
});

const post = (body: unknown) => api.ask('POST', '/api/links', body);
function linkOf(playUrl: string) {
  const [, resource = '', token = '', filename] = /\/play\/([^/]+)\/([^/]+)(?:\/(.*))?$/.exec(playUrl) ?? [];
  return { resource, filename, link: links.open(token, resource) };
}

describe('POST /api/links', () => {
  test('makes a sealed link of a web file, with its name and size, for a day', async () => {
    const url = `${origin.url}/films/My%20film.mkv`;
    const { status, body } = await post({ url, headers: { 'X-Token': 'secret' } });
    expect(status).toBe(201);
    const answer = LinkAnswer.strict().parse(body);
    expect(answer).toMatchObject({ kind: 'http', filename: 'My film.mkv', size: 4321 });
    expect(answer.playUrl.startsWith(`${api.baseUrl}/play/`)).toBe(true);
    expect(answer.playUrl).not.toMatch(/secret|films/);
    const { link, filename } = linkOf(answer.playUrl);
    expect(filename).toBe('My%20film.mkv');
    expect(link).toMatchObject({
      kind: 'http',
      subject: 'api',
      fileIndex: null,
      detail: { url, headers: { 'x-token': 'secret' } },
    });
    const lifeMs = Date.parse(answer.expiresAt) - Date.now();
    expect(lifeMs).toBeGreaterThan(24 * 3_600_000 - 60_000);
    expect(lifeMs).toBeLessThanOrEqual(24 * 3_600_000);
    expect(link?.expiresAt).toBe(Date.parse(answer.expiresAt) / 1000);
  });

  test('the same bytes have the same resource whoever asks, other bytes another', async () => {
    const resourceOf = async (path: string, more: object = {}) =>
      linkOf(LinkAnswer.parse((await post({ url: `${origin.url}${path}`, ...more })).body).playUrl).resource;
    const first = await resourceOf('/films/My%20film.mkv');
    expect(await resourceOf('/films/My%20film.mkv', { headers: { 'X-Token': 'other' }, expiresIn: 60 })).toBe(
      first,
    );
    expect(await resourceOf('/films/other.mkv')).not.toBe(first);
  });

  test('takes a name, a life, a file and a network', async () => {
    const url = `${origin.url}/films/My%20film.mkv`;
    const { body } = await post({
      url,
      filename: 'Übung/1.mkv',
      expiresIn: 90,
      fileIndex: 0,
      cidr: '192.0.2.7',
    });
    const answer = LinkAnswer.parse(body);
    expect(linkOf(answer.playUrl).link).toMatchObject({
      filename: '1.mkv',
      fileIndex: 0,
      cidr: '192.0.2.7/32',
    });
    expect(Date.parse(answer.expiresAt) - Date.now()).toBeLessThanOrEqual(90_000);
    const other = LinkAnswer.parse((await post({ url, cidr: '2001:db8::/32' })).body);
    expect(linkOf(other.playUrl).link?.cidr).toBe('2001:db8::/32');
  });

  test('a link to an origin that is down now is made all the same', async () => {
    const { status, body } = await post({ url: `${origin.url}/films/missing.mkv` });
    expect(status).toBe(201);
    expect(body).not.toHaveProperty('size');
  });

  test.each([
    ['nothing', {}, 'request.invalid'],
    ['two sources', { url: 'https://x.example/f.mkv', torrent: 'AAAA' }, 'request.invalid'],
    ['an unknown scheme', { url: 'file:///etc/passwd' }, 'streams.unknown_source'],
    ['a life of years', { url: 'https://x.example/f.mkv', expiresIn: 99_999_999 }, 'request.invalid'],
    ['a network that is none', { url: 'https://x.example/f.mkv', cidr: '10.0.0.0/99' }, 'request.invalid'],
    [
      'a header that splits the request',
      { url: 'https://x.example/f.mkv', headers: { 'X-A': 'a\r\nHost: b' } },
      'request.invalid',
    ],
    ['a misspelt field', { url: 'https://x.example/f.mkv', expires: 5 }, 'request.invalid'],
  ])('%s is 400', async (_name, body, code) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { code } });
  });

  test('an address that may not be reached gets no link', async () => {
    const { status, body } = await post({ url: 'http://host.invalid/f.mkv' });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(problemIn(body).code).toMatch(/^net\./);
    expect(JSON.stringify(body)).not.toMatch(/host\.invalid/);
  });

  test('a magnet is a play link at once, and its trackers are known from then on', async () => {
    const magnet = `magnet:?xt=urn:btih:${'a'.repeat(40)}&tr=udp%3A%2F%2Fseen.example%3A80`;
    const answer = await post({ url: magnet });
    expect(answer).toMatchObject({ status: 201, body: { kind: 'torrent' } });
    const { body } = await api.ask('GET', '/api/trackers');
    const { trackers } = TrackersAnswer.parse(body);
    expect(trackers.map((tracker) => tracker.url)).toEqual(['udp://seen.example:80/announce']);
  });

  test('makes a sealed link of a file on an FTP server, its login inside', async () => {
    const server = await startFtpServer(new Map([['/films/My film.mkv', Buffer.alloc(99)]]));
    const url = `ftp://user:secret@127.0.0.1:${server.port}/films/My%20film.mkv`;
    const { status, body } = await post({ url });
    await server.stop();
    expect(status).toBe(201);
    const answer = LinkAnswer.strict().parse(body);
    expect(answer).toMatchObject({ kind: 'ftp', filename: 'My film.mkv', size: 99 });
    expect(answer.playUrl).not.toMatch(/secret|films/);
    expect(linkOf(answer.playUrl).link?.detail).toMatchObject({
      login: { username: 'user', password: 'secret' },
    });
  });

  test('kinds whose bytes cannot be reached are refused in words', async () => {
    const answer = await post({ url: 'https://youtu.be/aqz-KE-bpKQ' });
    expect(answer).toMatchObject({ status: 422, body: { code: 'links.no_bytes' } });
    expect(problemIn(answer.body).detail).toMatch(/kind youtube cannot be played through this server yet/);
    for (const url of ['https://t.me/c/1', 'https://x.example/a.nzb', 'ftp://x.example/a.mkv']) {
      expect((await post({ url })).status, url).toBeGreaterThanOrEqual(400);
    }
  });

  test('without the admin token it is 401', async () => {
    expect((await api.ask('POST', '/api/links', { url: 'x' }, { Authorization: '' })).status).toBe(401);
  });

  test('takes no line end and no null in a header, and lets none into a name or an address', async () => {
    const url = `${origin.url}/films/My%20film.mkv`;
    for (const end of ['\r\n', '\n', '\r', '\0']) {
      for (const headers of [
        { 'X-Token': `a${end}Set-Cookie: b=c` },
        { [`X-Token${end}Evil`]: 'a' },
        { [`X-Token: a${end}Evil`]: 'a' },
        { Cookie: `a=b${end}` },
      ])
        expect((await post({ url, headers })).status, JSON.stringify(headers)).toBe(400);
      const before = origin.requests.length;
      const named = await post({ url, filename: `a${end}Set-Cookie: b=c.mkv` });
      expect(named.status).toBe(201);
      expect(linkOf(LinkAnswer.parse(named.body).playUrl).filename).not.toMatch(/%0[ad0]/i);
      // The parser of addresses leaves line ends out, and a null it encodes or refuses.
      await post({ url: `${origin.url}/fil${end}ms/x${end} HTTP/1.1${end}Evil: yes` });
      expect(origin.requests.slice(before).filter(({ path }) => /[\s\0]/.test(path))).toEqual([]);
    }
  });
});

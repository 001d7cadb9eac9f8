import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { type PlayServer, rawRequest, startPlayServer } from '../support/play-server.ts';

let origin: FileOrigin;
let cdn: FileOrigin;
let server: PlayServer;
beforeAll(async () => {
  [origin, cdn] = await Promise.all([startFileOrigin(), startFileOrigin({ host: '127.0.0.2' })]);
  server = await startPlayServer('http', { url: `${origin.base}/unused.mp4` });
  for (const path of ['/show/1/v-1.m4s', '/show/1/init.mp4', '/up/v-1.m4s', '/show/a b/Ä.m4s', '/secret.m4s'])
    origin.files.set(encodeURI(path), `${path} of the origin`);
  cdn.files.set('/cdn/v-1.m4s', 'of the cdn');
  cdn.files.set('/show/1/init.mp4', 'init of the cdn');
});
afterAll(async () => {
  await server?.close();
  await Promise.all([origin?.stop(), cdn?.stop()]);
});
beforeEach(() => {
  origin.requests.length = 0;
  cdn.requests.length = 0;
});

function linkTo(url: string, input: object = {}): string {
  return server.urlOf({ detail: server.kinds.get('http')?.parse({ url, ...input }) });
}

const mpd = (inside: string, attributes = 'type="static" mediaPresentationDuration="PT8S"') =>
  `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${inside}</MPD>`;
const template = (media: string) =>
  `<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><SegmentTemplate media="${media}" initialization="1/init.mp4" duration="4"/></Representation></AdaptationSet></Period>`;

async function manifest(inside: string, input: object = {}, attributes?: string) {
  origin.files.set('/show/index.mpd', mpd(inside, attributes));
  shows += 1;
  origin.files.set(`/show/${shows}.mpd`, mpd(inside, attributes));
  const res = await fetch(linkTo(`${origin.base}/show/${shows}.mpd`, input));
  const text = await res.text();
  const base = /<BaseURL>([^<]*)<\/BaseURL>/.exec(text)?.[1] ?? '';
  return { res, text, base };
}
let shows = 0;

const Problem = z.object({ code: z.string(), status: z.number() });
const problemOf = async (res: Response) => Problem.parse(await res.json());
const textAt = async (url: string) => await (await fetch(url)).text();

describe('a manifest', () => {
  test('gets its folder as a base that leads through us; templates and relative URLs stay as they are', async () => {
    const { res, text, base } = await manifest(template('1/v-$Number%01d$.m4s'));
    expect(res.headers.get('content-type')).toBe('application/dash+xml');
    // Browsers show it as a document.
    expect(res.headers.get('content-security-policy')).toBe('sandbox');
    expect(base).toMatch(new RegExp(`^${server.base}/play/[\\w-]{22}/[\\w-]{60,}/$`));
    expect(text).toContain('media="1/v-$Number%01d$.m4s" initialization="1/init.mp4"');
    expect(await textAt(`${base}1/v-1.m4s`)).toBe('/show/1/v-1.m4s of the origin');
    expect(await textAt(`${base}1/init.mp4`)).toBe('/show/1/init.mp4 of the origin');
    expect(await textAt(`${base}a%20b/%C3%84.m4s?token=1`)).toBe('/show/a b/Ä.m4s of the origin');
    expect(origin.requests.at(-1)?.path).toBe('/show/a%20b/%C3%84.m4s?token=1');
    const part = await fetch(`${base}1/v-1.m4s`, { headers: { Range: 'bytes=0-4' } });
    expect([part.status, await part.text()]).toEqual([206, '/show']);
  });

  test('with bases of its own, absolute or climbing URLs, lists and several periods leads through us everywhere', async () => {
    const { text } = await manifest(
      [
        `<BaseURL serviceLocation="a">${cdn.base}/cdn/</BaseURL>`,
        `<Period><BaseURL>p1/</BaseURL><AdaptationSet><SegmentTemplate media="../../up/v-$Number$.m4s"/><Representation id="1"><BaseURL>${origin.base}/show/1/</BaseURL></Representation></AdaptationSet></Period>`,
        `<Period><AdaptationSet><Representation id="2"><SegmentList><Initialization sourceURL="/show/1/init.mp4"/><SegmentURL media="${origin.base}/show/1/v-$RepresentationID$.m4s?a=$Number$"/><SegmentURL media="plain.m4s"/></SegmentList></Representation></AdaptationSet></Period>`,
      ].join(''),
    );
    expect(text).not.toContain(origin.base);
    expect(text).not.toContain(cdn.base);
    expect(text).toContain('<BaseURL>p1/</BaseURL>');
    expect(text).toContain('media="plain.m4s"');
    expect(await textAt(`${/serviceLocation="a">([^<]*)</.exec(text)?.[1]}v-1.m4s`)).toBe('of the cdn');
    expect(text).toMatch(
      /SegmentTemplate media="http:[^"]*\/up\/v-\$Number\$\.m4s"|media="http:[^"]*\/v-\$Number\$\.m4s"/,
    );
    const init = /sourceURL="([^"]*)"/.exec(text)?.[1] ?? '';
    expect(await textAt(init)).toBe('init of the cdn');
    expect(text).toMatch(/media="http:[^"]*\/v-\$RepresentationID\$\.m4s\?a=\$Number\$"/);
  });

  test('of a live stream leads its own address and its clock through us, and patches are left out', async () => {
    origin.files.set('/time', '2026-01-01T00:00:00Z');
    const { text } = await manifest(
      `<Location>${origin.base}/show/index.mpd</Location><PatchLocation>patch.mpp</PatchLocation>${template('a-$Time$.m4s')}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="${origin.base}/time"/>`,
      {},
      'type="dynamic" minimumUpdatePeriod="PT2S"',
    );
    expect(text).not.toContain('PatchLocation');
    expect(await textAt(/<Location>([^<]*)</.exec(text)?.[1] ?? '')).toContain('<MPD');
    expect(await textAt(/value="([^"]*)"/.exec(text)?.[1] ?? '')).toBe('2026-01-01T00:00:00Z');
  });

  test('takes remote elements in before the player sees it; what cannot be had keeps its default', async () => {
    cdn.files.set('/period.xml', '<Period id="remote" xmlns="urn:mpeg:dash:schema:mpd:2011"/>');
    const { text } = await manifest(
      [
        `<Period xlink:href="${cdn.base}/period.xml" xlink:actuate="onLoad"/>`,
        '<Period id="default" xlink:href="http://10.0.0.1/period.xml"/>',
        '<Period id="gone" xlink:href="urn:mpeg:dash:resolve-to-zero:2013"/>',
      ].join(''),
    );
    expect([...text.matchAll(/<Period[^>]*id="(\w+)"/g)].map(([, id]) => id)).toEqual(['remote', 'default']);
    expect(text).not.toMatch(/xlink:href|10\.0\.0\.1/);
  });

  test('with ClearKey passes, one that only a licence server opens gets a clear error', async () => {
    const protection = (scheme: string) => `<ContentProtection schemeIdUri="urn:uuid:${scheme}"/>`;
    const inside = (schemes: string[]) =>
      `<Period><AdaptationSet>${schemes.map(protection).join('')}</AdaptationSet></Period>`;
    const clear = 'e2719d58-a985-b3c9-781a-b030af78d30e';
    const widevine = 'EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED';
    expect((await manifest(inside([clear]))).text).toContain(clear);
    expect((await manifest(inside([clear, widevine]))).res.status).toBe(200);
    const { res, text } = await manifest(inside([widevine]));
    expect([res.status, text]).toEqual([451, expect.stringContaining('play.drm')]);
  });

  test.each([
    ['no XML', 'no manifest'],
    ['another document', '<html/>'],
    ['entities', '<!DOCTYPE MPD [<!ENTITY a "b">]><MPD/>'],
    ['nested without end', '<MPD>'.repeat(100)],
    ['larger than any', `<MPD>${' '.repeat(3_000_000)}</MPD>`],
  ])('that is %s gets one clear error', async (what, text) => {
    origin.files.set(`/bad/${what.length}.mpd`, text);
    const res = await fetch(linkTo(`${origin.base}/bad/${what.length}.mpd`));
    expect(await problemOf(res)).toEqual({ code: 'play.not_a_manifest', status: 502 });
  });
});

describe('a path below a base', () => {
  test('leads down only: dots, masked dots, slashes, other hosts and empty names are refused', async () => {
    const { base } = await manifest(template('v-$Number$.m4s'));
    const answers = await Promise.all(
      [
        '%2e%2e/secret.m4s',
        '1/%2E%2E/%2e%2e/secret.m4s',
        '1/..%2f..%2fsecret.m4s',
        '%252e%252e/secret.m4s',
        '1/..%5c..%5csecret.m4s',
        '..\\secret.m4s',
        '/secret.m4s',
        '//127.0.0.2/x',
        '1//v-1.m4s',
        '.%00/x',
        '%0d%0aX',
      ].map(async (path) => (await rawRequest(base + path)).status),
    );
    expect(answers.map((status) => status === 403 || status === 400)).toEqual(answers.map(() => true));
    // Sent as it stands, without a browser's tidying up.
    expect((await rawPath(base, '../../secret.m4s')).status).not.toBe(200);
    expect((await rawPath(base, 'http://127.0.0.2/x')).status).not.toBe(200);
    expect(origin.requests.filter(({ path }) => path.includes('secret'))).toEqual([]);
    expect(cdn.requests).toEqual([]);
  });

  test('on a host or of a scheme that may not be reached is refused, and so is a tampered token', async () => {
    for (const url of ['file:///etc/', 'http://10.0.0.1/x/', 'ftp://127.0.0.1/']) {
      const { base, text } = await manifest(`<BaseURL>${url}</BaseURL>`);
      expect(text).not.toContain(url);
      expect(await problemOf(await fetch(`${base}passwd`))).toMatchObject({ code: 'net.refused' });
    }
    const { base } = await manifest(template('v-$Number$.m4s'));
    const tampered = base.slice(0, -2) + (base.at(-2) === 'A' ? 'B' : 'A');
    expect((await fetch(`${tampered}/1/v-1.m4s`)).status).toBe(403);
  });
});

/** A request whose path no URL parser has touched. */
async function rawPath(base: string, path: string): Promise<{ status: number }> {
  const { pathname, hostname, port } = new URL(base);
  const { connect } = await import('node:net');
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname}${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return { status: Number(text.split(' ')[1]) };
}

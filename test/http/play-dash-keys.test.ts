import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';

// The keys of encrypted DASH: a player asks for them at a link of ours (W3C Encrypted Media Extensions §9.1).

const CLEAR_KEY = 'urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e';
const WIDEVINE = 'urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed';
const KID = 'p-YcNz4hkDPCEJH6YHvzuA';
const KEYS = { keys: [{ kty: 'oct', kid: KID, k: 'ABEiM0RVZneImaq7zN3u_w' }], type: 'temporary' };

let origin: FileOrigin;
let cdn: FileOrigin;
let server: PlayServer;
let asked: { body: string; type: string | undefined; authorization: string | undefined }[] = [];
beforeAll(async () => {
  [origin, cdn] = await Promise.all([startFileOrigin(), startFileOrigin({ host: '127.0.0.2' })]);
  server = await startPlayServer('http', { url: `${origin.base}/unused.mp4` });
  for (const one of [origin, cdn])
    one.files.set('/show/licence', async (req, res) => {
      let body = '';
      for await (const chunk of req) body += String(chunk);
      const { 'content-type': type, authorization } = req.headers;
      asked.push({ body: `${req.method} ${body}`, type, authorization });
      res.writeHead(200, { 'Content-Type': 'text/plain' }).end(JSON.stringify(KEYS));
    });
});
afterAll(async () => {
  await server?.close();
  await Promise.all([origin?.stop(), cdn?.stop()]);
});
beforeEach(() => {
  asked = [];
});

let shows = 0;
async function manifest(protections: string, headers: Record<string, string> = {}): Promise<string> {
  shows += 1;
  const path = `/show/${shows}.mpd`;
  origin.files.set(
    path,
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:dashif="https://dashif.org/CPS" xmlns:old="http://dashif.org/guidelines/clearKey" xmlns:ms="urn:microsoft" mediaPresentationDuration="PT8S"><Period><AdaptationSet mimeType="video/mp4">${protections}<Representation id="1"><SegmentTemplate media="v-$Number$.m4s" initialization="init.mp4" duration="4"/></Representation></AdaptationSet></Period></MPD>`,
  );
  const detail = server.kinds.get('http')?.parse({ url: origin.base + path, headers });
  return await (await fetch(server.urlOf({ detail }))).text();
}

const protection = (scheme: string, inside = '') =>
  `<ContentProtection schemeIdUri="${scheme}">${inside}</ContentProtection>`;
const laurlOf = (text: string) => /[Ll]aurl[^>]*>([^<]*)</.exec(text)?.[1] ?? '';
const post = async (url: string, body: string, type = 'application/json') =>
  await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body });
const request = JSON.stringify({ kids: [KID], type: 'temporary' });
const problemOf = async (res: Response) =>
  z.object({ code: z.string(), status: z.number() }).parse(await res.json());

describe('the licence address of a manifest', () => {
  test.each([
    ['of DASH-IF', '<dashif:Laurl>licence</dashif:Laurl>'],
    ['in small letters', '<dashif:laurl> licence </dashif:laurl>'],
    ['as it was written before', '<old:Laurl Lic_type="EME-1.0">/show/licence</old:Laurl>'],
  ])('%s is a link of ours that brings the keys', async (_name, inside) => {
    const text = await manifest(protection(CLEAR_KEY, inside), { Authorization: 'Bearer s3cret' });
    expect(laurlOf(text)).toMatch(new RegExp(`^${server.base}/play/[\\w-]{22}/[\\w-]{60,}/licence$`));
    // Shaka Player says octet-stream.
    for (const type of ['application/json', 'application/octet-stream']) {
      const res = await post(laurlOf(text), request, type);
      expect([res.status, await res.json()]).toEqual([200, KEYS]);
      expect(res.headers.get('cache-control')).toBe('no-store');
      expect(res.headers.get('access-control-allow-origin')).toBe('*');
    }
    expect(asked).toEqual(
      Array(2).fill({ body: `POST ${request}`, type: 'application/json', authorization: 'Bearer s3cret' }),
    );
  });

  test('elsewhere is asked without credentials, and the manifest does not name it', async () => {
    const inside = `<dashif:Laurl>${cdn.base}/show/licence?a=1&amp;b=2</dashif:Laurl>`;
    const text = await manifest(protection(CLEAR_KEY, inside), { Authorization: 'Bearer s3cret' });
    expect(text).not.toContain(cdn.base);
    expect((await post(laurlOf(text), request)).status).toBe(200);
    expect(asked.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(cdn.requests.at(-1)?.path).toBe('/show/licence?a=1&b=2');
  });

  test('that is data stays, and nothing else is left that leads past us', async () => {
    const data = 'data:application/json;base64,e30=';
    const text = await manifest(
      [
        protection('urn:mpeg:dash:mp4protection:2011'),
        protection(
          CLEAR_KEY,
          `<dashif:Laurl>${data}</dashif:Laurl><dashif:Authzurl>${cdn.base}/who</dashif:Authzurl>`,
        ),
        protection(WIDEVINE, `<ms:laurl licenseUrl="${cdn.base}/widevine"/>`),
      ].join(''),
    );
    expect(laurlOf(text)).toBe(data);
    expect(text).toContain('mp4protection');
    expect(text).not.toContain(cdn.base);
  });

  test('of a system that is no ClearKey, known or not, gets a clear error', async () => {
    for (const scheme of [WIDEVINE, 'urn:uuid:5E629AF5-38DA-4063-8977-97FFBD9902D4'])
      expect(await manifest(protection(scheme))).toContain('"code":"play.drm"');
  });
});

describe('as HLS', () => {
  const asHls = async (protections: string, path: string) => {
    await manifest(protections);
    const detail = server.kinds.get('http')?.parse({ url: `${origin.base}/show/${shows}.mpd` });
    return await fetch(server.urlOf({ detail }) + path);
  };

  test('it needs an address where the key is had, and says so', async () => {
    for (const inside of ['', '<dashif:Laurl>data:application/json,{}</dashif:Laurl>'])
      expect(await problemOf(await asHls(protection(CLEAR_KEY, inside), '?as=hls'))).toEqual({
        code: 'play.encrypted_dash',
        status: 415,
      });
  });

  test('a segment names neither its key nor who has it; what cannot be decrypted says so', async () => {
    const master = await asHls(protection(CLEAR_KEY, '<dashif:Laurl>licence</dashif:Laurl>'), '?as=hls');
    const base = master.url;
    const track = new URL(/^[^#].*$/m.exec(await master.text())?.[0] ?? '', base).href;
    const text = await (await fetch(track)).text();
    const [init] = /(?<=URI=")[^"]*/.exec(text) ?? [];
    const [first] = /^[^#].*$/m.exec(text) ?? [];
    expect([text.includes(origin.base), text.includes('licence')]).toEqual([false, false]);
    origin.files.set('/show/init.mp4', 'no film at all');
    for (const uri of [init ?? '', first ?? ''])
      expect(await problemOf(await fetch(new URL(uri, track)))).toEqual({
        code: 'play.encrypted_dash',
        status: 415,
      });
  });
});

describe('a licence link', () => {
  const link = async (url = 'licence') =>
    laurlOf(await manifest(protection(CLEAR_KEY, `<dashif:Laurl>${url}</dashif:Laurl>`)));

  test('takes a ClearKey request by POST and nothing else', async () => {
    const url = await link();
    expect(await problemOf(await fetch(url))).toEqual({ code: 'play.method_not_allowed', status: 405 });
    for (const body of [
      '',
      '[]',
      '{"kids":[]}',
      '{"kids":["short"]}',
      'kids',
      `{"kids":["${KID}"],"type":"x"}`,
    ])
      expect([body, (await problemOf(await post(url, body))).code]).toEqual([body, 'request.invalid']);
    expect((await post(url, JSON.stringify({ kids: Array(5000).fill(KID) }))).status).toBe(413);
    expect(asked).toEqual([]);
  });

  test('says what fails, and gives out nothing but keys', async () => {
    origin.files.set('/show/page', (_req, res) => void res.end('{"secret":"page of the house"}'));
    origin.files.set('/show/denied', (_req, res) => void res.writeHead(403).end('no'));
    for (const path of ['page', 'denied']) {
      const res = await post(await link(path), request);
      expect([path, await problemOf(res)]).toEqual([path, { code: 'upstream.failed', status: 502 }]);
    }
    const res = await post(await link('http://10.0.0.1/licence'), request);
    expect((await problemOf(res)).code).toBe('net.refused');
  });

  test('is valid as long as its manifest, and other links take no POST', async () => {
    const url = await link();
    const tampered = url.replace(/\/licence$/, 'A/licence');
    expect((await post(tampered, request)).status).toBe(405);
    expect((await post(server.urlOf(), 'x'.repeat(100_000))).status).toBe(405);
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'content-type',
    ]);
  });
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { initOf, nal, segmentOf } from '../support/fragments.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';
import { protectInit, protectSegment } from '../support/protect.ts';

// Encrypted DASH as HLS: the links of its segments lead to decrypted bytes.

const SIZES = [900, 40, 3000];
const protection = { scheme: 'cenc', kid: randomBytes(16), key: randomBytes(16) } as const;
const samples = [0, 1, 2].map(() => Buffer.concat(SIZES.map(nal)));
const init = protectInit(initOf('avc1', 78), protection);
const segments = samples.map((data) => protectSegment(segmentOf(SIZES, data), true, protection));
const WHOLE = Buffer.concat([init, ...segments]);

let origin: FileOrigin;
let server: PlayServer;
let answer: { keys: object[] };
beforeAll(async () => {
  origin = await startFileOrigin();
  server = await startPlayServer('http', { url: `${origin.base}/unused.mp4` });
});
afterAll(async () => {
  await server?.close();
  await origin?.stop();
});
let shows = 0;
beforeEach(() => {
  shows += 1;
  origin.requests.length = 0;
  const [kid, k] = [protection.kid.toString('base64url'), protection.key.toString('base64url')];
  answer = { keys: [{ kty: 'oct', kid, k }] };
  const folder = `/show${shows}`;
  origin.files.set(`${folder}/licence`, (_req, res) => void res.end(JSON.stringify(answer)));
  origin.files.set(`${folder}/init.mp4`, init);
  for (const [at, bytes] of segments.entries()) origin.files.set(`${folder}/${at + 1}.m4s`, bytes);
  origin.files.set(`${folder}/whole.mp4`, WHOLE);
});

const TEMPLATE = '<SegmentTemplate media="$Number$.m4s" initialization="init.mp4" duration="4"/>';
const rangeOf = (at: number) => {
  const start = init.length + segments.slice(0, at).reduce((sum, { length }) => sum + length, 0);
  return `${start}-${start + (segments[at]?.length ?? 0) - 1}`;
};
const LIST = `<BaseURL>whole.mp4</BaseURL><SegmentList duration="4"><Initialization range="0-${init.length - 1}"/>${[
  0, 1, 2,
]
  .map((at) => `<SegmentURL mediaRange="${rangeOf(at)}"/>`)
  .join('')}</SegmentList>`;

/** The links of a track: first of its init section. */
async function linksOf(inside: string, headers: Record<string, string> = {}) {
  origin.files.set(
    `/show${shows}/index.mpd`,
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT12S"><Period><AdaptationSet mimeType="video/mp4"><ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"><Laurl>licence</Laurl></ContentProtection><Representation id="1">${inside}</Representation></AdaptationSet></Period></MPD>`,
  );
  const detail = server.kinds.get('http')?.parse({ url: `${origin.base}/show${shows}/index.mpd`, headers });
  const master = await fetch(`${server.urlOf({ detail })}?as=hls`);
  const track = new URL(/^[^#].*$/m.exec(await master.text())?.[0] ?? '', master.url).href;
  const text = await (await fetch(track)).text();
  const uris = [
    ...(/(?<=URI=")[^"]*/.exec(text) ?? []),
    ...text.split('\n').filter((line) => /^[^#]/.test(line)),
  ];
  return { text, links: uris.map((uri) => new URL(uri, track).href) };
}

const bytesAt = async (url: string, headers = {}) =>
  Buffer.from(await (await fetch(url, { headers })).arrayBuffer());
const problemOf = async (url: string) =>
  z.object({ code: z.string(), status: z.number() }).parse(await (await fetch(url)).json());

describe.each([
  ['by template', TEMPLATE],
  ['by list, as pieces of one file', LIST],
])('segments %s', (_name, inside) => {
  test('come decrypted, each at a link of its own, in whole and in ranges', async () => {
    const { text, links } = await linksOf(inside, { Authorization: 'Bearer s3cret' });
    expect(text).not.toContain('BYTERANGE');
    expect(links).toHaveLength(4);
    const [head = Buffer.alloc(0), ...parts] = await Promise.all(
      links.map(async (link) => await bytesAt(link)),
    );
    expect(head.length).toBe(init.length);
    expect(head.toString('latin1')).toMatch(/avc1/);
    expect(head.toString('latin1')).not.toMatch(/encv|sinf/);
    for (const [at, data] of samples.entries()) {
      expect(parts[at]?.length).toBe(segments[at]?.length);
      expect(parts[at]?.subarray(-data.length).equals(data)).toBe(true);
    }
    const part = await fetch(links[1] ?? '', { headers: { Range: 'bytes=-100' } });
    expect([part.status, part.headers.get('content-type')]).toEqual([206, 'video/mp4']);
    expect(Buffer.from(await part.arrayBuffer()).equals(samples[0]?.subarray(-100) ?? Buffer.alloc(0))).toBe(
      true,
    );
    // Of all who asked, once; and with what the link says.
    expect(origin.count(`/show${shows}/licence`)).toBe(1);
    expect(new Set(origin.requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['Bearer s3cret']),
    );
  });
});

test('what is kept of a segment stays encrypted: asked for twice it is the same', async () => {
  const { links } = await linksOf(TEMPLATE);
  const first = await bytesAt(links[1] ?? '');
  expect((await bytesAt(links[1] ?? '')).equals(first)).toBe(true);
  expect(origin.count(`/show${shows}/1.m4s`)).toBe(1);
});

test('without the key, or with one of another stream, nothing is sent', async () => {
  const { links } = await linksOf(TEMPLATE);
  answer = { keys: [] };
  expect(await problemOf(links[1] ?? '')).toEqual({ code: 'upstream.failed', status: 502 });
  answer = {
    keys: [{ kty: 'oct', kid: randomBytes(16).toString('base64url'), k: 'AAAAAAAAAAAAAAAAAAAAAA' }],
  };
  expect(await problemOf(links[2] ?? '')).toEqual({ code: 'upstream.failed', status: 502 });
});

test('a segment that is no fragment, or is cut off, is refused', async () => {
  const { links } = await linksOf(TEMPLATE);
  origin.files.set(`/show${shows}/1.m4s`, 'a page of the origin');
  origin.files.set(`/show${shows}/2.m4s`, segments[1]?.subarray(0, -10) ?? '');
  for (const link of links.slice(1, 3))
    expect(await problemOf(link)).toEqual({ code: 'play.encrypted_dash', status: 415 });
});

test('nothing is left in the memory budget when all is sent', async () => {
  const { links } = await linksOf(LIST);
  // The manifest stays.
  const before = server.budget.cachedBytes();
  await Promise.all(links.map(async (link) => await bytesAt(link)));
  expect(server.budget.cachedBytes()).toBe(before);
});

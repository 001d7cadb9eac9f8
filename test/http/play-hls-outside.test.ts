import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';

// 127.0.0.2 stands for the internet, 127.0.0.1 for the owner's network, which a playlist from outside may not reach.

let outside: FileOrigin;
let inside: FileOrigin;
let server: PlayServer;
const own = new Set<number>();
const names: Record<string, string[]> = {};
beforeAll(async () => {
  [outside, inside] = await Promise.all([startFileOrigin({ host: '127.0.0.2' }), startFileOrigin()]);
  inside.files.set('/secret', 'of the house');
  server = await startPlayServer(
    'http',
    { url: `${outside.base}/x.mp4` },
    {},
    {
      mode: 'all',
      allow: ['127.0.0.2'],
      ownPorts: () => own,
      resolve: async (host) => (names[host] ?? []).map((address) => ({ address, family: 4 })),
    },
  );
  own.add(server.port);
});
afterAll(async () => {
  await server?.close();
  await Promise.all([outside?.stop(), inside?.stop()]);
});
beforeEach(() => {
  inside.requests.length = 0;
});

const Problem = z.object({ code: z.string() });

/** Follows every URI of a playlist that names `target`, and tells what each answered with. */
async function answersFor(target: string): Promise<string[]> {
  const lines = [
    `#EXT-X-KEY:METHOD=AES-128,URI="${target}"`,
    `#EXT-X-MAP:URI="${target}"`,
    `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${target}"`,
    `#EXT-X-RENDITION-REPORT:URI="${target}"`,
    '#EXTINF:4,',
    target,
  ];
  const path = `/${encodeURIComponent(target)}.m3u8`;
  outside.files.set(path, ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...lines, ''].join('\n'));
  const url = server.urlOf({ detail: server.kinds.get('http')?.parse({ url: outside.base + path }) });
  const text = await (await fetch(url)).text();
  const uris = [...text.matchAll(/URI="([^"]*)"|^([^#\n]+)$/gm)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
  expect(uris).toHaveLength(5);
  return await Promise.all(
    uris.flatMap((uri) =>
      [{}, { Range: 'bytes=5-9' }].map(async (headers: HeadersInit) => {
        const res = await fetch(new URL(uri, url), { headers });
        return res.ok ? `${res.status}` : Problem.parse(await res.json()).code;
      }),
    ),
  );
}

test.each([
  ['a private host', () => inside.base],
  ['its decimal form', () => inside.base.replace('127.0.0.1', '2130706433')],
  ['its hex and octal form', () => inside.base.replace('127.0.0.1', '0x7f.0.0.01')],
  ['its mapped form', () => inside.base.replace('127.0.0.1', '[::ffff:7f00:1]')],
  ['a trailing dot', () => inside.base.replace('127.0.0.1', 'house.example.')],
  ['a name that leads inside', () => inside.base.replace('127.0.0.1', 'house.example')],
  ['a name that leads outside and inside', () => inside.base.replace('127.0.0.1', 'both.example')],
  ['a port of this very server', () => `http://127.0.0.2:${server.port}`],
  ['a file', () => 'file:///etc/passwd?'],
  ['a protocol of ffmpeg', () => `concat:${inside.base}`],
])('a playlist that names %s gets nothing from there', async (_what, base) => {
  Object.assign(names, { 'house.example': ['127.0.0.1'], 'both.example': ['198.51.100.1', '127.0.0.1'] });
  const answers = await answersFor(`${base()}/secret`);
  expect(answers.filter((answer) => !['net.refused', 'request.invalid'].includes(answer))).toEqual([]);
  expect(inside.requests).toEqual([]);
});

test('a redirect of a child into the house gets nothing either', async () => {
  outside.files.set(
    '/away',
    (_req, res) => void res.writeHead(302, { Location: `${inside.base}/secret` }).end(),
  );
  const answers = await answersFor(`${outside.base}/away`);
  expect(new Set(answers)).toEqual(new Set(['net.refused']));
  expect(inside.requests).toEqual([]);
});

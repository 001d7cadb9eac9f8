import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { addStream } from '../support/kind-deps.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';

// A NAS at home with a playlist, beside which other servers are; nothing at home is in OUTBOUND_ALLOW.

let nas: FileOrigin;
let neighbour: FileOrigin;
let otherPort: FileOrigin;
let server: PlayServer;
let link: string;
const SEGMENT = Buffer.alloc(300_000, 'segment ');
const db = () => server.held.deps.db;

beforeAll(async () => {
  [nas, neighbour, otherPort] = await Promise.all([
    startFileOrigin({ host: '127.0.0.3' }),
    startFileOrigin({ host: '127.0.0.4' }),
    startFileOrigin({ host: '127.0.0.3' }),
  ]);
  server = await startPlayServer('http', { url: nas.base }, {}, { mode: 'all', allow: [] });
  for (const origin of [nas, neighbour, otherPort]) origin.files.set('/other/b.ts', SEGMENT);
  nas.files.set('/films/a.ts', SEGMENT).set('/films/key', Buffer.alloc(16, 'k'));
  nas.files.set('/films/index.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nhd/media.m3u8\n');
  nas.files.set('/redirected.ts', (_req, res) => {
    res.writeHead(302, { Location: `${neighbour.base}/other/b.ts` }).end();
  });
  const segments = [
    ...['../a.ts', '/other/b.ts', '/redirected.ts', `${neighbour.base}/other/b.ts`],
    `${otherPort.base}/other/b.ts`,
  ];
  nas.files.set(
    '/films/hd/media.m3u8',
    `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="../key"\n${segments
      .map((url) => `#EXTINF:4,\n${url}\n`)
      .join('')}#EXT-X-ENDLIST\n`,
  );
  const sourceId = await db().oneFirst(rows('test.source', z.object({ id: z.int() }))`
    INSERT INTO source (name, base_url, is_active, allows_private) VALUES ('NAS', ${`${nas.base}/films/`}, true, true) RETURNING id`);
  const streamId = await addStream(db(), 'http');
  const http = server.kinds.get('http');
  const filePath = 'index.m3u8';
  await http?.save(db(), streamId, http.parse({ url: `${nas.base}/films/${filePath}` }), {
    sourceId,
    filePath,
  });
  link = server.urlOf({ streamId });
});
afterAll(async () => {
  await server?.close();
  await Promise.all([nas?.stop(), neighbour?.stop(), otherPort?.stop()]);
});

/** The links in a playlist, in their order. */
async function linksIn(url: string): Promise<string[]> {
  const answer = await fetch(url);
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, expect.stringContaining('#EXTM3U')]);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const quoted = [...text.matchAll(/URI="([^"]*)"/g)].map(([, uri = '']) => uri);
  return [...quoted, ...lines].map((uri) => new URL(uri, url).href);
}
async function got(url: string, headers: Record<string, string> = {}): Promise<[number, number]> {
  const answer = await fetch(url, { headers });
  return [answer.status, (await answer.arrayBuffer()).byteLength];
}

test('all of a playlist of a private source that lies on its server plays, and nothing beside it', async () => {
  const [media = ''] = await linksIn(link);
  const [key = '', below = '', beside = '', ...elsewhere] = await linksIn(media);
  expect(await got(key)).toEqual([200, 16]);
  // Another folder of the same server, and a piece of a file.
  expect(await got(beside, { Range: 'bytes=5-104' })).toEqual([206, 100]);
  for (const segment of [below, beside]) expect(await got(segment)).toEqual([200, SEGMENT.length]);
  expect(elsewhere).toHaveLength(3);
  for (const segment of elsewhere) {
    expect((await got(segment))[0]).toBe(403);
    expect((await got(segment, { Range: 'bytes=5-104' }))[0]).toBe(403);
  }
  expect([neighbour.requests, otherPort.requests]).toEqual([[], []]);
});

test('nobody reaches the server by a link of their own, nor by what was fetched for a permitted one', async () => {
  const http = server.kinds.get('http');
  for (const path of ['/films/a.ts', '/films/hd/media.m3u8', '/films/index.m3u8']) {
    const detail = http?.parse({ url: nas.base + path, allowsPrivate: true });
    expect((await got(server.urlOf({ detail })))[0]).toBe(403);
    expect((await got(server.urlOf({ detail: { ...Object(detail), allowsPrivate: true } })))[0]).toBe(403);
  }
});

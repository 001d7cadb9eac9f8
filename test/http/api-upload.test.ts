import { afterAll, beforeAll, expect, test } from 'vitest';
import { MediaAnswer, mediaRoutes } from '../../src/features/media/index.ts';
import { linkRoutes, streamRoutes } from '../../src/features/stream-index/index.ts';
import { createLinks } from '../../src/platform/links.ts';
import { createKinds } from '../../src/streams/registry.ts';
import { type ApiAnswer, startApi, type TestApi } from '../support/api.ts';
import { bencode } from '../support/bencode.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { problemIn } from '../support/problem-answer.ts';

let opened: TestKindDeps;
let api: TestApi;

beforeAll(async () => {
  opened = await openKindDeps();
  const { deps } = opened;
  const room = { ...deps, kinds: createKinds(deps), links: createLinks(deps.crypto) };
  api = await startApi((place) => [
    mediaRoutes({ ...room, language: 'en', ...place }),
    streamRoutes({ ...room, ...place }),
    linkRoutes({ ...room, ...place }),
  ]);
});
afterAll(async () => {
  await api?.close();
  await opened?.close();
});

const TORRENT = bencode({
  announce: 'udp://127.0.0.1:1337/announce',
  info: {
    length: 5_000_000,
    name: 'Film.2020.1080p.WEB-DL.mkv',
    'piece length': 262_144,
    pieces: Buffer.alloc(20 * 20),
  },
});

function form(parts: Record<string, string | [Buffer, string]>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([new Uint8Array(value[0])]), value[1]);
  }
  return data;
}
const send = (path: string, parts: Parameters<typeof form>[0]): Promise<ApiAnswer> =>
  api.ask('POST', path, form(parts));

test('a .torrent sent as a form becomes a stream of the title', async () => {
  const added = await api.ask('POST', '/api/media', { kind: 'movie', title: 'Film', year: 2020 });
  const { id: mediaId } = MediaAnswer.parse(added.body);
  const { status, body } = await send('/api/streams', { mediaId, file: [TORRENT, 'film.torrent'] });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    kind: 'torrent',
    name: 'Film.2020.1080p.WEB-DL.mkv',
    resolution: '1080p',
    sizeBytes: 5_000_000,
  });
});

test('a .torrent sent as a form becomes play links, one for each of its files', async () => {
  const { status, body } = await send('/api/links', { expiresIn: '60', file: [TORRENT, 'film.torrent'] });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    kind: 'torrent',
    playUrl: expect.stringContaining('/play/'),
    files: [{ index: 0, name: 'Film.2020.1080p.WEB-DL.mkv', playUrl: expect.stringContaining('/play/') }],
  });
});

test.each([
  ['an empty NZB', { file: [Buffer.from('<nzb/>'), 'a.nzb'] as [Buffer, string] }, 400, 'nzb.invalid'],
  [
    'an NZB that is none',
    { file: [Buffer.from('hello'), 'a.nzb.gz'] as [Buffer, string] },
    400,
    'nzb.invalid',
  ],
  [
    'a file that is no torrent',
    { file: [Buffer.from('hello'), 'a.torrent'] as [Buffer, string] },
    400,
    undefined,
  ],
  [
    'a file under another name',
    { upload: [TORRENT, 'a.torrent'] as [Buffer, string] },
    400,
    'request.bad_form',
  ],
  [
    'a file of 11 MiB',
    { file: [Buffer.alloc(11 * 1024 * 1024), 'a.torrent'] as [Buffer, string] },
    413,
    'request.too_large',
  ],
  ['a field of 65 KiB', { url: 'x'.repeat(65 * 1024 + 1) }, 413, 'request.too_large'],
  [
    '31 fields',
    Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`f${index}`, 'x'])),
    413,
    'request.too_large',
  ],
])('%s is refused', async (_what, parts, expected, code) => {
  const { status, body } = await send('/api/links', parts);
  expect(status).toBe(expected);
  if (code !== undefined) expect(problemIn(body).code).toBe(code);
});

test.each([
  ['no boundary', 'multipart/form-data', 'x'],
  [
    'a form that ends in the middle',
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.torrent"\r\n\r\nabc',
  ],
])('%s is a 400', async (_what, type, text) => {
  const { status, body } = await api.ask('POST', '/api/links', text, { 'Content-Type': type });
  expect([status, problemIn(body).code]).toEqual([400, 'request.bad_form']);
});

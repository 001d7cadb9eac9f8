import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { waitUntil } from '../support/wait-until.ts';

// Films in parts from a folder, and what becomes of them when the owner says what they are.

const MIB = 1024 * 1024;
const FILES: readonly [string, number][] = [
  ['Der Qolem (1920) CD1.avi', 2 * MIB],
  // Larger than the first, which larger files otherwise stand before.
  ['Der Qolem (1920) CD2.avi', 3 * MIB],
  ['Siegfrids Tod (1924)/CD1/movie.avi', MIB],
  ['Siegfrids Tod (1924)/CD2/movie.avi', MIB],
  ['Qwertz Uiopa (1931) Part 1.mkv', MIB],
  ['Qwertz Uiopa (1931) Part 2.mkv', 2 * MIB],
];
const GERMAN = [
  'Ich weiß nicht, wovon du sprichst. Wo warst du die ganze Nacht?',
  'Wir müssen gehen, bevor sie zurückkommen. Es ging nie ums Geld, das weißt du.',
  'Komm schon, steig ins Auto. Er sagte, er würde am Bahnhof auf uns warten.',
];
let dir: Awaited<ReturnType<typeof openTempDir>>;
let product: Tributary;

beforeAll(async () => {
  dir = await openTempDir();
  for (const [name, size] of FILES) {
    const path = join(dir.path, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, Buffer.alloc(size, name));
  }
  await writeFile(
    join(dir.path, 'Der Qolem (1920) CD2.srt'),
    '1\n00:00:01,000 --> 00:00:04,000\nOf the second part.\n',
  );
  // No name says that it is German, and no mark that it is no UTF-8.
  await writeFile(
    join(dir.path, 'Der Qolem (1920) CD1.srt'),
    Buffer.from(
      GERMAN.map((line, n) => `${n + 1}\n00:00:0${n},000 --> 00:00:0${n},900\n${line}\n\n`).join(''),
      'latin1',
    ),
  );
  product = await startTributary({
    env: { LOCAL_FOLDERS: `films=${dir.path}`, PUBLIC_CATALOG: 'all', METADATA_PROVIDERS: 'none' },
  });
});
afterAll(async () => {
  await product?.stop();
  await dir?.remove();
});

async function api(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await product.asAdmin(path, {
    ...{ method, headers: { 'content-type': 'application/json' } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said = await answer.text();
  expect(answer.status, said).toBeLessThan(300);
  return said === '' ? null : JSON.parse(said);
}

const Scans = z.object({ scans: z.array(z.looseObject({ phase: z.string(), status: z.string() })) });
async function scan(): Promise<void> {
  const body = { name: 'NAS', finder: 'local-folder', baseUrl: 'local:films/' };
  const { sourceId } = z.looseObject({ sourceId: z.string() }).parse(await api('POST', '/api/sources', body));
  await api('PATCH', `/api/sources/${sourceId}`, { isActive: true });
  await waitUntil(
    async () =>
      Scans.parse(await api('GET', `/api/sources/${sourceId}/scans`)).scans.some(
        ({ phase, status }) => phase === 'enricher' && status === 'completed',
      ),
    { what: 'the folder is scanned and matched', timeoutMs: 60_000, everyMs: 200 },
  );
}

const Waiting = z.looseObject({
  ...{ id: z.string(), title: z.string(), year: z.int().nullable() },
  files: z.array(z.looseObject({ name: z.string() })),
});
const waiting = async () =>
  z.object({ titles: z.array(Waiting) }).parse(await api('GET', '/api/review')).titles;
async function waitingAs(title: string): Promise<z.infer<typeof Waiting>> {
  const one = (await waiting()).find((each) => each.title === title);
  if (one === undefined) throw new Error(`${title} does not wait`);
  return one;
}

const Streams = z.object({
  streams: z.array(
    z.looseObject({
      /** What says that there is nothing has none. */
      url: z.string().optional(),
      description: z.string(),
      subtitles: z.array(z.looseObject({ url: z.string(), lang: z.string() })).default([]),
    }),
  ),
});
async function streamsOf(id: string) {
  const answer = await fetch(`${product.baseUrl}/stream/movie/${encodeURIComponent(id)}.json`);
  return Streams.parse(await answer.json()).streams.flatMap(({ url, ...stream }) =>
    url === undefined ? [] : [{ ...stream, url }],
  );
}
const linesOf = async (id: string) => (await streamsOf(id)).map(({ description }) => description.split('\n'));
const whole = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());

test('the parts of a film are one title that waits for the owner, and nobody gets its streams until then', async () => {
  await scan();
  expect((await waiting()).map(({ title, year, files }) => [title, year, files.length]).toSorted()).toEqual([
    ['Der Qolem', 1920, 2],
    ['Qwertz Uiopa', 1931, 2],
    ['Siegfrids Tod', 1924, 2],
  ]);
  for (const { id } of await waiting()) expect(await streamsOf(`trib:${id}`)).toEqual([]);
});

test('approved, its parts are offered in their order, each says which it is and has its own bytes and subtitles', async () => {
  const { id } = await waitingAs('Der Qolem');
  await api('POST', `/api/review/${id}/approve`, {});
  expect(await linesOf(`trib:${id}`)).toEqual([
    ['Der Qolem (1920) CD1.avi', '💿 Part 1  📦 2.1 MB', '💬 German'],
    ['Der Qolem (1920) CD2.avi', '💿 Part 2  📦 3.1 MB'],
  ]);
  const streams = await streamsOf(`trib:${id}`);
  for (const [n, { url }] of streams.entries()) {
    const [name = '', size = 0] = FILES[n] ?? [];
    expect((await whole(url)).equals(Buffer.alloc(size, name))).toBe(true);
  }
  // By what is said in it, of which there is too little in the other.
  expect(streams.map(({ subtitles }) => subtitles.map(({ lang }) => lang))).toEqual([['ger'], ['und']]);
  const words = async (n: number) => (await fetch(streams[n]?.subtitles[0]?.url ?? '')).text();
  expect(await words(0)).toContain('Wir müssen gehen');
  expect(await words(1)).toContain('Of the second part.');
});

test('parts that only their folders tell apart are both offered', async () => {
  const { id } = await waitingAs('Siegfrids Tod');
  await api('POST', `/api/review/${id}/approve`, {});
  expect(await linesOf(`trib:${id}`)).toEqual([
    ['CD1/movie.avi', '💿 Part 1  📦 1 MB'],
    ['CD2/movie.avi', '💿 Part 2  📦 1 MB'],
  ]);
  const [first, second] = await streamsOf(`trib:${id}`);
  expect((await whole(first?.url ?? '')).equals(await whole(second?.url ?? ''))).toBe(false);
});

test('corrected to a title that is here, its streams are that title’s; rejected, nobody gets them', async () => {
  const other = z.looseObject({ id: z.string() }).parse(
    await api('POST', '/api/media', {
      kind: 'movie',
      title: 'Real Name',
      year: 1931,
      ids: { imdb: 'tt9100001' },
    }),
  );
  expect(await streamsOf('tt9100001')).toEqual([]);
  const { id } = await waitingAs('Qwertz Uiopa');
  expect(await api('POST', `/api/review/${id}/correct`, { ids: { imdb: 'tt9100001' } })).toEqual({
    mergedInto: { id: other.id, title: 'Real Name', year: 1931 },
  });
  expect((await linesOf('tt9100001')).map(([name]) => name)).toEqual([
    'Qwertz Uiopa (1931) Part 1.mkv',
    'Qwertz Uiopa (1931) Part 2.mkv',
  ]);
  expect(await waiting()).toEqual([]);

  // A name no title here has, said by hand.
  await writeFile(join(dir.path, 'Zxcvb Nmasd (1940).mkv'), Buffer.alloc(MIB));
  await writeFile(join(dir.path, 'Lkjhg Fdsap (1941).mkv'), Buffer.alloc(MIB));
  const { sources } = z
    .object({ sources: z.array(z.looseObject({ sourceId: z.string() })) })
    .parse(await api('GET', '/api/sources'));
  await api('POST', `/api/sources/${sources[0]?.sourceId}/scan`);
  await waitUntil(async () => (await waiting()).length === 2, {
    ...{ what: 'the new files wait', timeoutMs: 60_000, everyMs: 200 },
  });
  const [named, refused] = [await waitingAs('Zxcvb Nmasd'), await waitingAs('Lkjhg Fdsap')];
  await api('POST', `/api/review/${named.id}/correct`, { title: 'Said by Hand', year: 1942 });
  await api('POST', `/api/review/${refused.id}/reject`);
  expect(await waiting()).toEqual([]);
  expect((await linesOf(`trib:${named.id}`)).map(([name]) => name)).toEqual(['Zxcvb Nmasd (1940).mkv']);
  expect(await api('GET', `/api/media/${named.id}`)).toMatchObject({ title: 'Said by Hand', year: 1942 });
  expect(await streamsOf(`trib:${refused.id}`)).toEqual([]);
  // A scan does not bring back what was rejected.
  await api('POST', `/api/sources/${sources[0]?.sourceId}/scan`);
  await waitUntil(
    async () =>
      Scans.parse(await api('GET', `/api/sources/${sources[0]?.sourceId}/scans`)).scans.filter(
        ({ phase, status }) => phase === 'collector' && status === 'completed',
      ).length === 3,
    { what: 'it is scanned again', timeoutMs: 60_000, everyMs: 200 },
  );
  expect(await streamsOf(`trib:${refused.id}`)).toEqual([]);
  expect(await waiting()).toEqual([]);
});

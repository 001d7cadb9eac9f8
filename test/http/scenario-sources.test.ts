import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { linkSourceSubtitles } from '../../src/features/sources/link-subtitles.ts';
import { runScan } from '../../src/features/sources/run-scan.ts';
import { openListers } from '../../src/listers.ts';
import { rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { type FileTreeServer, startFileTreeServer } from '../support/file-tree-server.ts';
import { scenarioRoom } from '../support/scenario-room.ts';
import { TMDB_FILM } from '../support/tmdb-answers.ts';

// The scenario "files on two servers", F1 to F5 and F8, with sources: sent in and scanned, through the protocol a client speaks.

const room = scenarioRoom();
const { addon, ask, count, laySearch, layTitle, match, review, shown, streams } = room;
let [a, b]: FileTreeServer[] = [];
beforeAll(async () => {
  a = await startFileTreeServer();
  b = await startFileTreeServer();
});
afterAll(async () => {
  await a?.stop();
  await b?.stop();
});

const MATRIX = 'The.Matrix.1999.1080p.BluRay.x264.mkv';
const EPISODE = 'Show.Name.S01E02.720p.WEB-DL.mkv';
const AVATAR = 'Avatar.2022.720p.mkv';
const SHOW = {
  ...{ id: 1000, name: 'Show Name', original_language: 'en', first_air_date: '2010-01-01', seasons: [] },
  overview: 'A show.',
};
const SEQUEL = { id: 76_600, title: 'Avatar: The Way of Water', release_date: '2022-12-14' };
const Source = z.looseObject({ sourceId: z.uuid(), isActive: z.boolean() });
const Counted = z.object({
  ...{ batch_id: z.uuid(), inserted: z.int(), skipped: z.int(), invalid: z.int(), total: z.int() },
});

let sources: { a: string; b: string };
async function addSource(name: string, server: FileTreeServer | undefined): Promise<string> {
  const added = await ask('POST', '/api/sources', { name, baseUrl: server?.baseUrl, finder: 'http-index' });
  const { sourceId, isActive } = Source.parse(added.body);
  expect([added.status, isActive]).toEqual([201, false]);
  expect((await ask('PATCH', `/api/sources/${sourceId}`, { isActive: true })).status).toBe(200);
  return sourceId;
}
beforeEach(async () => {
  sources = { a: await addSource('A', a), b: await addSource('B', b) };
});

async function send(files: readonly (string | object)[], source = sources.a) {
  const { status, body } = await ask('POST', `/api/sources/${source}/scan-results`, { files });
  expect(status).toBe(201);
  return Counted.parse(body);
}
async function scan(publicId: string): Promise<string> {
  const id = await addon().db.oneFirst(
    rows('test.id', z.object({ id: z.int() }))`SELECT id FROM source WHERE public_id = ${publicId}::uuid`,
  );
  const result = await runScan(
    { ...addon(), openLister: openListers(new Map()), log: createLog('silent') },
    id,
    new AbortController().signal,
  );
  await addon().settled();
  return result;
}
const states = async () =>
  (
    await addon().db.any(
      rows('test.states', z.object({ state: z.string() }))`SELECT state FROM scan_item ORDER BY file_path`,
    )
  ).map(({ state }) => state);
function layMatrix(): void {
  laySearch('movie', 'The Matrix', [{ id: 603, title: 'The Matrix', release_date: '1999-03-31' }]);
  layTitle('movie/603', TMDB_FILM);
}
function layAll(): void {
  layMatrix();
  laySearch('tv', 'Show Name', [{ id: 1000, name: 'Show Name', first_air_date: '2010-01-01' }]);
  layTitle('tv/1000', SHOW);
  laySearch('movie', 'Avatar', [SEQUEL]);
}
const urlOf = (name: string) => `${a?.baseUrl}${name}`;
const F2 = [MATRIX, 'The.Matrix.1999.1080p.BluRay.x264.srt', EPISODE, AVATAR, 'poster.jpg'];

test('F2: what is sent in is counted; what is sent again is skipped', async () => {
  expect(await send(F2.map(urlOf))).toMatchObject({ inserted: 3, invalid: 2, skipped: 0, total: 5 });
  expect(await send(F2)).toMatchObject({ inserted: 0, invalid: 2, skipped: 3, total: 5 });
});

test('F10: a path that does not lie below the base is no file of the source', async () => {
  const host = new URL(a?.baseUrl ?? '').host;
  expect(
    await send([
      `http://${host}.evil.example/${MATRIX}`,
      `http://evil.example@${host}/${MATRIX}`,
      `https://${host}/${MATRIX}`,
      `../${MATRIX}`,
      `films/%2e%2e/%2E%2E/${MATRIX}`,
      `films%2f${MATRIX}`,
      `a\r\nb/${MATRIX}`,
      { path: `films/${MATRIX}`, sizeBytes: 5 },
    ]),
  ).toMatchObject({ inserted: 1, invalid: 7, total: 8 });
});

test.each([
  [{ files: [] }, 400],
  [{ files: Array(5001).fill('a.mkv') }, 400],
  [{}, 400],
])('%# a scan of nothing, or of more than 5,000 files, is refused', async (body, status) => {
  expect((await ask('POST', `/api/sources/${sources.a}/scan-results`, body)).status).toBe(status);
});

test('F3: paused nothing changes; resumed the sure ones are published, the doubtful one waits, and nothing matched stays staged', async () => {
  await send(F2);
  room.pause(true);
  expect(await match()).toBe(0);
  expect(await states()).toEqual(['pending', 'pending', 'pending']);
  expect(await count('media')).toBe(0);
  room.pause(false);
  layAll();
  expect(await match()).toBe(3);
  expect(await states()).toEqual([]);
  expect((await shown('movie', 'matrix')).search).toEqual(['The Matrix']);
  expect((await shown('movie', 'avatar')).search).toEqual([]);
  const [waiting, another] = await review();
  expect([waiting?.title, waiting?.status, another]).toEqual(['Avatar', 'flagged', undefined]);
  expect(((waiting?.confidence ?? 0) * 100).toFixed(2)).toBe('40.00');
  expect(await streams('series/tmdb:1000:1:2')).toHaveLength(1);
  const logs = await addon().db.any(
    rows('test.log', z.looseObject({ phase: z.string() }))`
      SELECT phase, status, inserted, matched, flagged, unmatched FROM scan_log ORDER BY id`,
  );
  expect(logs).toMatchObject([
    { phase: 'collector', status: 'completed', inserted: 3 },
    { phase: 'enricher', status: 'completed', matched: 2, flagged: 1, unmatched: 0 },
  ]);
});

test('F4: the same film scanned on another server is one title with two links, and an episode is there once', async () => {
  await send([MATRIX, EPISODE]);
  layMatrix();
  laySearch('tv', 'Show Name', [{ id: 1000, name: 'Show Name', first_air_date: '2010-01-01' }]);
  layTitle('tv/1000', SHOW);
  await match();
  b?.files.clear();
  b?.files
    .set(`Films/${MATRIX.replace('1080p', '720p')}`, 700_000_000)
    .set(`TV/Show Name/Season 1/Show Name - 102.mkv`, 5);
  b?.files.set(`TV/Show Name/Season 1/Show.Name.S01E02.1080p.mkv`, 600_000_000);
  expect(await scan(sources.b)).toBe('completed');
  await match();
  expect(await count('media')).toBe(2);
  const offered = await streams('movie/tt0133093');
  expect(offered.map(({ name }) => /\d+p/.exec(name ?? '')?.[0])).toEqual(['1080p', '720p']);
  // No unsigned URL is ever fetched (F10): what is played is a link of ours.
  for (const { url } of offered) expect(url).toContain('/play/');
  expect(await count('episode')).toBe(1);
});

test('F5: an approved title is shown, with its file', async () => {
  await send([AVATAR]);
  laySearch('movie', 'Avatar', [SEQUEL]);
  await match();
  const [waiting] = await review();
  expect((await ask('POST', `/api/review/${waiting?.id}/approve`)).status).toBe(204);
  expect((await shown('movie', 'avatar')).search).toEqual(['Avatar']);
  expect(await streams(`movie/trib:${waiting?.id}`)).toHaveLength(1);
});

test('F8: with a source its files go, and with a title too', async () => {
  await send([MATRIX]);
  await send([MATRIX], sources.b);
  layMatrix();
  await match();
  expect(await streams('movie/tt0133093')).toHaveLength(2);
  expect((await ask('DELETE', `/api/sources/${sources.b}`)).status).toBe(204);
  expect(await streams('movie/tt0133093')).toHaveLength(1);
  expect(await count('stream_media_link')).toBe(1);
  expect((await ask('DELETE', '/api/media/tt0133093')).status).toBe(204);
  expect(await count('stream_media_link')).toBe(0);
  // A file whose stream is gone is staged anew.
  expect(await send([MATRIX])).toMatchObject({ inserted: 1 });
});

test('moved files keep their streams, those that are gone are hidden and kept, and come back', async () => {
  a?.files.clear();
  a?.files.set(`Films/${MATRIX}`, 700_000_000).set(`Films/The.Matrix.1999.2160p.mkv`, 900_000_000);
  await scan(sources.a);
  layMatrix();
  await match();
  const stored = () =>
    addon().db.any(
      rows('test.streams', z.object({ id: z.int(), state: z.string(), path: z.string() }))`
        SELECT s.id, s.state, h.file_path AS path FROM stream s JOIN stream_http h ON h.stream_id = s.id ORDER BY s.size_bytes`,
    );
  const before = await stored();
  expect(before.map(({ state }) => state)).toEqual(['active', 'active']);
  a?.files.delete(`Films/${MATRIX}`);
  a?.files.set(`Sorted/1999/${MATRIX}`, 700_000_000).delete('Films/The.Matrix.1999.2160p.mkv');
  expect(await scan(sources.a)).toBe('completed');
  expect(await stored()).toEqual([
    { ...before[0], path: `Sorted/1999/${MATRIX}` },
    { ...before[1], state: 'broken' },
  ]);
  expect(await states()).toEqual([]);
  expect(await streams('movie/tt0133093')).toHaveLength(1);
  a?.files.set('Films/The.Matrix.1999.2160p.mkv', 900_000_000);
  await scan(sources.a);
  expect((await stored()).map(({ state }) => state)).toEqual(['active', 'active']);
  expect(await streams('movie/tt0133093')).toHaveLength(2);
  // An empty disk is one that is not mounted.
  a?.files.clear();
  expect(await scan(sources.a)).toBe('failed');
  expect(await streams('movie/tt0133093')).toHaveLength(2);
});

test('a second scan writes nothing to streams', async () => {
  a?.files.clear();
  a?.files.set(`Films/${MATRIX}`, 700_000_000);
  await scan(sources.a);
  layMatrix();
  await match();
  const marks = () =>
    addon().db.one(
      rows('test.marks', z.object({ marks: z.string() }))`
        SELECT string_agg(s.xmin::text || h.xmin::text || l.xmin::text, ' ') AS marks
        FROM stream s JOIN stream_http h ON h.stream_id = s.id JOIN stream_media_link l ON l.stream_id = s.id`,
    );
  const before = await marks();
  expect(await scan(sources.a)).toBe('completed');
  expect(await match()).toBe(0);
  expect(await marks()).toEqual(before);
});

test('what nobody knows stays staged and is tried again', async () => {
  await send(['Unheard.Film.2011.1080p.mkv', '1080p.mkv']);
  laySearch('movie', 'Unheard Film', []);
  await match();
  expect(await states()).toEqual(['unmatched', 'unmatched']);
  expect(await match()).toBe(0);
  expect((await ask('POST', `/api/sources/${sources.a}/retry`)).status).toBe(204);
  expect(await states()).toEqual(['pending', 'pending']);
});

test('F2: the subtitles beside a film are linked to it, with their language and how they are written', async () => {
  a?.files.clear();
  a?.files.set(`Films/${MATRIX}`, 700_000_000).set('Films/poster.jpg', 5);
  const latin = Buffer.from('1\n00:00:01,000 --> 00:00:02,000\n\xfcber alles\n', 'latin1');
  a?.files.set(`Films/${MATRIX.replace('mkv', 'de.srt')}`, latin);
  a?.files.set(
    'Films/The.Matrix.1999.1080p.BluRay.en.vtt',
    Buffer.from('WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n'),
  );
  a?.files.set('Films/Other.Film.2020.srt', Buffer.from('1\n'));
  a?.files.set('Films/The.Matrix.1999.1080p.BluRay.x264.sub', Buffer.from([0, 0, 1, 0xba, 0, 0]));
  await scan(sources.a);
  layMatrix();
  await match();
  const signal = new AbortController().signal;
  const link = () => linkSourceSubtitles({ ...addon(), log: createLog('silent') }, signal);
  expect(await link()).toBe(4);
  expect(await link()).toBe(0);
  await addon().settled();
  const linked = await addon().db.any(
    rows('test.subtitles', z.looseObject({ path: z.string() }))`
      SELECT replace(path, ${a?.baseUrl ?? ''}, '') AS path, language, encoding, round(similarity::numeric, 2)::float8 AS similarity
      FROM stream_subtitle ORDER BY path`,
  );
  expect(linked).toEqual([
    {
      path: 'Films/The.Matrix.1999.1080p.BluRay.en.vtt',
      language: 'en',
      encoding: 'utf-8',
      similarity: expect.any(Number),
    },
    {
      path: `Films/${MATRIX.replace('mkv', 'de.srt')}`,
      language: 'de',
      encoding: 'windows-1252',
      similarity: 1,
    },
  ]);
  const { body } = await addon().ask('/subtitles/movie/tt0133093.json');
  expect(body).toMatchObject({ subtitles: [{ lang: 'ger' }, { lang: 'eng' }] });
  // Gone files are no subtitles any more, and nothing new is nothing to do.
  a?.files.delete('Films/The.Matrix.1999.1080p.BluRay.en.vtt');
  await scan(sources.a);
  expect(await link()).toBe(0);
  expect((await addon().ask('/subtitles/movie/tt0133093.json')).body).toMatchObject({
    subtitles: [{ lang: 'ger' }],
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ReviewPage } from '../../src/features/metadata/index.ts';
import { SourceHistory } from '../../src/features/source-health/index.ts';
import { videoHash } from '../../src/kit/video-hash.ts';
import { command, rows } from '../../src/platform/db.ts';
import { metasIn, streamsIn, subtitlesIn } from '../support/addon-answers.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { connect } from '../support/full-database.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type HouseholdServers, startHouseholdServers } from '../support/real/household-servers.ts';
import { type HouseholdWorker, startHouseholdWorker } from '../support/real/household-worker.ts';
import { TMDB_FILM } from '../support/tmdb-answers.ts';

// The scenario of a household's file servers, F1 to F10 without plays and histories, step by step: vsftpd, nginx and a folder as they are, the
// running product through its API and Stremio's protocol. Each test goes on where the one before it ended.

const SECRET = 'a secret of a household that is long enough';
const MATRIX = 'The.Matrix.1999.1080p.BluRay.x264.mkv';
const SHOW = 'Show.Name.S01E02.720p.WEB-DL.mkv';
const AVATAR = 'Avatar.2022.720p.mkv';
const F2 = [MATRIX, MATRIX.replace('mkv', 'srt'), SHOW, AVATAR, 'poster.jpg'];
const ON_B = 'Films/The.Matrix.1999.720p.WEB-DL.mkv';
const FILM = 'movie/tt0133093';
const stack = new AsyncDisposableStack();
let [servers, database, product, worker]: [HouseholdServers, TestDatabase, Tributary, HouseholdWorker] =
  [] as never;
const bases = { A: '', B: '', C: 'local:films/', D: '' };
const ids = { A: '', B: '', C: '', D: '' };

beforeAll(async () => {
  servers = stack.use(
    await startHouseholdServers({
      ftp: F2,
      json: [ON_B, 'TV/Show Name/Season 1/Show.Name.S01E02.1080p.WEB-DL.mkv'],
      folder: ['The Matrix (1999)/The.Matrix.1999.576p.DVDRip.mkv'],
      html: ['The.Matrix.1999.480p.HDTV.mkv'],
    }),
  );
  Object.assign(bases, { A: servers.bases.ftp, B: servers.bases.json, D: servers.bases.html });
  const { folder } = servers;
  database = stack.use(await freshDatabase());
  worker = await startHouseholdWorker(database, { secret: SECRET, folders: new Map([['films', folder]]) });
  stack.defer(() => worker.close());
  product = stack.use(
    await startTributary({
      role: 'web',
      env: {
        ...{ DATABASE_URL: database.url, SECRET_KEY: SECRET, LOCAL_FOLDERS: `films=${folder}` },
        ...{ PUBLIC_CATALOG: 'all', METADATA_PROVIDERS: 'none', STARTER_CATALOG: 'off' },
        ...{ TRUST_PROXY: '127.0.0.1', RATE_LIMIT_API: '1000000' },
      },
    }),
  );
});
afterAll(() => stack.disposeAsync());

/** As the owner, on the API. */
async function api(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const answer = await product.asAdmin(path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}
/** As Stremio, which has no token. */
const addon = async (path: string): Promise<unknown> =>
  await (await fetch(`${product.baseUrl}/${path}.json`)).json();
const titles = async (text: string) =>
  metasIn(await addon(`catalog/movie/search/search=${text}`)).map(({ name }) => name);
const played = async (path: string) =>
  streamsIn(await addon(`stream/${path}`)).filter(({ url }) => url?.includes('/play/'));
const resolutions = async (path: string) =>
  (await played(path)).map(({ name, description }) => /\d{3,4}p/.exec(`${name} ${description}`)?.[0]);
const soon = { timeout: 10_000, interval: 50 };
async function count(from: string): Promise<number> {
  await using client = await connect(database.url);
  const { rows: counted } = await client.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM ${from}`,
  );
  return counted[0]?.count ?? 0;
}

const Source = z.looseObject({ sourceId: z.uuid(), isActive: z.boolean() });
async function addSource(name: keyof typeof bases, finder: string, more: object = {}): Promise<void> {
  const body = { name, finder, baseUrl: bases[name], ...more };
  expect((await api('POST', '/api/sources/test', body)).body).toMatchObject({ isWorking: true });
  const added = await api('POST', '/api/sources', body);
  expect([added.status, added.body]).toMatchObject([201, { isActive: false }]);
  ids[name] = Source.parse(added.body).sourceId;
}
const activate = (name: keyof typeof ids) => api('PATCH', `/api/sources/${ids[name]}`, { isActive: true });
const send = async (files: readonly string[]) =>
  (await api('POST', `/api/sources/${ids.A}/scan-results`, { files })).body;

test('F1: the owner adds A, tests it and switches it on; B is added too; nobody else may', async () => {
  const stranger = await fetch(`${product.baseUrl}/api/sources`, { method: 'POST', body: '{}' });
  expect(stranger.status).toBe(401);
  await addSource('A', 'ftp-listing', { offers: 'both' });
  expect((await activate('A')).body).toMatchObject({ isActive: true });
  expect(
    (await api('POST', '/api/sources', { name: 'A', finder: 'http-index', baseUrl: bases.B })).status,
  ).toBe(409);
  await addSource('B', 'http-index', { offers: 'both' });
});

test('F2: what is sent in is counted, what is sent again is skipped, and our own scan finds nothing new', async () => {
  expect(await send(F2.map((name) => `${bases.A}${name}`))).toMatchObject({
    inserted: 3,
    invalid: 2,
    skipped: 0,
  });
  expect(await send(F2)).toMatchObject({ inserted: 0, skipped: 3 });
  expect(await worker.scanDue()).toEqual([true]);
  const { body } = await api('GET', `/api/sources/${ids.A}/scans`);
  const own = { origin: 'scan', phase: 'collector', status: 'completed', inserted: 0, skipped: 3 };
  expect(body).toMatchObject({ scans: [own, { origin: 'results' }, { origin: 'results', inserted: 3 }] });
});

test('F3: paused nothing changes; resumed the sure ones are shown, the doubtful one waits, nothing matched is staged', async () => {
  expect((await api('PATCH', '/api/settings', { enrichment: 'paused' })).status).toBe(200);
  await expect.poll(worker.isOn, soon).toBe(false);
  expect([await worker.match(), await count('scan_item'), await count('media')]).toEqual([0, 3, 0]);
  expect((await api('PATCH', '/api/settings', { enrichment: 'on' })).status).toBe(200);
  await expect.poll(worker.isOn, soon).toBe(true);
  worker.laySearch('movie', 'The Matrix', [{ id: 603, title: 'The Matrix', release_date: '1999-03-31' }]);
  worker.layTitle('movie/603', TMDB_FILM);
  worker.laySearch('tv', 'Show Name', [{ id: 1000, name: 'Show Name', first_air_date: '2010-01-01' }]);
  worker.layTitle('tv/1000', {
    ...{
      id: 1000,
      name: 'Show Name',
      original_language: 'en',
      first_air_date: '2010-01-01',
      overview: 'A show.',
    },
    seasons: [],
  });
  worker.laySearch('movie', 'Avatar', [
    { id: 76_600, title: 'Avatar: The Way of Water', release_date: '2022-12-14' },
  ]);
  expect(await worker.match()).toBe(3);
  expect(worker.pending()).toEqual([]);
  await expect.poll(() => titles('matrix'), soon).toEqual(['The Matrix']);
  expect(await titles('avatar')).toEqual([]);
  expect(await count('scan_item')).toBe(0);
  const [waiting, another] = ReviewPage.parse((await api('GET', '/api/review')).body).titles;
  expect([waiting?.title, waiting?.status, another]).toEqual(['Avatar', 'flagged', undefined]);
  expect(((waiting?.confidence ?? 0) * 100).toFixed(2)).toBe('40.00');
  expect(await count(`media WHERE title = 'The Matrix' AND match_confidence = 1 AND is_published`)).toBe(1);
  const streamId = await database.db.oneFirst(rows('test.stream', z.object({ id: z.uuid() }))`
    SELECT public_id AS id FROM stream WHERE name = ${MATRIX}`);
  const { body } = await api('GET', `/api/streams/${streamId}/explain`);
  expect(JSON.stringify(body)).toMatch(/"key":"rank","direction":"descending","value":48[,}]/);
});

test('F2: the subtitles sent with the film are there, as UTF-8', async () => {
  const [subtitle] = subtitlesIn(await addon(`subtitles/${FILM}`));
  expect(await (await fetch(subtitle?.url ?? '')).text()).toMatch(/^WEBVTT\n[\s\S]*Grüße/);
});

test('F4: on B, in a folder and on a page of links it is the same film, with a link each, and the episode is there once', async () => {
  await activate('B');
  expect(await worker.scanDue()).toEqual([true]);
  expect(await worker.match()).toBe(2);
  await expect.poll(() => resolutions(FILM), soon).toEqual(['1080p', '720p']);
  expect([await count('media'), await count('episode'), await count('season')]).toEqual([3, 1, 1]);
  expect(await resolutions('series/tmdb:1000:1:2')).toEqual(['1080p', '720p']);
  await addSource('C', 'local-folder');
  await addSource('D', 'http-index');
  for (const name of ['C', 'D'] as const) await activate(name);
  expect(await worker.scanDue()).toEqual([true, true]);
  expect(await worker.match()).toBe(2);
  await expect.poll(() => resolutions(FILM), soon).toEqual(['1080p', '720p', '576p', '480p']);
  expect(await count('media')).toBe(3);
});

test('each is told by the hash of its bytes, its name and its size', async () => {
  expect(await worker.hash()).toBe(7);
  const hints = async () => (await played(FILM)).map(({ behaviorHints }) => behaviorHints);
  const bytes = servers.bytes.get(MATRIX) ?? Buffer.alloc(0);
  const hash = videoHash(bytes.length, bytes.subarray(0, 65_536), bytes.subarray(-65_536));
  const known = { filename: MATRIX, videoSize: bytes.length, videoHash: hash };
  await expect.poll(hints, soon).toMatchObject([known, {}, {}, {}]);
});

test('F5: approved, Avatar is as sure as can be, and shown', async () => {
  const [waiting] = ReviewPage.parse((await api('GET', '/api/review')).body).titles;
  expect((await api('POST', `/api/review/${waiting?.id}/approve`)).status).toBe(204);
  await expect.poll(() => titles('avatar'), soon).toEqual(['Avatar']);
  expect(
    await count(`media WHERE title = 'Avatar' AND match_confidence = 1 AND enrichment_status = 'approved'`),
  ).toBe(1);
  expect(await resolutions(`movie/trib:${waiting?.id}`)).toEqual(['720p']);
});

const stateOfA = async () =>
  SourceHistory.parse((await api('GET', `/api/sources/${ids.A}/health`)).body).state;

test('F7: one provider reaches A and one does not, then nobody; no address is kept', async () => {
  const report = async (ispName: string, isReachable: boolean, client: string) => {
    const answer = await fetch(`${product.baseUrl}/api/sources/health-reports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': client },
      body: JSON.stringify({ ispName, reports: [{ sourceId: ids.A, isReachable, responseMs: 90 }] }),
    });
    expect(await answer.json()).toMatchObject({ accepted: 1 });
  };
  await report('ISP1', true, '192.0.2.1');
  for (const client of ['198.51.100.1', '198.51.100.2']) await report('ISP2', false, client);
  expect(await stateOfA()).toBe('isp_outage');
  for (const client of ['192.0.2.2', '192.0.2.3', '192.0.2.4']) await report('ISP1', false, client);
  expect(await stateOfA()).toBe('globally_offline');
  const columns = `information_schema.columns WHERE table_name = 'source_health_report'`;
  expect(await count(`${columns} AND column_name ~ 'ip$|ip_|addr|client|hash'`)).toBe(0);
  // We reach it: no crowd takes it from this household.
  await worker.probe();
  expect(await stateOfA()).toBe('isp_outage');
});

test('F10: the film is listed from all, the sharpest first, and its bytes come through us; without a seal nothing is fetched', async () => {
  const [first] = await played(FILM);
  const url = first?.url ?? '';
  const part = await fetch(url, { headers: { range: 'bytes=0-99' } });
  expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([
    206,
    servers.bytes.get(MATRIX)?.subarray(0, 100),
  ]);
  const straight = streamsIn(await addon(`stream/${FILM}`)).filter((stream) =>
    stream.url?.startsWith(bases.B),
  );
  expect(straight.map((stream) => stream.url)).toEqual([`${bases.B}${ON_B}`]);
  const there = encodeURIComponent(servers.stranger.url);
  const statuses: number[] = [];
  for (const path of [
    `proxy?url=${there}`,
    `play?url=${there}`,
    `play/${there}`,
    `play/subtitles/${there}.vtt`,
  ]) {
    const answer = await fetch(`${product.baseUrl}/${path}`, { redirect: 'manual' });
    statuses.push(answer.status);
    await answer.body?.cancel();
  }
  expect(statuses).toEqual([404, 404, 404, 403]);
  const [seal = ''] = /[\w-]{40,}/.exec(url) ?? [];
  const forged = await fetch(url.replace(seal, seal.replace(/^.{6}/, 'AAAAAA')));
  expect(forged.status).toBe(403);
  const evil = bases.A.replace(/(:\d+)\/$/, '.evil.example$1/');
  expect(await send([`${evil}${MATRIX}`, `${servers.stranger.url}${MATRIX}`])).toMatchObject({
    inserted: 0,
    invalid: 2,
  });
  expect(servers.stranger.visits).toBe(0);
});

test('F10: a server that is away is last, and its film comes from the next', async () => {
  await servers.stopFtp();
  await worker.probe();
  await worker.probe();
  expect(await stateOfA()).toBe('globally_offline');
  await expect.poll(() => resolutions(FILM), soon).toEqual(['720p', '576p', '480p', '1080p']);
  const [next] = await played(FILM);
  const whole = Buffer.from(await (await fetch(next?.url ?? '')).arrayBuffer());
  expect(whole.equals(servers.bytes.get(ON_B) ?? Buffer.alloc(0))).toBe(true);
});

test('F9: logs of scans are kept 90 days, reports 30, a month at a time', async () => {
  const log = (days: number) =>
    database.db.query(command('test.log')`
      INSERT INTO scan_log (source_id, batch_id, phase, status, started_at, ended_at)
      SELECT id, gen_random_uuid(), 'collector', 'completed', now() - make_interval(days => ${days}), now() FROM source WHERE name = 'B'`);
  for (const days of [91, 89]) await log(days);
  await database.db.query(command('test.month')`SELECT make_report_month(now() - interval '2 months')`);
  const months = `pg_class WHERE relnamespace = 'months'::regnamespace AND relkind = 'r'`;
  const before = await count(months);
  await worker.retain();
  expect(await count(`scan_log WHERE started_at < now() - interval '90 days'`)).toBe(0);
  expect(await count(`scan_log WHERE started_at < now() - interval '88 days'`)).toBe(1);
  expect(
    await count(
      `${months} AND relname = 'source_health_report_' || to_char(now() - interval '2 months', 'YYYY_MM')`,
    ),
  ).toBe(0);
  expect(before).toBeGreaterThan(1);
});

test('F8: with an episode its links go, with a title too, and with a source its files', async () => {
  expect((await api('DELETE', '/api/media/tmdb:tv:1000/episodes/1/2')).status).toBe(204);
  expect([await count('episode'), await count(`stream WHERE name LIKE 'Show.Name%'`)]).toEqual([0, 0]);
  expect((await api('DELETE', `/api/sources/${ids.C}`)).status).toBe(204);
  await expect.poll(() => resolutions(FILM), soon).toEqual(['720p', '480p', '1080p']);
  expect((await api('DELETE', '/api/media/tt0133093')).status).toBe(204);
  await expect.poll(() => resolutions(FILM), soon).toEqual([]);
  expect([await count('stream_media_link'), await count('stream'), await count('media')]).toEqual([1, 1, 2]);
});

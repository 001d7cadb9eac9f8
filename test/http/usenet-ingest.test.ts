import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mediaRoutes } from '../../src/features/media/index.ts';
import { LinkAnswer, linkRoutes, StreamAnswer, streamRoutes } from '../../src/features/stream-index/index.ts';
import { StreamFileAnswer } from '../../src/features/stream-index/schemas.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLinks, type Links } from '../../src/platform/links.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { forgetReleases, saveLearned } from '../../src/streams/usenet/queries.ts';
import { createReleases, type Releases } from '../../src/streams/usenet/releases.ts';
import { type ApiAnswer, startApi, type TestApi } from '../support/api.ts';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { nzbOf } from '../support/nzb-post.ts';
import { problemIn } from '../support/problem-answer.ts';

let opened: TestKindDeps;
let api: TestApi;
let origin: FileOrigin;
let links: Links;
let releases: Releases;
const NEVER = new AbortController().signal;

beforeAll(async () => {
  opened = await openKindDeps();
  origin = await startFileOrigin();
  const { deps } = opened;
  links = createLinks(deps.crypto);
  releases = createReleases(deps);
  const room = { ...deps, kinds: withBytes(createKinds(deps)), links };
  api = await startApi((place) => [
    mediaRoutes({ ...room, language: 'en', ...place }),
    streamRoutes({ ...room, ...place }),
    linkRoutes({ ...room, ...place }),
  ]);
});
beforeEach(async () => {
  origin.requests.length = 0;
  await opened.deps.db.query(
    command('test.empty')`TRUNCATE media, stream, usenet_upload, usenet_release RESTART IDENTITY CASCADE`,
  );
});
afterAll(async () => {
  await api?.close();
  await origin?.stop();
  await opened?.close();
});

/** Links are made of what can be opened; nothing is opened here. */
function withBytes(kinds: Kinds): Kinds {
  const open = () => Promise.reject(new Error('nothing is opened here'));
  return {
    ...kinds,
    get: (name) => {
      const kind = kinds.get(name);
      return name === 'usenet' && kind !== undefined ? { ...kind, open } : kind;
    },
  };
}

/** A post of these files; every third file has its own ids. */
function post(
  files: readonly (readonly [subject: string, parts: number])[],
  meta: Record<string, string> = {},
) {
  const made = files.map(([subject, parts], file) => ({
    subject,
    parts: Array.from({ length: parts }, (_, part) => ({
      ...{ id: `${subject.length}.${file}.${part}@x.invalid`, number: part + 1, bytes: 721_000 },
    })),
  }));
  return Buffer.from(nzbOf(made, meta));
}

const SET = post(
  [
    ['[1/5] - "The.Film.2020.1080p.WEB-DL.x264-GRP.part1.rar" yEnc (1/100)', 100],
    ['[2/5] - "The.Film.2020.1080p.WEB-DL.x264-GRP.part2.rar" yEnc (1/50)', 50],
    ['[3/5] - "The.Film.2020.1080p.WEB-DL.x264-GRP.nfo" yEnc (1/1)', 1],
    ['[4/5] - "The.Film.2020.1080p.WEB-DL.x264-GRP.par2" yEnc (1/1)', 1],
    ['[5/5] - "the.film-grp.sample.mkv" yEnc (1/20)', 20],
  ],
  { password: 'p&w' },
);
const SEASON = post([
  ...[1, 2, 3].map((n) => [`"The.Show.S01E0${n}.1080p.WEB.x264-GRP.mkv" yEnc (1/90)`, 90] as const),
  ['"The.Show.S01E02.1080p.WEB.x264-GRP.en.srt" yEnc (1/1)', 1] as const,
]);

const addTitle = async (title: object): Promise<string> =>
  z.object({ id: z.string() }).parse((await api.ask('POST', '/api/media', title)).body).id;
const film = () => addTitle({ kind: 'movie', title: 'The Film', year: 2020, ids: { imdb: 'tt0000901' } });
const show = () => addTitle({ kind: 'series', title: 'The Show', ids: { imdb: 'tt0000902' } });
const filesIn = (body: unknown) => z.object({ files: z.array(StreamFileAnswer) }).parse(body).files;

function form(fields: Record<string, string>, nzb: Buffer, name: string): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) data.append(field, value);
  data.append('file', new Blob([new Uint8Array(nzb)]), name);
  return data;
}

const Row = z.object({
  guid: z.string(),
  hasNzb: z.boolean(),
  hasPassword: z.boolean(),
  completeness: z.number().nullable(),
  posted: z.string().nullable(),
  isDue: z.boolean(),
});
const stored = () =>
  opened.deps.db.any(rows('test.posts', Row)`
    SELECT nzb_guid AS guid, nzb_sealed IS NOT NULL AS "hasNzb", password_sealed IS NOT NULL AS "hasPassword", completeness,
      to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS posted, next_check_at IS NOT NULL AS "isDue"
    FROM stream_usenet ORDER BY stream_id`);

describe('an NZB becomes a stream', () => {
  test('sent as a form: a set of volumes is one file, without par2, notes and samples', async () => {
    const mediaId = await film();
    const { status, body } = await api.ask('POST', '/api/streams', form({ mediaId }, SET, 'a.nzb'));
    expect([status, filesIn(body)]).toEqual([
      201,
      [
        {
          index: 0,
          name: 'The.Film.2020.1080p.WEB-DL.x264-GRP.mkv',
          size: Math.round((100 * 721_000) / 1.03) + Math.round((50 * 721_000) / 1.03),
          type: 'video/x-matroska',
        },
      ],
    ]);
    expect(body).toMatchObject({ kind: 'usenet', name: 'a', isNew: true });
    expect(StreamAnswer.parse(body).links).toMatchObject([{ fileIndex: 0 }]);
    const row = { hasNzb: true, hasPassword: true, completeness: 1, posted: '2025-11-24', isDue: true };
    expect(await stored()).toMatchObject([row]);
  });

  test('in JSON as base64, gzipped: a season is linked file by file, its subtitles with them', async () => {
    const nzb = gzipSync(SEASON).toString('base64');
    const mediaId = await show();
    const { status, body } = await api.ask('POST', '/api/streams', {
      mediaId,
      nzb,
      name: 'The.Show.S01.1080p.WEB.x264-GRP',
    });
    expect([status, StreamAnswer.parse(body).links.map((link) => [link.episode, link.fileIndex])]).toEqual([
      201,
      [
        [1, 0],
        [2, 1],
        [3, 2],
      ],
    ]);
    expect(StreamAnswer.parse(body)).toMatchObject({
      resolution: '1080p',
      subtitles: [{ url: null, language: 'en', fileIndex: 3 }],
    });
  });

  test('at an address, and the same articles of another indexer are the same stream', async () => {
    const mediaId = await film();
    origin.files.set('/api', SET);
    const url = `${origin.base}/api?t=get&id=5&apikey=one`;
    const first = await api.ask('POST', '/api/streams', { mediaId, url, name: 'The.Film.2020.1080p' });
    expect([first.status, filesIn(first.body).length]).toEqual([201, 1]);
    const again = await api.ask('POST', '/api/streams', {
      mediaId,
      nzb: SET.toString('base64'),
      guid: 'other',
    });
    expect(again.body).toMatchObject({
      streamId: StreamAnswer.parse(first.body).streamId,
      isNew: false,
    });
    expect(await stored()).toMatchObject([{ guid: expect.stringMatching(/^url:/), hasNzb: true }]);
  });

  test.each([
    ['404', 404, 'upstream.failed'],
    ['an error of the indexer', '<error code="100" description="apikey=one"/>', 'nzb.refused'],
    ['a page', '<html></html>', 'nzb.invalid'],
  ])('not where its address answers %s', async (_what, answer, code) => {
    const mediaId = await film();
    origin.files.set(
      '/a.nzb',
      typeof answer === 'string' ? answer : (_req, res) => void res.writeHead(answer).end(),
    );
    const refused = await api.ask('POST', '/api/streams', {
      mediaId,
      url: `${origin.base}/a.nzb?apikey=one`,
    });
    expect(problemIn(refused.body).code).toBe(code);
    expect(JSON.stringify(refused.body)).not.toContain('apikey');
    expect(await stored()).toEqual([]);
  });

  test('whose indexer is away is kept by its address, and read when it is first wanted, once', async () => {
    const mediaId = await film();
    let isAway = true;
    origin.files.set('/a.nzb', (_req, res) => void (isAway ? res.writeHead(503).end() : res.end(SET)));
    const added = await api.ask('POST', '/api/streams', {
      mediaId,
      url: `${origin.base}/a.nzb`,
      name: 'Film',
    });
    expect([added.status, await stored()]).toMatchObject([
      201,
      [{ hasNzb: false, completeness: null, isDue: false }],
    ]);
    isAway = false;
    const ref = { streamId: 1, fileIndex: null };
    const spec = await releases.specOf(ref, NEVER);
    expect([spec.nzb.files.length, spec.password, spec.learned]).toEqual([5, 'p&w', null]);
    expect(await stored()).toMatchObject([{ hasNzb: true, hasPassword: true, isDue: true }]);
    expect((await releases.specOf(ref, NEVER)).key).toBe(spec.key);
    expect(origin.count('/a.nzb')).toBe(2);
  });

  test('with what was learned of it before, its files are those inside', async () => {
    const mediaId = await film();
    await api.ask('POST', '/api/streams', { mediaId, nzb: SET.toString('base64'), name: 'Film' });
    const { key } = await releases.specOf({ streamId: 1, fileIndex: null }, NEVER);
    const inner = (path: string, sizeBytes: number, posted: number) => ({
      ...{ path, sizeBytes, isEncrypted: false },
      extents: [[posted, 100, sizeBytes, 0] as const],
    });
    const files = [inner('The.Film/film.mkv', 90_000_000, 0), inner('The.Film/film.en.srt', 50_000, 0)];
    await saveLearned(opened.deps.db, key, { version: 1, posted: [null], files });
    const again = await api.ask('POST', '/api/streams', { mediaId, nzb: SET.toString('base64') });
    expect(filesIn(again.body).map(({ index, name }) => [index, name])).toEqual([
      [0, 'The.Film/film.mkv'],
      [1, 'The.Film/film.en.srt'],
    ]);
    const spec = await releases.specOf({ streamId: 1, fileIndex: null }, NEVER);
    expect(spec.learned?.files).toEqual(files);
  });
});

describe('an NZB becomes a play link', () => {
  const detailIn = ({ body }: ApiAnswer): unknown =>
    links.open(LinkAnswer.parse(body).playUrl.split('/play/')[1]?.split('/')[1] ?? '')?.detail;

  test('that carries its key alone: what it is of is kept here, sealed, as long as a link may live', async () => {
    const answer = await api.ask('POST', '/api/links', form({ password: 'mine' }, SET, 'The.Film.2020.nzb'));
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ kind: 'usenet', filename: 'The.Film.2020', files: [{ index: 0 }] });
    const detail = detailIn(answer);
    expect(JSON.stringify(detail).length).toBeLessThan(500);
    const spec = await releases.specOf({ detail, fileIndex: 0 }, NEVER);
    expect([spec.nzb.files.length, spec.password]).toEqual([5, 'mine']);
    const [kept] = await opened.deps.db.any(rows(
      'test.kept',
      z.object({ sealed: z.instanceof(Buffer), days: z.number() }),
    )`
      SELECT nzb_sealed AS sealed, extract(epoch FROM expires_at - now())::float8 / 86400 AS days FROM usenet_upload`);
    expect(kept?.days).toBeGreaterThan(30);
    expect(kept?.sealed.includes('invalid')).toBe(false);
    await api.ask('POST', '/api/links', form({}, SET, 'again.nzb'));
    expect(await forgetReleases(opened.deps.db)).toBe(0);
    await opened.deps.db.query(
      command('test.expire')`UPDATE usenet_upload SET expires_at = now() - interval '1 s'`,
    );
    expect(await forgetReleases(opened.deps.db)).toBe(1);
    await expect(releases.specOf({ detail, fileIndex: 0 }, NEVER)).rejects.toMatchObject({ status: 410 });
  });

  test('of an address that is asked for it once, and again only when it is not kept any more', async () => {
    origin.files.set('/b.nzb', SEASON);
    const answer = await api.ask('POST', '/api/links', { url: `${origin.base}/b.nzb?apikey=one` });
    expect([answer.status, LinkAnswer.parse(answer.body).files?.length]).toEqual([201, 4]);
    const ref = { detail: detailIn(answer), fileIndex: 1 };
    await releases.specOf(ref, NEVER);
    expect(origin.count('/b.nzb')).toBe(1);
    await opened.deps.db.query(command('test.lose')`DELETE FROM usenet_upload`);
    await releases.specOf(ref, NEVER);
    await releases.specOf(ref, NEVER);
    expect(origin.count('/b.nzb')).toBe(2);
  });

  test('never of two things, nor of none', async () => {
    const both = { url: `${origin.base}/b.nzb`, nzb: SET.toString('base64') };
    for (const body of [both, {}, { password: 'x' }])
      expect((await api.ask('POST', '/api/links', body)).status).toBe(400);
  });

  test('not of more than 150 MiB', async () => {
    const large = Buffer.alloc(151 * 1024 * 1024, ' ');
    const answer = await api.ask('POST', '/api/links', form({}, large, 'a.nzb'));
    expect([answer.status, problemIn(answer.body).code]).toEqual([413, 'request.too_large']);
  }, 60_000);
});

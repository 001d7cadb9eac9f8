import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LinkAnswer } from '../../src/features/stream-index/index.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createNet } from '../../src/platform/net.ts';
import type { StreamKind } from '../../src/streams/kind.ts';
import { usenetKind } from '../../src/streams/usenet/index.ts';
import { ADMIN_TOKEN } from '../support/api.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { type NntpServer, startNntpServer } from '../support/nntp-server.ts';
import { rawRequest } from '../support/play-server.ts';
import { problemIn } from '../support/problem-answer.ts';
import { writeRar } from '../support/rar-writer.ts';
import { filmOf, releaseOf, type TestRelease } from '../support/usenet-releases.ts';
import { providerAt } from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';
import { watchRoom } from '../support/watch-room.ts';

// Posts as viewers and owners meet them: through the doors of the product.

const PART = 40_000;
const NEVER = new AbortController().signal;
const articles = new Map<string, Buffer>();
const gone = new Set<string>();
let server: NntpServer;
const usenet = () => ({ providers: [providerAt(server)], cache: { folder: '/nonexistent', maxBytes: 0 } });
const room = watchRoom(async () => {
  server = await startNntpServer({
    articles,
    trouble: (id) => (gone.has(id) ? { kind: 'missing' } : null),
  });
  return { usenet: usenet() };
});
afterAll(() => server?.stop());

const filmAt = (path = 'Film.2020.1080p.mkv', parts = 20) => ({ path, bytes: filmOf(parts * PART - 77) });
type Film = ReturnType<typeof filmAt>;
const plain = (film: Film, meta = {}) =>
  releaseOf([{ name: film.path, bytes: film.bytes }], { inside: [film], partBytes: PART, articles, meta });
const packed = (inside: readonly Film[], more: object = {}) =>
  releaseOf(writeRar(inside, { version: 5, volumeBytes: 300_000, ...more }), {
    ...{ inside, partBytes: PART, articles },
  });
/** Its articles are nowhere from now on. */
const lose = ({ posted }: TestRelease, from = 0, to = Number.POSITIVE_INFINITY) => {
  for (const { id } of posted.flat().slice(from, to)) gone.add(id);
};

async function upload(nzb: string, name: string, more: Record<string, string> = {}) {
  const form = new FormData();
  form.set('file', new Blob([nzb]), name);
  for (const [key, value] of Object.entries(more)) form.set(key, value);
  const response = await fetch(`${room.server.baseUrl}/api/links`, {
    ...{ method: 'POST', body: form, headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } },
  });
  return { status: response.status, body: await response.json() };
}
const linkTo = async (release: TestRelease, name = 'Film.nzb') =>
  LinkAnswer.parse((await upload(release.nzb, name)).body);
const addStream = (mediaId: string, { nzb }: TestRelease, more: object = {}) =>
  room.ask('POST', '/api/streams', { mediaId, nzb: Buffer.from(nzb).toString('base64'), ...more });
const asked = () => server.bodies.length;

describe('a link', () => {
  test('to an uploaded NZB plays, by ranges too, and a HEAD costs no article', async () => {
    const film = filmAt();
    const link = await linkTo(await packed([film]), 'Film.2020.1080p.nzb');
    expect(link).toMatchObject({ kind: 'usenet', filename: 'Film.2020.1080p', size: film.bytes.length });
    const before = asked();
    const head = await fetch(link.playUrl, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual([
      200,
      String(film.bytes.length),
      'bytes',
    ]);
    expect(head.headers.get('content-type')).toBe('video/x-matroska');
    expect(asked()).toBe(before);
    const whole = await room.play(link.playUrl);
    expect([whole.status, whole.bytes.equals(film.bytes)]).toEqual([200, true]);
    const last = film.bytes.length - 1;
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=39990-40010', 39_990, 40_011],
      [`bytes=${last}-`, last, last + 1],
      ['bytes=-500', last - 499, last + 1],
    ] as const) {
      const part = await room.play(link.playUrl, range);
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes ${start}-${end - 1}/${last + 1}`,
      ]);
      expect(part.bytes.equals(film.bytes.subarray(start, end)), range).toBe(true);
    }
    expect((await room.play(link.playUrl, `bytes=${last + 1}-`)).status).toBe(416);
  });

  test('is 404 where all is gone before the first byte, and says so', async () => {
    const release = await plain(filmAt());
    lose(release);
    const { playUrl } = await linkTo(release);
    const answer = await room.play(playUrl);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({
      detail: expect.stringContaining('gone from every Usenet provider'),
    });
  });

  test('is cut at the exact byte where an article in the middle is gone everywhere', async () => {
    const film = filmAt();
    const release = await plain(film);
    const { playUrl } = await linkTo(release);
    lose(release, 12, 13);
    const { status, body, isCut } = await rawRequest(playUrl);
    expect([status, isCut, body.length]).toEqual([200, true, 12 * PART]);
    expect(body.equals(film.bytes.subarray(0, 12 * PART))).toBe(true);
  });

  test('to what is compressed is refused when it is added, with the reason', async () => {
    const release = await packed([{ ...filmAt(), ...{ method: 3 } }]);
    const { status, body } = await upload(release.nzb, 'Film.nzb');
    expect([status, problemIn(body)]).toEqual([
      415,
      expect.objectContaining({ code: 'usenet.refused', detail: expect.stringContaining('compressed') }),
    ]);
  });

  test('to what has a password wants the right one: given, in the name or in the NZB', async () => {
    const film = filmAt();
    const { nzb } = await packed([film], { password: 'geheim' });
    for (const [name, more] of [
      ['Film.nzb', {}],
      ['Film.nzb', { password: 'falsch' }],
      ['Film{{falsch}}.nzb', {}],
    ] as const) {
      const { status, body } = await upload(nzb, name, more);
      expect([status, problemIn(body)]).toEqual([
        415,
        expect.objectContaining({ detail: expect.stringContaining('password') }),
      ]);
    }
    const told = nzb.replace('<head>', '<head><meta type="password">geheim</meta>');
    for (const [given, name, more] of [
      [nzb, 'Film.nzb', { password: 'geheim' }],
      [nzb, 'Film{{geheim}}.nzb', {}],
      [told, 'Film.nzb', {}],
    ] as const) {
      const { body } = await upload(given, name, more);
      const { bytes } = await room.play(LinkAnswer.parse(body).playUrl);
      expect(bytes.equals(film.bytes)).toBe(true);
    }
  });

  test('to several files is one of each, subtitles among them', async () => {
    const inside = [
      filmAt('Film.One.mkv'),
      filmAt('Film.Two.mkv', 15),
      { path: 'Film.One.en.srt', bytes: Buffer.from('1\n00:00:01,000 --> 00:00:02,000\nHello\n') },
    ];
    const { files = [] } = await linkTo(await packed(inside));
    expect(files.map(({ name, size }) => [name, size])).toEqual(
      inside.map(({ path, bytes }) => [path, bytes.length]),
    );
    for (const [at, { bytes }] of inside.entries()) {
      const got = await room.play(files[at]?.playUrl ?? '');
      expect([got.status, got.bytes.equals(bytes)]).toEqual([200, true]);
    }
    expect(files[2]?.type).toBe('application/x-subrip');
  });
});

describe('a stream', () => {
  test('is offered by the add-on with a link that plays', async () => {
    const film = filmAt();
    const mediaId = await room.addTitle({
      kind: 'movie',
      title: 'Film',
      year: 2020,
      ids: { imdb: 'tt0000930' },
    });
    const added = await addStream(mediaId, await packed([film]), { nzbName: 'Film.2020.1080p.WEB.nzb' });
    expect([added.status, added.body]).toEqual([201, expect.objectContaining({ kind: 'usenet' })]);
    const [stream, ...more] = await room.streamsOf('movie', 'tt0000930');
    expect(more).toEqual([]);
    expect(stream).toMatchObject({ url: expect.stringContaining('/play/') });
    const { status, bytes } = await room.play(stream?.url ?? '');
    expect([status, bytes.equals(film.bytes)]).toEqual([200, true]);
  });

  test.each([
    [
      'as files',
      (inside: Film[]) =>
        releaseOf(
          inside.map(({ path, bytes }) => ({ name: path, bytes })),
          { inside, partBytes: PART, articles },
        ),
    ],
    ['in one RAR', (inside: Film[]) => packed(inside)],
  ] as const)('of a season %s plays the right episode', async (_, make) => {
    const inside = Array.from({ length: 5 }, (_, n) => filmAt(`The.Show.S01E0${n + 1}.720p.mkv`, 4 + n));
    const imdb = 'tt0000933';
    const mediaId = await room.addTitle({ kind: 'series', title: 'The Show', ids: { imdb } });
    expect((await addStream(mediaId, await make(inside), { nzbName: 'The.Show.S01.720p.nzb' })).status).toBe(
      201,
    );
    for (const n of [2, 0, 4]) {
      const streams = await room.streamsOf('series', `${imdb}:1:${n + 1}`);
      expect(streams).toHaveLength(1);
      const { bytes } = await room.play(streams[0]?.url ?? '');
      expect(bytes.equals(inside[n]?.bytes ?? Buffer.alloc(0)), `episode ${n + 1}`).toBe(true);
    }
  });

  test('is opened without an article after a restart, and the first range costs what it holds', async () => {
    const film = filmAt();
    const mediaId = await room.addTitle({ kind: 'movie', title: 'Film', ids: { imdb: 'tt0000931' } });
    await addStream(mediaId, await packed([film]));
    const { db } = room.server;
    const Row = z.object({ streamId: z.int() });
    const [{ streamId } = { streamId: 0 }] = await db.any(
      rows('test.streams', Row)`SELECT stream_id AS "streamId" FROM stream_usenet`,
    );
    await waitUntil(async () => (await learnedRows()) > 0, { what: 'it is kept', timeoutMs: 5000 });
    const again = await restarted();
    const before = asked();
    const source = await again.kind.open?.({ streamId, fileIndex: null }, NEVER);
    expect([source?.size, asked() - before]).toEqual([film.bytes.length, 0]);
    const chunks: Buffer[] = [];
    const sink = {
      write(chunk: Uint8Array, done: () => void) {
        chunks.push(Buffer.from(chunk));
        done();
        return true;
      },
      onDrain() {},
    };
    await source?.send({ start: 400_000, end: 400_100 }, sink, NEVER);
    expect(Buffer.concat(chunks).equals(film.bytes.subarray(400_000, 400_100))).toBe(true);
    expect(asked() - before).toBeLessThanOrEqual(2);
    await source?.close();
    await again.close();
  });

  test('with a hole is put down for a check at once when somebody meets it, and found damaged', async () => {
    // Of so many a check asks for forty, and the eighth is none of them.
    const release = await plain(filmAt('Film.2020.1080p.mkv', 100));
    const mediaId = await room.addTitle({ kind: 'movie', title: 'Film', ids: { imdb: 'tt0000932' } });
    await addStream(mediaId, release);
    const { db } = room.server;
    await db.query(command('test.later')`UPDATE stream_usenet SET next_check_at = now() + interval '1 day'`);
    lose(release, 7, 8);
    const [stream] = await room.streamsOf('movie', 'tt0000932');
    expect(await rawRequest(stream?.url ?? '')).toMatchObject({ isCut: true });
    const Due = z.object({ due: z.int() });
    const due = async () =>
      (
        await db.one(
          rows('test.due', Due)`SELECT count(*)::int AS due FROM stream_usenet WHERE next_check_at <= now()`,
        )
      ).due;
    await waitUntil(async () => (await due()) === 1, { what: 'a check is due', timeoutMs: 5000 });
    expect((await room.server.kinds.get('usenet')?.posts?.checkDue(NEVER))?.changed).toHaveLength(1);
    const Health = z.object({ health: z.string() });
    expect(await db.any(rows('test.health', Health)`SELECT health FROM stream_usenet`)).toEqual([
      { health: 'damaged' },
    ]);
  });
});

async function learnedRows(): Promise<number> {
  const Count = z.object({ count: z.int() });
  const counted = rows('test.learned', Count)`SELECT count(*)::int AS count FROM usenet_release r
    JOIN stream_usenet u ON u.release_key = r.release_key`;
  return (await room.server.db.one(counted)).count;
}

/** The kind of a second run of the program, on the same database and secret. */
async function restarted(): Promise<{ kind: StreamKind; close(): Promise<void> }> {
  const held = await openKindDeps();
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const crypto = createCrypto(['a secret for tests that is long enough']);
  const kind = usenetKind({ ...held.deps, db: room.server.db, net, crypto, usenet: usenet() });
  return {
    kind,
    async close() {
      await kind.close?.();
      await net.close();
      await held.close();
    },
  };
}

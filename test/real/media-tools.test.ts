import { execFile } from 'node:child_process';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { factsOfFile } from '../../src/features/file-facts/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { codecsFor, createMediaTools, type MediaTools } from '../../src/platform/media-tools/index.ts';
import { createLender, type Lender } from '../../src/play/lend.ts';
import type { ByteSource } from '../../src/streams/kind.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { addStream, openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { startOrigin } from '../support/origin.ts';
import { openTempDir } from '../support/processes.ts';
import { FILM, FILM_SECONDS, HDR_FILM, makeFilms } from '../support/real/films.ts';
import { waitUntil } from '../support/wait-until.ts';

let dir: Awaited<ReturnType<typeof openTempDir>>;
let held: TestKindDeps;
let kinds: Kinds;
let tools: MediaTools;
let lender: Lender;
const ownPorts = new Set<number>();
const log = createLog('silent');
const signal = () => AbortSignal.timeout(60_000);

beforeAll(async () => {
  dir = await openTempDir();
  await makeFilms(dir.path);
  held = await openKindDeps({ films: dir.path });
  kinds = createKinds(held.deps);
  tools = createMediaTools({ ffmpegPath: 'ffmpeg', cores: 2, log });
  lender = createLender({ ownPorts });
});
afterAll(async () => {
  await lender?.close();
  await kinds?.close();
  await held?.close();
  await dir?.remove();
});

/** Lends a file of the folder, or what an http origin has, for one run. */
async function lent<T>(
  input: { kind: 'local'; file: string } | { kind: 'http'; url: string },
  work: (url: string, source: ByteSource) => Promise<T>,
): Promise<T> {
  const kind = kinds.get(input.kind);
  const detail = kind?.parse(input.kind === 'local' ? { file: `films/${input.file}` } : input);
  const source = await kind?.open?.({ detail, fileIndex: null }, signal());
  if (source === undefined) throw new Error('nothing opened');
  const loan = await lender.lend(source);
  try {
    return await work(loan.url, source);
  } finally {
    loan.release();
    await source.close();
  }
}

const local = (file: string) => ({ kind: 'local', file }) as const;

/** ffmpeg and ffprobe processes begun by this one. */
async function children(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,ppid=,comm=', '-A']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, name = '']) => Number(parent) === process.pid && /^ff(mpeg|probe)/.test(name))
    .map(([pid]) => Number(pid));
}

/** A slow run: the HDR film encoded anew. */
async function slowRun(url: string, stopping: AbortSignal) {
  const facts = await tools.probe(url, signal());
  const codecs = codecsFor(facts, 0, 1);
  expect(codecs).toEqual({ video: 'libx264', audio: 'aac' });
  const part = { url, startSeconds: 0, endSeconds: 1000, videoIndex: 0, audioIndex: 1, codecs };
  return tools.init(part, stopping);
}

describe('a probe', () => {
  test('tells tracks, languages and length', async () => {
    const facts = await lent(local(FILM), (url) => tools.probe(url, signal()));
    expect(facts.container).toBe('matroska');
    expect(facts.durationSeconds).toBeCloseTo(FILM_SECONDS, 0);
    expect(facts.tracks.map(({ type, codec, language }) => [type, codec, language])).toEqual([
      ['video', 'h264', null],
      ['audio', 'aac', 'eng'],
      ['audio', 'aac', 'ben'],
      ['subtitle', 'subrip', 'eng'],
      ['subtitle', 'subrip', 'jpn'],
      ['subtitle', 'ass', 'ben'],
    ]);
  });

  test('tells HDR10, bits and channels', async () => {
    const facts = await lent(local(HDR_FILM), (url) => tools.probe(url, signal()));
    expect(facts.tracks).toMatchObject([
      { codec: 'hevc', width: 1920, height: 1080, bitDepth: 10, hdr: ['HDR10'] },
      { codec: 'ac3', channels: 6 },
    ]);
  });

  test('reads at most 5 MiB of a large file, the hash included, and has its facts all the same', async () => {
    const film = await readFile(join(dir.path, FILM));
    // Matroska ends where it says: what lies behind makes the file large and nothing else.
    await using origin = await startOrigin(Buffer.concat([film, Buffer.alloc(64 * 1024 * 1024)]));
    const deps = { db: held.deps.db, tools, lend: lender.lend };
    const facts = await lent({ kind: 'http', url: origin.url }, (_url, source) =>
      factsOfFile(deps, { fileIndex: null }, source, signal()),
    );
    expect(facts.media?.tracks).toHaveLength(6);
    expect(facts.videoHash).not.toBeNull();
    const read = origin.requests.reduce((sum, { sent }) => sum + sent, 0);
    expect(read).toBeLessThanOrEqual(5 * 1024 * 1024);
  });

  test('is run anew when the ETag is another one, and only then', async () => {
    const deps = { db: held.deps.db, tools, lend: lender.lend };
    const streamId = await addStream(held.deps.db, 'local');
    const look = () =>
      lent(local(FILM), (_url, source) => factsOfFile(deps, { streamId, fileIndex: null }, source, signal()));
    const first = await look();
    expect(first).toMatchObject({ isFresh: true, failure: null });
    expect(first.videoHash).toMatch(/^[0-9a-f]{16}$/);
    expect(await look()).toEqual({ ...first, isFresh: false });
    await utimes(join(dir.path, FILM), new Date(), new Date());
    expect(await look()).toMatchObject({ isFresh: true, videoHash: first.videoHash });
  });
});

describe('text', () => {
  test.each([
    [3, 'subrip', '<i>Hello</i>'],
    [4, 'subrip', 'お元気ですか'],
    [5, 'ass', 'তুমি কেমন আছ?'],
  ])('of track %i comes out whole', async (index, codec, words) => {
    const bytes = await lent(local(FILM), (url) => tools.subtitles(url, { index, codec }, signal()));
    expect(Buffer.from(bytes).toString('utf8')).toContain(words);
  });

  test('of pictures cannot be had', () => {
    const track = { index: 3, codec: 'hdmv_pgs_subtitle' };
    expect(() => tools.subtitles('http://127.0.0.1/', track, signal())).toThrow(
      expect.objectContaining({ code: 'media.no_track' }),
    );
  });
});

test('a thumbnail is a JPEG of at most 640 points', async () => {
  const picture = await lent(local(HDR_FILM), (url) => tools.thumbnail(url, 0, 10, signal()));
  expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  expect(picture.length).toBeLessThan(200_000);
});

test('the parts put together are the film, picture by picture and sound by sound', async () => {
  const whole = await lent(local(FILM), async (url) => {
    const part = { url, videoIndex: 0, audioIndex: 2, codecs: { video: 'copy', audio: 'copy' } as const };
    const init = await tools.init({ ...part, startSeconds: 0, endSeconds: 12 }, signal());
    const pieces = [init];
    for (const startSeconds of [0, 12, 24]) {
      const endSeconds = startSeconds === 24 ? 1000 : startSeconds + 12;
      for await (const piece of tools.fragments({ ...part, startSeconds, endSeconds }, init, signal()))
        pieces.push(piece);
    }
    return Buffer.concat(pieces);
  });
  await writeFile(join(dir.path, 'parts.mp4'), whole);
  expect(await packetHashes('parts.mp4', '0:v')).toBe(await packetHashes(FILM, '0:v'));
  expect(await packetHashes('parts.mp4', '0:a')).toBe(await packetHashes(FILM, '0:a:1'));
});

/** MD5 of every packet's bytes as a decoder gets them. */
async function packetHashes(file: string, map: string): Promise<string> {
  const isVideo = map === '0:v';
  const args = ['-v', 'error', '-i', join(dir.path, file), '-map', map, '-f', 'md5'];
  const decode = isVideo ? ['-pix_fmt', 'yuv420p', '-fps_mode', 'passthrough'] : ['-af', 'asetpts=N'];
  const { stdout } = await promisify(execFile)('ffmpeg', [...args, ...decode, '-'], { timeout: 60_000 });
  return stdout;
}

describe('what goes wrong', () => {
  test('ffmpeg is gone within 200 ms of the viewer', async () => {
    await lent(local(HDR_FILM), async (url) => {
      for (let round = 0; round < 3; round += 1) {
        const leaving = new AbortController();
        const run = slowRun(url, leaving.signal).catch((error: unknown) => error);
        await waitUntil(async () => (await children()).length > 0, {
          what: 'ffmpeg runs',
          timeoutMs: 10_000,
        });
        const [pid = 0] = await children();
        await new Promise((resolve) => setTimeout(resolve, 100));
        const leftAt = performance.now();
        leaving.abort(new Error('gone'));
        await run;
        expect(() => process.kill(pid, 0)).toThrow('ESRCH');
        expect(performance.now() - leftAt).toBeLessThan(200);
        expect(tools.running()).toBe(0);
      }
    });
  });

  test('ffmpeg killed from outside is an error, and the next run works', async () => {
    await lent(local(HDR_FILM), async (url) => {
      const facts = await tools.probe(url, signal());
      const part = { url, startSeconds: 0, endSeconds: 1000, videoIndex: 0, audioIndex: 1 };
      const run = tools
        .init({ ...part, codecs: codecsFor(facts, 0, 1) }, signal())
        .catch((error: unknown) => error);
      const [pid = 0] = await waitUntil(
        async () => {
          const found = await children();
          return found.length > 0 ? found : undefined;
        },
        { what: 'ffmpeg runs', timeoutMs: 10_000 },
      );
      process.kill(pid, 'SIGKILL');
      expect(await run).toMatchObject({ code: 'media.failed', status: 502 });
      expect((await tools.probe(url, signal())).tracks).toHaveLength(2);
    });
  });

  test('an origin that breaks off is its own failure, and is not written down as the file’s', async () => {
    const film = await readFile(join(dir.path, FILM));
    await using origin = await startOrigin(film);
    const deps = { db: held.deps.db, tools, lend: lender.lend };
    const streamId = await addStream(held.deps.db, 'http');
    const look = () =>
      lent({ kind: 'http', url: origin.url }, (_url, source) => {
        origin.behaviour.cutAfter = isCut ? 100 : Number.POSITIVE_INFINITY;
        return factsOfFile(deps, { streamId, fileIndex: null }, source, signal());
      });
    let isCut = true;
    await expect(look()).rejects.toMatchObject({ code: 'upstream.failed' });
    isCut = false;
    origin.behaviour.cutAfter = Number.POSITIVE_INFINITY;
    expect(await look()).toMatchObject({ isFresh: true, failure: null });
  });

  test('an origin that hangs ends the probe after 10 s', async () => {
    const film = await readFile(join(dir.path, FILM));
    await using origin = await startOrigin(film, { stallAfter: 200 });
    const startedAt = performance.now();
    await expect(
      lent({ kind: 'http', url: origin.url }, (url) => tools.probe(url, signal())),
    ).rejects.toMatchObject({ code: 'media.timeout', status: 504 });
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    expect(await children()).toEqual([]);
  });

  test.each([
    [
      'HLS',
      (port: number) =>
        `#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n#EXTINF:5,\nhttp://127.0.0.1:${port}/secret.ts\n`,
    ],
    [
      'ffconcat',
      (port: number) => `ffconcat version 1.0\nfile '/etc/passwd'\nfile 'http://127.0.0.1:${port}/x.ts'\n`,
    ],
    [
      'DASH',
      (port: number) =>
        `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>http://127.0.0.1:${port}/x.mp4</BaseURL><SegmentList><SegmentURL media="file:///etc/passwd"/></SegmentList></Representation></AdaptationSet></Period></MPD>`,
    ],
    [
      'SDP',
      (port: number) =>
        `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    ],
  ])(
    'a film that is in truth a playlist of %s is refused, and nobody it names is asked',
    async (_name, textOf) => {
      let asked = 0;
      const secret = createServer((_req, res) => {
        asked += 1;
        res.end('secret');
      }).listen(0, '127.0.0.1');
      try {
        await new Promise((resolve) => secret.once('listening', resolve));
        const address = secret.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        await writeFile(join(dir.path, 'trap.mkv'), textOf(port));
        const error = await lent(local('trap.mkv'), (url) => tools.probe(url, signal())).catch(
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ code: 'media.unreadable', status: 422 });
        expect(String(error)).not.toMatch(/root:|passwd|127\.0\.0\.1/);
        const part = { videoIndex: 0, audioIndex: null, codecs: { video: 'copy', audio: 'copy' } as const };
        await expect(
          lent(local('trap.mkv'), (url) =>
            tools.init({ url, startSeconds: 0, endSeconds: 9, ...part }, signal()),
          ),
        ).rejects.toMatchObject({ code: 'media.unreadable' });
        expect(asked).toBe(0);
      } finally {
        secret.close();
      }
    },
  );

  test('more runs than cores wait in line, and who leaves the line costs nobody a place', async () => {
    await lent(local(HDR_FILM), async (url) => {
      const leaving = Array.from({ length: 5 }, () => new AbortController());
      const runs = leaving.map(({ signal: each }) => slowRun(url, each).catch(() => 'gone'));
      await waitUntil(async () => (await children()).length === 2, { what: 'two run', timeoutMs: 20_000 });
      for (let look = 0; look < 10; look += 1) expect((await children()).length).toBeLessThanOrEqual(2);
      for (const each of leaving) each.abort(new Error('gone'));
      await Promise.all(runs);
      expect(tools.running()).toBe(0);
    });
  });

  test('without ffmpeg everything says so', async () => {
    const none = createMediaTools({ ffmpegPath: '/nonexistent/ffmpeg', cores: 2, log });
    const state = await none.available();
    expect(state).toMatchObject({
      isAvailable: false,
      reason: expect.stringContaining('apt-get install ffmpeg'),
    });
    await expect(none.probe('http://127.0.0.1:9/', signal())).rejects.toMatchObject({
      code: 'media.missing',
      status: 503,
    });
  });

  test('a loan that is over leads nowhere, and its port is one of the server itself', async () => {
    const url = await lent(local(FILM), async (each) => each);
    expect((await fetch(url)).status).toBe(404);
    expect(ownPorts.has(Number(new URL(url).port))).toBe(true);
    expect(lender.count()).toBe(0);
  });
});

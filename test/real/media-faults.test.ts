import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { factsOfFile } from '../../src/features/file-facts/index.ts';
import { codecsFor, createMediaTools } from '../../src/platform/media-tools/index.ts';
import { addStream } from '../support/kind-deps.ts';
import { mediaToolsRoom } from '../support/media-tools-room.ts';
import { startOrigin } from '../support/origin.ts';
import { FILM, HDR_FILM } from '../support/real/films.ts';
import { waitUntil } from '../support/wait-until.ts';

const room = mediaToolsRoom();
const { lent, local, children, slowRun, signal, log, ownPorts } = room;

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
        expect(room.tools.running()).toBe(0);
      }
    });
  });

  test('ffmpeg killed from outside is an error, and the next run works', async () => {
    await lent(local(HDR_FILM), async (url) => {
      const facts = await room.tools.probe(url, signal());
      const part = { url, startSeconds: 0, endSeconds: 1000, videoIndex: 0, audioIndex: 1 };
      const run = room.tools
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
      expect((await room.tools.probe(url, signal())).tracks).toHaveLength(2);
    });
  });

  test('an origin that breaks off is its own failure, and is not written down as the file’s', async () => {
    const film = await readFile(join(room.dir.path, FILM));
    await using origin = await startOrigin(film);
    const deps = { db: room.held.deps.db, tools: room.tools, lend: room.lender.lend };
    const streamId = await addStream(room.held.deps.db, 'http');
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
    const film = await readFile(join(room.dir.path, FILM));
    await using origin = await startOrigin(film, { stallAfter: 200 });
    const startedAt = performance.now();
    await expect(
      lent({ kind: 'http', url: origin.url }, (url) => room.tools.probe(url, signal())),
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
        await writeFile(join(room.dir.path, 'trap.mkv'), textOf(port));
        const error = await lent(local('trap.mkv'), (url) => room.tools.probe(url, signal())).catch(
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ code: 'media.unreadable', status: 422 });
        expect(String(error)).not.toMatch(/root:|passwd|127\.0\.0\.1/);
        const part = { videoIndex: 0, audioIndex: null, codecs: { video: 'copy', audio: 'copy' } as const };
        await expect(
          lent(local('trap.mkv'), (url) =>
            room.tools.init({ url, startSeconds: 0, endSeconds: 9, ...part }, signal()),
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
      expect(room.tools.running()).toBe(0);
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
    expect(room.lender.count()).toBe(0);
  });
});

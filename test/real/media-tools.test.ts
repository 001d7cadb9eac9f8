import { execFile } from 'node:child_process';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { factsOfFile } from '../../src/features/file-facts/index.ts';
import { saveHashes } from '../../src/features/file-facts/queries.ts';
import { addStream } from '../support/kind-deps.ts';
import { mediaToolsRoom } from '../support/media-tools-room.ts';
import { startOrigin } from '../support/origin.ts';
import { FILM, FILM_SECONDS, HDR_FILM } from '../support/real/films.ts';

const room = mediaToolsRoom();
const { lent, local, signal } = room;

describe('a probe', () => {
  test('tells tracks, languages and length', async () => {
    const facts = await lent(local(FILM), (url) => room.tools.probe(url, signal()));
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
    const facts = await lent(local(HDR_FILM), (url) => room.tools.probe(url, signal()));
    expect(facts.tracks).toMatchObject([
      { codec: 'hevc', width: 1920, height: 1080, bitDepth: 10, hdr: ['HDR10'] },
      { codec: 'ac3', channels: 6 },
    ]);
  });

  test('reads at most 5 MiB of a large file, the hash included, and has its facts all the same', async () => {
    const film = await readFile(join(room.dir.path, FILM));
    // Matroska ends where it says: what lies behind makes the file large and nothing else.
    await using origin = await startOrigin(Buffer.concat([film, Buffer.alloc(64 * 1024 * 1024)]));
    const deps = { db: room.held.deps.db, tools: room.tools, lend: room.lender.lend };
    const facts = await lent({ kind: 'http', url: origin.url }, (_url, source) =>
      factsOfFile(deps, { fileIndex: null }, source, signal()),
    );
    expect(facts.media?.tracks).toHaveLength(6);
    expect(facts.videoHash).not.toBeNull();
    const read = origin.requests.reduce((sum, { sent }) => sum + sent, 0);
    expect(read).toBeLessThanOrEqual(5 * 1024 * 1024);
  });

  test('is run anew when the ETag is another one, and only then', async () => {
    const deps = { db: room.held.deps.db, tools: room.tools, lend: room.lender.lend };
    const streamId = await addStream(room.held.deps.db, 'local');
    const look = () =>
      lent(local(FILM), (_url, source) => factsOfFile(deps, { streamId, fileIndex: null }, source, signal()));
    const first = await look();
    expect(first).toMatchObject({ isFresh: true, failure: null });
    expect(first.videoHash).toMatch(/^[0-9a-f]{16}$/);
    expect(await look()).toEqual({ ...first, isFresh: false });
    await utimes(join(room.dir.path, FILM), new Date(), new Date());
    expect(await look()).toMatchObject({ isFresh: true, videoHash: first.videoHash });
  });
});

test('a file of which the hash alone was taken is looked into when somebody asks', async () => {
  const { db } = room.held.deps;
  const streamId = await addStream(db, 'local');
  const look = () =>
    lent(local(FILM), async (_url, source) => {
      const hash = '0123456789abcdef';
      await saveHashes(db, [{ streamId, etag: source.etag, sizeBytes: source.size, videoHash: hash }]);
      const deps = { db, tools: room.tools, lend: room.lender.lend };
      return await factsOfFile(deps, { streamId, fileIndex: null }, source, signal());
    });
  const first = await look();
  expect(first).toMatchObject({ isFresh: true, failure: null, videoHash: '0123456789abcdef' });
  expect(first.media?.tracks).toHaveLength(6);
  // What was seen is not lost to a hash that comes later.
  expect(await look()).toEqual({ ...first, isFresh: false });
});

describe('text', () => {
  test.each([
    [3, 'subrip', '<i>Hello</i>'],
    [4, 'subrip', 'お元気ですか'],
    [5, 'ass', 'তুমি কেমন আছ?'],
  ])('of track %i comes out whole', async (index, codec, words) => {
    const bytes = await lent(local(FILM), (url) => room.tools.subtitles(url, { index, codec }, signal()));
    expect(Buffer.from(bytes).toString('utf8')).toContain(words);
  });

  test('of pictures cannot be had', () => {
    const track = { index: 3, codec: 'hdmv_pgs_subtitle' };
    expect(() => room.tools.subtitles('http://127.0.0.1/', track, signal())).toThrow(
      expect.objectContaining({ code: 'media.no_track' }),
    );
  });
});

test('a thumbnail is a JPEG of at most 640 points', async () => {
  const picture = await lent(local(HDR_FILM), (url) => room.tools.thumbnail(url, 0, 10, signal()));
  expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  expect(picture.length).toBeLessThan(200_000);
});

test('the parts put together are the film, picture by picture and sound by sound', async () => {
  const whole = await lent(local(FILM), async (url) => {
    const part = { url, videoIndex: 0, audioIndex: 2, codecs: { video: 'copy', audio: 'copy' } as const };
    const init = await room.tools.init({ ...part, startSeconds: 0, endSeconds: 12 }, signal());
    const pieces = [init];
    for (const startSeconds of [0, 12, 24]) {
      const endSeconds = startSeconds === 24 ? 1000 : startSeconds + 12;
      for await (const piece of room.tools.fragments({ ...part, startSeconds, endSeconds }, init, signal()))
        pieces.push(piece);
    }
    return Buffer.concat(pieces);
  });
  await writeFile(join(room.dir.path, 'parts.mp4'), whole);
  expect(await packetHashes('parts.mp4', '0:v')).toBe(await packetHashes(FILM, '0:v'));
  expect(await packetHashes('parts.mp4', '0:a')).toBe(await packetHashes(FILM, '0:a:1'));
});

/** MD5 of every packet's bytes as a decoder gets them. */
async function packetHashes(file: string, map: string): Promise<string> {
  const isVideo = map === '0:v';
  const args = ['-v', 'error', '-i', join(room.dir.path, file), '-map', map, '-f', 'md5'];
  const decode = isVideo ? ['-pix_fmt', 'yuv420p', '-fps_mode', 'passthrough'] : ['-af', 'asetpts=N'];
  const { stdout } = await promisify(execFile)('ffmpeg', [...args, ...decode, '-'], { timeout: 60_000 });
  return stdout;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { playRangesRoom } from '../support/play-ranges-room.ts';
import { type PlayServer, rawRequest, startPlayServer } from '../support/play-server.ts';
import { openTempDir } from '../support/processes.ts';

const room = playRangesRoom();
const { film } = room;

describe('other files', () => {
  let dir: Awaited<ReturnType<typeof openTempDir>>;
  let local: PlayServer;
  beforeAll(async () => {
    dir = await openTempDir();
    await writeFile(join(dir.path, 'empty.mkv'), '');
    await writeFile(join(dir.path, 'film.mkv'), film);
    local = await startPlayServer('local', { file: 'films/film.mkv' }, { films: dir.path });
  });
  afterAll(async () => {
    await local.close();
    await dir.remove();
  });
  beforeEach(() => {
    Object.assign(room.origin.behaviour, { isEndless: false, contentType: 'video/mp4' });
  });

  test('3: any range of an empty file is a 416, the whole of it a 200', async () => {
    const empty = local.urlOf({ detail: { folder: 'films', path: 'empty.mkv' } });
    for (const value of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) {
      const { status, headers } = await rawRequest(empty, { headers: { Range: value } });
      expect([status, headers['content-range']]).toEqual([416, 'bytes */0']);
    }
    const { status, headers } = await rawRequest(empty);
    expect([status, headers['content-length']]).toEqual([200, '0']);
  });

  test('a file of this machine has a strong ETag, a date and ranges too', async () => {
    const { status, headers, body } = await rawRequest(local.urlOf(), { headers: { Range: 'bytes=1000-' } });
    expect(status).toBe(206);
    expect(headers.etag).toMatch(/^"[\w-]+"$/);
    expect(headers['last-modified']).toMatch(/GMT$/);
    expect(headers['content-type']).toBe('video/x-matroska');
    expect(body.equals(film.subarray(1000))).toBe(true);
  });

  test('8: a body of unknown length is chunked and has no ranges', async () => {
    room.origin.behaviour.isEndless = true;
    const endless = room.server.urlOf({
      detail: room.server.kinds.get('http')?.parse({ url: `${room.origin.base}/live.ts` }),
    });
    const { status, headers, body, isCut } = await rawRequest(endless, { headers: { Range: 'bytes=5-9' } });
    expect([status, isCut]).toEqual([200, false]);
    expect(headers).toMatchObject({ 'accept-ranges': 'none', 'transfer-encoding': 'chunked' });
    expect(body.equals(film)).toBe(true);
    const head = await rawRequest(endless, { method: 'HEAD' });
    expect([head.status, head.headers['content-length']]).toEqual([200, undefined]);
  });

  test.each([
    ['text/html', '/page.html', 'application/octet-stream'],
    ['image/svg+xml', '/image', 'application/octet-stream'],
    ['application/xhtml+xml', '/image', 'application/octet-stream'],
    ['text/xml', '/image', 'application/octet-stream'],
    ['text/javascript', '/script', 'application/octet-stream'],
    ['application/vnd.apple.mpegurl', '/list', 'application/vnd.apple.mpegurl'],
  ])('a stranger’s %s never runs as a page of this server', async (contentType, path, served) => {
    room.origin.behaviour.contentType = contentType;
    const strange = room.server.urlOf({
      detail: room.server.kinds.get('http')?.parse({ url: `${room.origin.base}${path}?${contentType}` }),
    });
    const { headers } = await rawRequest(strange);
    expect(headers['content-type']).toBe(served);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

import { afterAll, beforeAll, expect } from 'vitest';
import { type Origin, startOrigin } from './origin.ts';
import { type PlayServer, rawRequest, startPlayServer } from './play-server.ts';

export type Part = { contentType: string; contentRange: string; bytes: Buffer };

/** A play server with one small film. Registers the hooks. */
export function playRangesRoom() {
  /** Acceptance criteria 1–11 (RFC 9110 §13–14), over the wire, on a file from an HTTP origin. */
  const SIZE = 300_000;
  const film = Buffer.from(Uint8Array.from({ length: SIZE }, (_, at) => (at * 7 + (at >> 8)) & 255));
  const MODIFIED = 'Sat, 10 May 2008 10:00:00 GMT';

  let origin: Origin;
  let server: PlayServer;
  let url: string;
  beforeAll(async () => {
    origin = await startOrigin(film);
    server = await startPlayServer('http', { url: origin.url });
    url = server.urlOf({ filename: 'Amélie “1” (2001).mp4' });
    await rawRequest(url, { method: 'HEAD' });
  });
  afterAll(async () => {
    await server.close();
    await origin.stop();
  });

  const get = (headers: Record<string, string> = {}) => rawRequest(url, { headers });
  const range = (value: string) => get({ Range: value });

  function partsOf(body: Buffer, contentType: string): Part[] {
    const boundary = /boundary=(.+)$/.exec(contentType)?.[1] ?? '';
    const marker = `--${boundary}`;
    const parts: Part[] = [];
    let at = body.indexOf(marker);
    expect(at).toBe(0);
    for (;;) {
      const headEnd = body.indexOf('\r\n\r\n', at);
      const next = body.indexOf(`\r\n${marker}`, headEnd);
      if (headEnd < 0 || next < 0) break;
      const head = body.toString('latin1', at, headEnd);
      parts.push({
        contentType: /^content-type: (.+)$/im.exec(head)?.[1]?.trim() ?? '',
        contentRange: /^content-range: (.+)$/im.exec(head)?.[1]?.trim() ?? '',
        bytes: body.subarray(headEnd + 4, next),
      });
      at = next + 2;
    }
    expect(body.toString('latin1', at)).toBe(`${marker}--\r\n`);
    return parts;
  }

  function pick(...ranges: readonly (readonly [number, number])[]): Buffer {
    return Buffer.concat(ranges.map(([start, end]) => film.subarray(start, end)));
  }
  return {
    get origin() {
      return origin;
    },
    get server() {
      return server;
    },
    get url() {
      return url;
    },
    SIZE,
    film,
    MODIFIED,
    get,
    range,
    partsOf,
    pick,
  };
}

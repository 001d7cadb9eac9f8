import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Origin, startOrigin } from './origin.ts';
import { type PlayServer, startPlayServer } from './play-server.ts';

/** A play server on an origin that behaves again before each test. Registers the hooks. */
export function playRoom() {
  const MIB = 1024 * 1024;
  const film = Buffer.alloc(96 * MIB, 'Big Buck Bunny ');
  const nowS = () => Math.floor(Date.now() / 1000);

  let origin: Origin;
  let server: PlayServer;
  beforeAll(async () => {
    origin = await startOrigin(film);
    server = await startPlayServer('http', { url: origin.url });
  });
  afterAll(async () => {
    await server.close();
    await origin.stop();
  });
  beforeEach(() => {
    Object.assign(origin.behaviour, {
      ranges: 'good',
      cutAfter: Number.POSITIVE_INFINITY,
      stallAfter: Number.POSITIVE_INFINITY,
      headStatus: 200,
      getStatus: 200,
      drops: 0,
    });
  });
  afterEach(() => {
    server.played.length = 0;
    server.blocked.clear();
    server.clientIp.value = '127.0.0.1';
  });

  /** A link to the same bytes under another name, so that no earlier test has opened it. */
  let count = 0;
  function freshUrl(): string {
    count += 1;
    return server.urlOf({ detail: server.kinds.get('http')?.parse({ url: `${origin.base}/${count}.mp4` }) });
  }

  const problemOf = (body: Buffer): unknown => JSON.parse(body.toString());
  return {
    get origin() {
      return origin;
    },
    get server() {
      return server;
    },
    MIB,
    film,
    nowS,
    freshUrl,
    problemOf,
  };
}

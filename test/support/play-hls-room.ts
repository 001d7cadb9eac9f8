import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import type { PlayLink } from '../../src/platform/links.ts';
import { type FileOrigin, startFileOrigin } from './file-origin.ts';
import { type PlayServer, startPlayServer } from './play-server.ts';

/** A play server, an origin of playlists and segments, and another host. Registers the hooks. */
export function playHlsRoom({ memoryBytes }: { memoryBytes?: number } = {}) {
  let origin: FileOrigin;
  let cdn: FileOrigin;
  let server: PlayServer;
  beforeAll(async () => {
    [origin, cdn] = await Promise.all([startFileOrigin(), startFileOrigin({ host: '127.0.0.2' })]);
    server = await startPlayServer('http', { url: `${origin.base}/unused.mp4` }, {}, {}, memoryBytes);
  });
  afterAll(async () => {
    await server?.close();
    await Promise.all([origin?.stop(), cdn?.stop()]);
  });
  beforeEach(() => {
    origin.requests.length = 0;
    cdn.requests.length = 0;
    server.played.length = 0;
  });

  const segment = (letter: string) => Buffer.alloc(300_000, `${letter}-segment `);
  let shows = 0;

  /** A finished playlist of six segments in a folder that no test before has used. */
  function newShow(more: readonly string[] = []): { folder: string; url: string } {
    shows += 1;
    const folder = `/show${shows}`;
    const lines = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name) => ['#EXTINF:4,', `${name}.ts`]);
    for (const name of 'abcdef') origin.files.set(`${folder}/${name}.ts`, segment(name));
    const head = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...more];
    origin.files.set(`${folder}/index.m3u8`, [...head, ...lines, '#EXT-X-ENDLIST', ''].join('\n'));
    return { folder, url: `${origin.base}${folder}/index.m3u8` };
  }

  function linkTo(url: string, input: object = {}, link: Partial<PlayLink> = {}): string {
    return server.urlOf({ detail: server.kinds.get('http')?.parse({ url, ...input }), ...link });
  }

  async function playlist(url: string): Promise<{ res: Response; text: string; uris: string[] }> {
    const res = await fetch(url);
    const text = await res.text();
    const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
    const quoted = [...text.matchAll(/URI="([^"]*)"/g)].map(([, uri = '']) => uri);
    return { res, text, uris: [...quoted, ...lines].map((uri) => new URL(uri, url).href) };
  }

  const Problem = z.object({ code: z.string(), detail: z.string(), status: z.number() });
  const problemOf = async (res: Response) => Problem.parse(await res.json());

  return {
    segment,
    newShow,
    linkTo,
    playlist,
    problemOf,
    get origin() {
      return origin;
    },
    get cdn() {
      return cdn;
    },
    get server() {
      return server;
    },
  };
}

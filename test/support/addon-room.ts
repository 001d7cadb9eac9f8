import { afterAll, beforeAll } from 'vitest';
import { metasIn } from './addon-answers.ts';
import { type AddonServer, startAddonServer } from './addon-server.ts';

/** The add-on with a few titles. Registers the hooks. */
export function addonRoom() {
  // The protocol itself: paths, methods, headers, errors. What the answers hold is tested in addon-catalog, -meta and -stream.

  const LICENCE = { code: 'CC-BY-3.0', attribution: 'Blender Foundation' };
  const FRESH_CATALOG = 'max-age=300, stale-while-revalidate=3600, stale-if-error=86400, public';
  const FRESH_STREAMS = 'max-age=60, stale-while-revalidate=300, stale-if-error=3600, public';

  let server: AddonServer;
  /** Our own id of a film without outside ids. */
  let ownId: string;

  beforeAll(async () => {
    server = await startAddonServer();
    const file = (n: number) => ({
      kind: 'http' as const,
      url: `https://files.example/${n}.mp4`,
      licence: LICENCE,
    });
    await server.add(
      {
        kind: 'movie',
        ids: { imdb: 'tt1254207', tmdb: '10378' },
        title: 'Big Buck Bunny',
        genres: ['Comedy', 'Sci-Fi & Fantasy'],
      },
      [file(1)],
    );
    await server.add({ kind: 'series', ids: { tmdb: '10378' }, title: 'Another of that number' }, [file(2)]);
    await server.add({ kind: 'event', ids: { tmdb: '777', tvdb: '888' }, title: 'A Concert' }, [file(3)]);
    await server.add({ kind: 'movie', title: 'Ça va & « amis »', genres: ['Comedy'] }, [file(4)]);
    const { body } = await server.ask('/catalog/movie/search/search=amis.json');
    ownId = metasIn(body)[0]?.id ?? '';
  });
  afterAll(() => server?.close());

  const get = (path: string, init?: RequestInit) => server.ask(path, init);
  const names = (body: unknown) => metasIn(body).map((meta) => meta.name);
  return {
    get server() {
      return server;
    },
    get ownId() {
      return ownId;
    },
    LICENCE,
    FRESH_CATALOG,
    FRESH_STREAMS,
    get,
    names,
  };
}

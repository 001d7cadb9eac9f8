import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';

// CommonJS; its own types do not come along, and of the product's declarations nothing is wanted here.
type Handler = (args: { type: string; id: string; extra: Record<string, string> }) => Promise<object>;
type Builder = {
  defineCatalogHandler(handler: Handler): void;
  defineMetaHandler(handler: Handler): void;
  defineStreamHandler(handler: Handler): void;
  defineSubtitlesHandler(handler: Handler): void;
  getInterface(): object;
};
type Sdk = {
  addonBuilder: new (manifest: object) => Builder;
  getRouter(addon: object): (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
};
const sdk: Sdk = createRequire(import.meta.url)('stremio-addon-sdk');

export const FILM_COUNT = 150;
const PAGE = 100;

export type ScratchAddon = AsyncDisposable & {
  manifestUrl: string;
  /** Paths asked for, in order. */
  paths: readonly string[];
  stop(): Promise<void>;
};

/**
 * An add-on by the official SDK, to prove the drivers without the product: 150 films `scratch:0`… with `streamUrl` behind film 2
 * alone, a search, a genre, and a series `scratch:show` of two episodes.
 */
export async function startScratchAddon(streamUrl: string): Promise<ScratchAddon> {
  const router = sdk.getRouter(addonOf(streamUrl).getInterface());
  const paths: string[] = [];
  const server = createServer((req, res) => {
    paths.push(req.url ?? '');
    router(req, res, () => res.writeHead(404).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    manifestUrl: `http://127.0.0.1:${address.port}/manifest.json`,
    paths,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function addonOf(streamUrl: string): Builder {
  const films = Array.from({ length: FILM_COUNT }, (_, n) => ({
    id: `scratch:${n}`,
    type: 'movie',
    name: `Film ${n}`,
  }));
  const show = {
    ...{ id: 'scratch:show', type: 'series', name: 'Show' },
    videos: [1, 2].map((episode) => ({
      ...{ id: `scratch:show:1:${episode}`, title: `Episode ${episode}`, season: 1, episode },
      released: '2020-01-01T00:00:00.000Z',
    })),
  };
  const builder = new sdk.addonBuilder({
    ...{ id: 'org.example.scratch', version: '1.0.0', name: 'Scratch', description: 'For tests of tests' },
    ...{
      resources: ['catalog', 'meta', 'stream', 'subtitles'],
      types: ['movie', 'series'],
      idPrefixes: ['scratch:'],
    },
    catalogs: [
      {
        type: 'movie',
        id: 'all',
        name: 'All',
        extra: [{ name: 'skip' }, { name: 'genre', options: ['Sci-Fi & More'] }],
      },
      { type: 'movie', id: 'find', name: 'Find', extra: [{ name: 'search', isRequired: true }] },
    ],
  });
  builder.defineCatalogHandler(async ({ id, extra }) => {
    const from = Number(extra.skip ?? 0);
    const found = id === 'find' ? films.filter(({ name }) => name === extra.search) : films;
    return { metas: found.slice(from, from + PAGE), cacheMaxAge: 60 };
  });
  builder.defineMetaHandler(async ({ id }) => ({
    meta: [...films, show].find((meta) => meta.id === id) ?? null,
  }));
  builder.defineStreamHandler(async ({ id }) => {
    const hints = { filename: 'clip.mp4', videoSize: 12345 };
    const isOffered = id === 'scratch:2' || id === 'scratch:show:1:2';
    return {
      streams: isOffered
        ? [{ name: 'Scratch', description: 'A clip', url: streamUrl, behaviorHints: hints }]
        : [],
    };
  });
  builder.defineSubtitlesHandler(async () => ({
    subtitles: [{ id: 'en', url: `${streamUrl}.srt`, lang: 'eng' }],
  }));
  return builder;
}

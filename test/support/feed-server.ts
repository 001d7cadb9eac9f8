import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createNet, type Net } from '../../src/platform/net.ts';

export type FeedServer = AsyncDisposable & {
  baseUrl: string;
  /** The queries it was asked, in order. */
  asked: URLSearchParams[];
  /** What it answers from now on; a text goes as XML with status 200. */
  answer(handler: FeedHandler | string): void;
  close(): Promise<void>;
};
export type FeedHandler = (query: URLSearchParams, res: ServerResponse, req: IncomingMessage) => unknown;

/** An indexer or a site with feeds on a free port of 127.0.0.1, which answers what a test says. */
export async function startFeedServer(): Promise<FeedServer> {
  let handler: FeedHandler = (_query, res) => res.writeHead(404).end();
  const asked: URLSearchParams[] = [];
  const server = createServer((req, res) => {
    res.on('error', () => {});
    const query = new URL(req.url ?? '/', 'http://feeds.example').searchParams;
    asked.push(query);
    Promise.resolve(handler(query, res, req)).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    asked,
    answer(given) {
      asked.length = 0;
      handler = typeof given === 'string' ? (_query, res) => sendXml(res, given) : given;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

export function sendXml(res: ServerResponse, xml: string, status = 200): void {
  res.writeHead(status, { 'content-type': 'application/rss+xml; charset=utf-8' }).end(xml);
}

/** A dialer that reaches this machine only. */
export function loopbackNet(): Net {
  return createNet({ mode: 'listed', allow: ['127.0.0.0/8', '::1'], ownPorts: () => new Set() });
}

/** A feed as Jackett writes it. */
export function torznabFeed(items: readonly string[], more = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:torznab="http://torznab.com/schemas/2015/feed">
  <channel>
    <atom:link href="http://127.0.0.1:9117/" rel="self" type="application/rss+xml" />
    <title>Example Tracker</title>
    <description>A public tracker</description>
    ${more}
    ${items.join('\n')}
  </channel>
</rss>`;
}

/** A torrent as Jackett lists it. */
export function torznabItem(given: {
  name: string;
  hash?: string;
  magnet?: string;
  link?: string;
  size?: number;
  seeders?: number;
  attributes?: Readonly<Record<string, string | number>>;
}): string {
  const { name, hash, magnet, link = magnet ?? '', size = 1_500_000_000, seeders = 12 } = given;
  const attributes = {
    category: 2000,
    seeders,
    peers: seeders + 3,
    ...(hash === undefined ? {} : { infohash: hash }),
    ...(magnet === undefined ? {} : { magneturl: magnet }),
    ...given.attributes,
  };
  const attrs = Object.entries(attributes).map(
    ([key, value]) => `<torznab:attr name="${key}" value="${escaped(`${value}`)}" />`,
  );
  return `<item>
    <title>${escaped(name)}</title>
    <guid>https://tracker.example/t/${escaped(encodeURIComponent(name))}</guid>
    <jackettindexer id="example">Example</jackettindexer>
    <pubDate>Sat, 14 Mar 2026 12:00:00 +0000</pubDate>
    <size>${size}</size>
    <link>${escaped(link)}</link>
    <category>2000</category>
    <enclosure url="${escaped(link)}" length="${size}" type="application/x-bittorrent" />
    ${attrs.join('\n    ')}
  </item>`;
}

/** A post as a Newznab indexer lists it. */
export function newznabItem(given: {
  name: string;
  link: string;
  attributes?: Readonly<Record<string, string | number>>;
}) {
  const attrs = Object.entries({ category: 2040, size: 4_000_000_000, grabs: 7, ...given.attributes }).map(
    ([key, value]) => `<newznab:attr name="${key}" value="${escaped(`${value}`)}" />`,
  );
  return `<item>
    <title>${escaped(given.name)}</title>
    <guid isPermaLink="true">https://indexer.example/details/0123</guid>
    <link>${escaped(given.link)}</link>
    <pubDate>Sun, 15 Mar 2026 08:30:00 +0000</pubDate>
    <enclosure url="${escaped(given.link)}" length="4000000000" type="application/x-nzb" />
    ${attrs.join('\n    ')}
  </item>`;
}

/** Caps as Prowlarr writes them. */
export function capsXml(params: { movie?: string; tv?: string; limit?: number } = {}): string {
  const { movie = 'q,imdbid,tmdbid', tv = 'q,season,ep,imdbid,tvdbid', limit = 100 } = params;
  return `<?xml version="1.0" encoding="UTF-8"?>
<caps>
  <server title="Example Indexer" />
  <limits default="${limit}" max="${limit}" />
  <searching>
    <search available="yes" supportedParams="q" />
    <tv-search available="yes" supportedParams="${tv}" />
    <movie-search available="yes" supportedParams="${movie}" />
    <music-search available="no" supportedParams="q" />
  </searching>
  <categories>
    <category id="2000" name="Movies"><subcat id="2040" name="Movies/HD" /></category>
    <category id="5000" name="TV"><subcat id="5070" name="TV/Anime" /></category>
    <category id="6000" name="XXX" />
  </categories>
</caps>`;
}

export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}

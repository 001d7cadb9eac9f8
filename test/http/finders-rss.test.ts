import { afterAll, beforeAll, expect, test } from 'vitest';
import { rss } from '../../src/finders/rss/index.ts';
import type { Net } from '../../src/platform/net.ts';
import { capsXml, type FeedServer, loopbackNet, sendXml, startFeedServer } from '../support/feed-server.ts';

// Feeds as sites write them: torrents, NZBs, and files enclosed.

const HASH = '00112233445566778899aabbccddeeff00112233';
let server: FeedServer;
let net: Net;

beforeAll(async () => {
  server = await startFeedServer();
  net = loopbackNet();
});
afterAll(async () => {
  await net.close();
  await server.close();
});

const NEW = { etag: null, lastModified: null };
const feed = () =>
  rss({ net }, { url: `${server.baseUrl}/rss?passkey=secret`, apiKey: null, categories: [] });
const latest = () => feed().latest?.(NEW, new AbortController().signal);
async function only() {
  const [release] = (await latest())?.releases ?? [];
  return release;
}
const channel = (items: string, head = '') =>
  `<?xml version="1.0"?>${head}<rss version="2.0"><channel>${items}</channel></rss>`;

test('a feed in the namespace of an anime site tells the hash and the swarm', async () => {
  server.answer(`<?xml version="1.0"?><rss xmlns:nyaa="https://site.example/xmlns/nyaa" version="2.0"><channel><item>
    <title>[Group] Show - 13 (1080p) [ABCD1234].mkv</title>
    <link>https://site.example/download/123.torrent</link>
    <guid isPermaLink="true">https://site.example/view/123</guid>
    <pubDate>Sat, 14 Mar 2026 12:00:00 -0000</pubDate>
    <nyaa:seeders>90</nyaa:seeders><nyaa:leechers>4</nyaa:leechers><nyaa:infoHash>${HASH}</nyaa:infoHash>
    <nyaa:size>1.4 GiB</nyaa:size></item></channel></rss>`);
  expect(await only()).toMatchObject({
    ...{ kind: 'torrent', infoHash: HASH, torrentUrl: 'https://site.example/download/123.torrent' },
    ...{ seeders: 90, leechers: 4, sizeBytes: null, publishedAt: '2026-03-14T12:00:00.000Z' },
  });
});

test('a feed in the namespace of BitTorrent tells magnet and size', async () => {
  const magnet = `magnet:?xt=urn:btih:${HASH}&amp;dn=Show&amp;tr=udp%3A%2F%2Ftracker.example%3A80`;
  server.answer(
    channel(`<item><title>Show S01E02 720p HDTV</title><link>https://site.example/ep/2/</link>
    <enclosure url="https://site.example/Show.S01E02.torrent" length="734003200" type="application/x-bittorrent"/>
    <torrent:contentLength xmlns:torrent="http://xmlns.example/0.1/">734003200</torrent:contentLength>
    <torrent:magnetURI xmlns:torrent="http://xmlns.example/0.1/"><![CDATA[${magnet.replaceAll('&amp;', '&')}]]></torrent:magnetURI></item>`),
  );
  expect(await only()).toMatchObject({
    kind: 'torrent',
    infoHash: HASH,
    magnet: magnet.replaceAll('&amp;', '&'),
    torrentUrl: 'https://site.example/Show.S01E02.torrent',
    sizeBytes: 734_003_200,
  });
});

test('a magnet as the link is enough', async () => {
  server.answer(
    channel(`<item><title>Film 2020</title><link>magnet:?xt=urn:btih:${HASH}&tr=x</link></item>`),
  );
  expect(await only()).toMatchObject({ kind: 'torrent', infoHash: HASH, torrentUrl: null });
});

test('an NZB is a post, and its key no part of what tells it apart', async () => {
  const url = 'https://index.example/getnzb/abc.nzb&amp;i=12&amp;r=secret';
  server.answer(
    channel(`<item><title>A.Post.2020</title><link>${url}</link><enclosure url="${url}" length="99" type="application/x-nzb"/></item>
    <item><title>Another</title><link>https://index.example/api?t=get&amp;id=7&amp;apikey=secret</link>
    <enclosure url="https://index.example/api?t=get&amp;id=7&amp;apikey=secret" length="9" type="application/x-nzb"/></item>`),
  );
  const releases = (await latest())?.releases ?? [];
  expect(releases.map(({ kind }) => kind)).toEqual(['usenet', 'usenet']);
  expect(releases[1]?.guid).toBe('https://index.example/api?t=get&id=7');
});

test('a video that is enclosed is a file on the web', async () => {
  server.answer(
    channel(`<item><title>Lecture 4</title><link>https://talks.example/4</link>
    <enclosure url="https://talks.example/4.mp4" length="52428800" type="video/mp4"/></item>
    <item><title>A song</title><enclosure url="https://talks.example/4.mp3" length="5" type="audio/mpeg"/></item>`),
  );
  const releases = (await latest())?.releases;
  expect(releases).toMatchObject([
    { kind: 'http', url: 'https://talks.example/4.mp4', sizeBytes: 52_428_800 },
  ]);
});

test('Atom is read as well, and RSS 1.0', async () => {
  server.answer(`<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title>Film 2021</title><id>urn:x</id>
    <updated>2026-03-01T00:00:00Z</updated><link rel="alternate" href="https://a.example/page"/>
    <link rel="enclosure" type="video/x-matroska" length="7" href="https://a.example/film.mkv"/></entry></feed>`);
  expect(await only()).toMatchObject({ kind: 'http', publishedAt: '2026-03-01T00:00:00.000Z', sizeBytes: 7 });
  server.answer(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel/><item>
    <title>Film 2022</title><link>https://a.example/film.torrent</link></item></rdf:RDF>`);
  expect(await only()).toMatchObject({ kind: 'torrent', torrentUrl: 'https://a.example/film.torrent' });
});

test('items without a name or a link are left out, dates that lie ahead too', async () => {
  server.answer(
    channel(`<item><link>https://a.example/x.mkv</link></item><item><title>Only a name</title></item>
    <item><title>File link</title><link>file:///etc/passwd</link></item>
    <item><title>Ahead</title><link>https://a.example/y.mkv</link><pubDate>Sat, 14 Mar 2099 12:00:00 GMT</pubDate></item>`),
  );
  expect((await latest())?.releases).toMatchObject([{ name: 'Ahead', publishedAt: null }]);
});

test('a feed is asked only for what is new', async () => {
  const seen: (string | undefined)[] = [];
  server.answer((_query, res, req) => {
    seen.push(req.headers['if-none-match']);
    if (req.headers['if-none-match'] === '"7"') return res.writeHead(304).end();
    res.setHeader('etag', '"7"');
    return sendXml(res, channel(''));
  });
  const first = await latest();
  expect(first).toMatchObject({ isUnchanged: false, mark: { etag: '"7"' } });
  const second = await feed().latest?.(first?.mark ?? NEW, new AbortController().signal);
  expect(second).toMatchObject({ isUnchanged: true, mark: { etag: '"7"' }, releases: [] });
  expect(seen).toEqual([undefined, '"7"']);
});

test('a test says what is in it, and refuses an indexer', async () => {
  server.answer(channel(`<item><title>Film</title><link>https://a.example/film.mkv</link></item>`));
  const { signal } = new AbortController();
  expect(await feed().test(signal)).toBe('A feed: 0 torrents, 0 posts and 1 files just now.');
  server.answer(capsXml());
  await expect(feed().test(signal)).rejects.toMatchObject({ fault: 'broken' });
});

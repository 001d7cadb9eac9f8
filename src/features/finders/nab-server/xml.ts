import { xmlText } from '../../../kit/xml-text.ts';
import type { NabItem } from '../queries/nab-items.ts';

export type NabServerKind = 'torznab' | 'newznab';
export type NabPlace = { kind: NabServerKind; baseUrl: string; apiKey: string };

export const PAGE_ITEMS = 100;
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const SPACES = {
  torznab: 'xmlns:torznab="http://torznab.com/schemas/2015/feed"',
  newznab: 'xmlns:newznab="http://www.newznab.com/DTD/2010/feeds/attributes/"',
} as const;

/** `<error>`: codes of Newznab's standard. */
export function errorXml(code: number, description: string): string {
  return `${HEAD}<error code="${code}" description="${xmlText(description)}"/>\n`;
}

/** What can be asked here. */
export function capsXml(): string {
  return `${HEAD}<caps>
  <server title="Tributary"/>
  <limits max="${PAGE_ITEMS}" default="${PAGE_ITEMS}"/>
  <searching>
    <search available="yes" supportedParams="q"/>
    <tv-search available="yes" supportedParams="q,season,ep,imdbid,tvdbid,tmdbid"/>
    <movie-search available="yes" supportedParams="q,imdbid,tmdbid"/>
    <music-search available="no" supportedParams="q"/>
    <audio-search available="no" supportedParams="q"/>
    <book-search available="no" supportedParams="q"/>
  </searching>
  <categories>
    <category id="2000" name="Movies"><subcat id="2030" name="Movies/SD"/><subcat id="2040" name="Movies/HD"/><subcat id="2045" name="Movies/UHD"/></category>
    <category id="5000" name="TV"><subcat id="5030" name="TV/SD"/><subcat id="5040" name="TV/HD"/><subcat id="5045" name="TV/UHD"/></category>
  </categories>
</caps>
`;
}

/** One page; `offset` as it was asked for. */
export function feedXml(place: NabPlace, items: readonly NabItem[], offset: number): string {
  // How many there are in all nobody has counted: one more than these while a page is full.
  const total = offset + items.length + (items.length === PAGE_ITEMS ? 1 : 0);
  return `${HEAD}<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" ${SPACES[place.kind]}>
<channel>
<atom:link href="${xmlText(`${place.baseUrl}/${place.kind}/api`)}" rel="self" type="application/rss+xml"/>
<title>Tributary</title>
<description>The catalogue of this server</description>
<link>${xmlText(`${place.baseUrl}/`)}</link>
<${place.kind}:response offset="${offset}" total="${total}"/>
${items.map((item) => itemXml(place, item)).join('\n')}
</channel>
</rss>
`;
}

function itemXml(place: NabPlace, item: NabItem): string {
  const size = item.sizeBytes ?? 0;
  const category = categoryOf(item);
  const [link, type] =
    place.kind === 'torznab'
      ? [magnetOf(item), 'application/x-bittorrent;x-scheme-handler/magnet']
      : [nzbOf(place, item), 'application/x-nzb'];
  const attributes = {
    category: [Math.floor(category / 1000) * 1000, category],
    size: [size],
    ...idsOf(item),
    ...swarmOf(item),
  };
  const attrs = Object.entries(attributes).flatMap(([name, values]) =>
    values.map((value) => `<${place.kind}:attr name="${name}" value="${xmlText(`${value}`)}"/>`),
  );
  return `<item>
<title>${xmlText(item.name)}</title>
<guid isPermaLink="false">${item.publicId}</guid>
<link>${xmlText(link)}</link>
<pubDate>${item.createdAt.toUTCString()}</pubDate>
<size>${size}</size>
<category>${category}</category>
<enclosure url="${xmlText(link)}" length="${size}" type="${type}"/>
${attrs.join('\n')}
</item>`;
}

/** 2040 and 5040 are HD, 2045 and 5045 UHD, 2030 and 5030 less. */
function categoryOf({ kind, resolution }: NabItem): number {
  const tree = kind === 'movie' ? 2000 : 5000;
  if (resolution === '2160p') return tree + 45;
  return tree + (resolution === null || /^(?:720|1080)/.test(resolution) ? 40 : 30);
}

function idsOf({ imdb, tmdb, tvdb, season, episode }: NabItem): Record<string, (string | number)[]> {
  const given = { imdbid: imdb, imdb: imdb?.replace(/^tt/, ''), tmdbid: tmdb, tvdbid: tvdb, season, episode };
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value == null ? [] : [value]]),
  );
}

function swarmOf(item: NabItem): Record<string, (string | number)[]> {
  if (item.infoHash === null) return {};
  const { infoHash, seeders, leechers } = item;
  return {
    infohash: [infoHash],
    magneturl: [magnetOf(item)],
    // Sonarr and Radarr pass over what nobody seeds; of what was never counted one is said to.
    seeders: [seeders ?? 1],
    peers: [(seeders ?? 1) + (leechers ?? 0)],
    downloadvolumefactor: [0],
    uploadvolumefactor: [1],
  };
}

function magnetOf({ infoHash, name, trackers }: NabItem): string {
  const tr = trackers.map((url) => `&tr=${encodeURIComponent(url)}`).join('');
  return `magnet:?xt=urn:btih:${infoHash}&dn=${encodeURIComponent(name.toWellFormed())}${tr}`;
}

function nzbOf({ baseUrl, apiKey }: NabPlace, { publicId }: NabItem): string {
  return `${baseUrl}/newznab/api?t=get&id=${publicId}&apikey=${encodeURIComponent(apiKey)}`;
}

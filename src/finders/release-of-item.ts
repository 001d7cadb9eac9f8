import type { FeedItem } from './feed-item.ts';
import { countOf } from './feed-xml.ts';
import type { FoundRelease, ReleaseIds } from './finder.ts';

const MAX_NAME_CHARS = 1000;
const MAX_GUID_CHARS = 500;
const TORRENT_TYPE = 'application/x-bittorrent';
const MAGNET_TYPE = 'application/x-bittorrent;x-scheme-handler/magnet';
const NZB_TYPE = 'application/x-nzb';
const VIDEO_NAME = /\.(?:mkv|mp4|m4v|webm|avi|mov|ts|m2ts|mpg|mpeg|wmv)$/i;
/** Parameters that hold a member's key; what is left names the release. */
const KEYS = /^(?:apikey|api_key|jackett_apikey|passkey|authkey|torrent_pass|token|key|rsskey|r|i|uid)$/i;

/**
 * What an item of a feed brings, whoever wrote it: a post where it is said to be an NZB, a torrent by its hash, magnet or file, else a video
 * file on the web. `vocabulary` says what a bare link of an indexer is. Null: it has no name, or nothing that can be fetched.
 */
export function releaseOf(item: FeedItem, vocabulary: 'torznab' | 'newznab' | 'rss'): FoundRelease | null {
  const name = item.texts.title?.slice(0, MAX_NAME_CHARS) ?? '';
  if (name === '') return null;
  const links = linksOf(item);
  const facts = {
    name,
    sizeBytes: sizeOf(item),
    publishedAt: dateOf(item),
    ids: idsOf(item),
  };
  const nzbUrl = links.find(({ url, type }) => isNzb(url, type, vocabulary))?.url;
  if (nzbUrl !== undefined && vocabulary !== 'torznab')
    return { ...facts, kind: 'usenet', guid: withoutKeys(nzbUrl), nzbUrl, isPassworded: isPassworded(item) };
  const torrent = torrentOf(item, links, vocabulary);
  if (torrent !== null) {
    const guid = torrent.infoHash ?? withoutKeys(torrent.torrentUrl ?? torrent.magnet ?? '');
    return { ...facts, kind: 'torrent', guid, ...torrent, ...swarmOf(item) };
  }
  const url = links.find((link) => /^video\//i.test(link.type) || hasVideoName(link.url))?.url;
  return url === undefined || vocabulary !== 'rss'
    ? null
    : { ...facts, kind: 'http', guid: withoutKeys(url), url };
}

type Link = { url: string; type: string };

/** Enclosures first: an item's own link is often a page about it. */
function linksOf({ enclosures, texts }: FeedItem): Link[] {
  const links = enclosures.map(({ url, type }) => ({ url: url.trim(), type: type.toLowerCase() }));
  const others = [texts.link, texts.magneturi, texts.guid].map((url = '') => ({ url: url.trim(), type: '' }));
  return [...links, ...others].filter(
    ({ url }) => /^(?:https?:\/\/|magnet:\?)/i.test(url) && URL.canParse(url),
  );
}

function isNzb(url: string, type: string, vocabulary: string): boolean {
  if (!/^https?:/i.test(url) || type === TORRENT_TYPE) return false;
  if (type === NZB_TYPE) return true;
  const { pathname, searchParams } = new URL(url);
  if (/\.nzb(?:\.gz)?(?:$|&)/i.test(pathname)) return true;
  return vocabulary === 'newznab' && searchParams.get('t') === 'get';
}

function torrentOf(item: FeedItem, links: readonly Link[], vocabulary: string) {
  const magnet = magnetOf(item, links);
  const infoHash = hashOf(item.attributes.get('infohash') ?? item.texts.infohash) ?? hashOfMagnet(magnet);
  const torrentUrl = links.find(({ url, type }) => isTorrent(url, type, vocabulary))?.url ?? null;
  return infoHash === null && magnet === null && torrentUrl === null
    ? null
    : { infoHash, magnet, torrentUrl };
}

function magnetOf({ attributes }: FeedItem, links: readonly Link[]): string | null {
  const given = attributes.get('magneturl') ?? '';
  if (/^magnet:\?/i.test(given)) return given;
  return links.find(({ url }) => /^magnet:/i.test(url))?.url ?? null;
}

/** A proxy's link (Jackett, Prowlarr) has no name of its own: of an indexer the enclosure is a torrent whatever it is called. */
function isTorrent(url: string, type: string, vocabulary: string): boolean {
  if (!/^https?:/i.test(url) || type === MAGNET_TYPE) return false;
  if (type === TORRENT_TYPE || /\.torrent$/i.test(new URL(url).pathname)) return true;
  return vocabulary === 'torznab' && /\/(?:dl|download)(?:$|\/)|\/api\/?$/i.test(new URL(url).pathname);
}

function hashOf(text: string | undefined): string | null {
  const lower = text?.trim().toLowerCase() ?? '';
  return /^[\da-f]{40}$/.test(lower) ? lower : null;
}

function hashOfMagnet(magnet: string | null): string | null {
  return hashOf(/[?&]xt(?:\.\d+)?=urn(?::|%3A)btih(?::|%3A)([\da-f]{40})/i.exec(magnet ?? '')?.[1]);
}

function swarmOf({ attributes, texts }: FeedItem) {
  const seeders = small(attributes.get('seeders') ?? texts.seeders);
  // Torznab's `peers` are both together.
  const peers = small(attributes.get('peers') ?? texts.peers);
  const told = small(attributes.get('leechers') ?? texts.leechers);
  const leechers = told ?? (peers === null || seeders === null ? null : Math.max(0, peers - seeders));
  return { seeders, leechers };
}

function small(text: string | undefined): number | null {
  const count = countOf(text);
  return count === null ? null : Math.min(count, 10_000_000);
}

/** Of the item, its attribute, its enclosure: a size of 0 says nothing. */
function sizeOf({ texts, attributes, enclosures }: FeedItem): number | null {
  for (const text of [attributes.get('size'), texts.size, enclosures[0]?.length]) {
    const size = countOf(text);
    if (size !== null && size > 0 && Number.isSafeInteger(size)) return size;
  }
  return null;
}

/** Of Usenet the day it was posted. What lies ahead is a clock that goes wrong. */
function dateOf({ texts, attributes }: FeedItem): string | null {
  for (const text of [attributes.get('usenetdate'), texts.date]) {
    const ms = Date.parse(text ?? '');
    if (!Number.isNaN(ms) && ms > 0 && ms < Date.now() + 86_400_000) return new Date(ms).toISOString();
  }
  return null;
}

/** Newznab writes IMDb's number bare as `imdb`, Torznab with `tt` as `imdbid`; 0 is none. */
function idsOf({ attributes }: FeedItem): ReleaseIds {
  const [, imdb = ''] =
    /^(?:tt)?0*(\d{1,10})$/.exec(attributes.get('imdbid') ?? attributes.get('imdb') ?? '') ?? [];
  const number = (name: string) => /^[1-9]\d{0,8}$/.exec(attributes.get(name) ?? '')?.[0];
  return {
    imdb: imdb === '' || imdb === '0' ? undefined : `tt${imdb.padStart(7, '0')}`,
    tmdb: number('tmdbid') ?? number('tmdb'),
    tvdb: number('tvdbid'),
  };
}

/** 1: yes, 2: probably, an archive inside. */
function isPassworded({ attributes }: FeedItem): boolean {
  return ['1', '2', 'yes', 'true'].includes(attributes.get('password')?.toLowerCase() ?? '');
}

function hasVideoName(url: string): boolean {
  return /^https?:/i.test(url) && VIDEO_NAME.test(new URL(url).pathname);
}

/** The same release whoever asks for it. */
export function withoutKeys(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text.slice(0, MAX_GUID_CHARS);
  for (const name of [...url.searchParams.keys()]) if (KEYS.test(name)) url.searchParams.delete(name);
  url.username = '';
  url.password = '';
  url.hash = '';
  return url.href.slice(0, MAX_GUID_CHARS);
}

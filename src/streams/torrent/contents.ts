import parseTorrent from 'parse-torrent';
import { z } from 'zod';
import { contentTypeOf } from '../../kit/content-type.ts';
import type { StreamFile } from '../kind.ts';
import type { TorrentDetail } from './detail.ts';
import type { PeerAddress } from './engine.ts';
import { invalid } from './info-hash.ts';
import { isPadding } from './padding.ts';

const MAX_FILES = 100_000;
const MAX_TRACKERS = 100;
const MAX_WEB_SEEDS = 50;
const MAX_PEERS = 100;

/** What is in a torrent, as far as its text tells. */
export type Contents = {
  name: string | null;
  /** Index in the torrent's own list; padding files and links are left out, so indexes may skip. */
  files: readonly StreamFile[];
  trackers: readonly string[];
  webSeeds: readonly string[];
  isPrivate: boolean;
  /** ISO 8601: when it was put up or made. */
  publishedAt: string | null;
};

/** Before BitTorrent (2001) and after today a date is made up. */
const FIRST_TORRENT_MS = Date.UTC(2001, 6, 2);
const DAY_MS = 86_400_000;

const Parsed = z.object({
  name: z.string().optional(),
  private: z.boolean().optional(),
  created: z.unknown().optional(),
  announce: z.array(z.string()).default([]),
  urlList: z.array(z.string()).default([]),
  files: z
    .array(z.object({ path: z.string(), length: z.number().min(0) }))
    .max(MAX_FILES)
    .default([]),
  info: z
    .object({ files: z.array(z.object({ attr: z.instanceof(Uint8Array).optional() })).optional() })
    .optional(),
});

/** Reads the `.torrent` or magnet of a detail; what the caller said about it fills the gaps. Opens no connection. */
export async function contentsOf(detail: TorrentDetail): Promise<Contents> {
  const parsed = await parse(detail);
  const attributes = parsed.info?.files?.map(({ attr }) => Buffer.from(attr ?? []).toString('latin1')) ?? [];
  const files = parsed.files.flatMap(({ path, length }, index) => {
    const name = safePath(path);
    // BEP 47: `l` is a symbolic link.
    if (isPadding(name, attributes[index]) || attributes[index]?.includes('l')) return [];
    return [{ index, name, sizeBytes: length, contentType: contentTypeOf(name) }];
  });
  return {
    name: detail.name ?? (parsed.name === undefined ? null : safePath(parsed.name)),
    files: files.length > 0 ? files : detail.files.filter(({ name }) => !isPadding(name)),
    trackers: trackerUrls([...parsed.announce, ...detail.trackers]),
    webSeeds: webSeedUrls([...parsed.urlList, ...detail.webSeeds]),
    isPrivate: parsed.private ?? detail.isPrivate,
    publishedAt: detail.publishedAt ?? plausibleDate(parsed.created),
  };
}

async function parse(detail: TorrentDetail): Promise<z.infer<typeof Parsed>> {
  const source = detail.torrent === null ? detail.magnet : Buffer.from(detail.torrent, 'base64');
  try {
    return Parsed.parse(await parseTorrent(source ?? detail.infoHash));
  } catch (cause) {
    const error = invalid();
    error.cause = cause;
    throw error;
  }
}

function plausibleDate(value: unknown): string | null {
  if (!(value instanceof Date)) return null;
  const ms = value.getTime();
  return ms >= FIRST_TORRENT_MS && ms <= Date.now() + DAY_MS ? value.toISOString() : null;
}

/** Announce URLs a client can use, each once, in their order. */
export function trackerUrls(urls: readonly string[]): string[] {
  const usable = urls.map((url) => url.trim()).filter((url) => isUrlOf(url, /^(udp|https?|wss?):$/, 2048));
  return [...new Set(usable)].slice(0, MAX_TRACKERS);
}

/** Addresses of peers in a magnet (`x.pe`, BEP 9): a name or an address, brackets around IPv6. */
export function magnetPeers(magnet: string): PeerAddress[] {
  const given = new URLSearchParams(magnet.slice(magnet.indexOf('?') + 1)).getAll('x.pe');
  return given.slice(0, MAX_PEERS).flatMap((text) => {
    const [, ipv6, name, port] = /^(?:\[([0-9a-f:]+)\]|([^:\s/]+)):(\d{1,5})$/i.exec(text) ?? [];
    const host = ipv6 ?? name;
    return host === undefined || Number(port) < 1 || Number(port) > 65_535
      ? []
      : [{ host, port: Number(port) }];
  });
}

function webSeedUrls(urls: readonly string[]): string[] {
  return [...new Set(urls.filter((url) => isUrlOf(url, /^https?:$/, 8192)))].slice(0, MAX_WEB_SEEDS);
}

function isUrlOf(text: string, protocols: RegExp, maxChars: number): boolean {
  const url = URL.parse(text);
  return url !== null && protocols.test(url.protocol) && url.hostname !== '' && text.length <= maxChars;
}

/** A path from a stranger's file: no way up, no controls, never empty. */
function safePath(path: string): string {
  const parts = path
    .split(/[/\\]/)
    .map((part) => part.replace(/\p{Cc}/gu, '').trim())
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.join('/') || 'file';
}

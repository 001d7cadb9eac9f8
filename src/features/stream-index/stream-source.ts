import { BadInput } from '../../kit/errors.ts';
import type { StreamKindName } from './schemas.ts';

/** Which kind reaches a stream, and the fields its kind parses. */
export type StreamSource = { kind: StreamKindName; fields: Record<string, unknown> };

const YOUTUBE_HOST = /^(?:(?:www|m|music|gaming)\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be)$/;
const TELEGRAM_HOST = /^(?:www\.)?(?:t|telegram)\.me$/;
/** `ftpes:` is TLS by AUTH. */
const FTP_SCHEME = /^ftp(e?s)?:$/;
const INFO_HASH = /^(?:[\da-f]{40}|[a-z2-7]{32})$/i;

/** Fields that belong to one kind only. */
const TELLING_FIELDS: readonly [string, StreamKindName][] = [
  ['infoHash', 'torrent'],
  ['magnet', 'torrent'],
  ['torrent', 'torrent'],
  ['videoId', 'youtube'],
  ['chat', 'telegram'],
  ['nzbUrl', 'usenet'],
  ['nzb', 'usenet'],
  ['guid', 'usenet'],
  ['file', 'local'],
  ['folder', 'local'],
];

/**
 * The kind of what was given: the one that was named, else by the URL (magnet, info hash, `.torrent`, YouTube,
 * Telegram, `.nzb` or a Newznab `t=get`, ftp, http), else by a field only one kind has. BadInput `streams.unknown_source` when nothing tells.
 */
export function sourceOf(given: Record<string, unknown>, named: StreamKindName | undefined): StreamSource {
  const url = typeof given.url === 'string' ? given.url.trim() : undefined;
  const kind = named ?? (url === undefined ? kindByField(given) : kindByUrl(url));
  if (kind === null) {
    throw new BadInput(
      'streams.unknown_source',
      'This is no link to a stream. Give an http(s), ftp or magnet link, an info hash, a YouTube or Telegram link, or the fields of a kind.',
      [{ path: 'url', message: 'is not a link of a known kind' }],
    );
  }
  return { kind, fields: { ...given, ...fieldsOf(kind, url) } };
}

function kindByField(given: Record<string, unknown>): StreamKindName | null {
  return TELLING_FIELDS.find(([field]) => given[field] !== undefined)?.[1] ?? null;
}

/** By the look of it only: nothing is asked of any host. */
export function kindByUrl(text: string): StreamKindName | null {
  if (INFO_HASH.test(text)) return 'torrent';
  const url = URL.parse(text);
  if (url === null) return null;
  if (url.protocol === 'magnet:') return 'torrent';
  if (FTP_SCHEME.test(url.protocol)) return 'ftp';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (YOUTUBE_HOST.test(url.hostname)) return 'youtube';
  if (TELEGRAM_HOST.test(url.hostname)) return 'telegram';
  if (/\.torrent$/i.test(url.pathname)) return 'torrent';
  return isNzbUrl(url) ? 'usenet' : 'http';
}

/** A file of that name (some indexers go on with `&i=…&r=…` there), or Newznab's function that gives one. */
function isNzbUrl({ pathname, searchParams }: URL): boolean {
  if (/\.nzb(\.gz)?(?:$|&)/i.test(pathname)) return true;
  return /\/api\/?$/i.test(pathname) && searchParams.get('t') === 'get' && searchParams.has('id');
}

/** The URL under the name its kind knows it by. */
function fieldsOf(kind: StreamKindName, url: string | undefined): Record<string, unknown> {
  if (url === undefined) return {};
  if (kind === 'torrent' && INFO_HASH.test(url)) return { url: undefined, infoHash: url };
  if (kind === 'usenet') return { url: undefined, nzbUrl: url };
  return { url };
}

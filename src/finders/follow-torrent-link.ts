import type { Net } from '../platform/net.ts';
import type { NetResponse } from '../platform/net-request.ts';
import { FinderFailed } from './finder-failed.ts';

/** As the torrent kind: a `.torrent` of more is none. */
const MAX_TORRENT_BYTES = 10 * 1024 * 1024;
const MAX_HOPS = 5;
const MAX_MAGNET_CHARS = 32_768;

export type LinkedTorrent = { magnet: string } | { torrent: Uint8Array };

/**
 * What a proxy's torrent link leads to: a `.torrent`, or by a redirect a `magnet:`, which no HTTP client follows. Each hop goes through
 * the guarded dialer. Throws FinderFailed, or AppError `net.refused`.
 */
export async function followTorrentLink(
  net: Pick<Net, 'request'>,
  link: string,
  signal: AbortSignal,
): Promise<LinkedTorrent> {
  let url = new URL(link);
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const response = await net.request(url, {
      headers: { 'accept-encoding': 'identity' },
      signal,
      maxRedirections: 0,
    });
    response.body.on('error', () => {});
    try {
      const next = redirectOf(response);
      if (next === null) return await fileOf(response);
      if (/^magnet:\?/i.test(next) && next.length <= MAX_MAGNET_CHARS) return { magnet: next };
      url = nextOf(next, url);
    } finally {
      response.body.destroy();
    }
  }
  throw new FinderFailed('broken', 'The link to a torrent redirects in circles.');
}

function redirectOf({ status, headers }: NetResponse): string | null {
  if (status < 300 || status > 399 || typeof headers.location !== 'string') return null;
  return headers.location.trim();
}

function nextOf(location: string, from: URL): URL {
  const url = URL.parse(location, from.href);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new FinderFailed('broken', 'The link to a torrent leads nowhere.');
  return url;
}

async function fileOf({ status, headers, body }: NetResponse): Promise<LinkedTorrent> {
  if (status === 429) throw new FinderFailed('limit', 'It gives no more torrents just now (status 429).');
  if (status !== 200) throw new FinderFailed('broken', `It does not give the torrent (status ${status}).`);
  if (Number(headers['content-length']) > MAX_TORRENT_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_TORRENT_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const file = Buffer.concat(chunks);
  // A bencoded dictionary begins with a `d`; what else comes is a page that asks to sign in.
  if (file[0] !== 0x64) throw new FinderFailed('broken', 'It gives something else than a torrent.');
  return { torrent: file };
}

function tooLarge(): FinderFailed {
  return new FinderFailed('broken', 'The .torrent file is larger than 10 MiB.');
}

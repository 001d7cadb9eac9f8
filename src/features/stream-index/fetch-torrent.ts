import type { Net } from '../../platform/net.ts';
import { fetchWhole } from '../../platform/net-body.ts';
import type { StreamSource } from './stream-source.ts';

/** As the torrent kind: a `.torrent` of more is none. */
const MAX_TORRENT_BYTES = 10 * 1024 * 1024;

/** A `.torrent` at a web address becomes its bytes, through the guarded dialer; everything else stays as it is. Throws UpstreamFailed. */
export async function withTorrentFile(
  net: Net,
  source: StreamSource,
  signal: AbortSignal,
): Promise<StreamSource> {
  const { url } = source.fields;
  if (source.kind !== 'torrent' || typeof url !== 'string' || !/^https?:/i.test(url)) return source;
  const torrent = await fetchWhole(net, url, {
    what: 'The .torrent file',
    maxBytes: MAX_TORRENT_BYTES,
    signal,
  });
  // A play link has no room for most of them, and comes back to it.
  return { kind: 'torrent', fields: { ...source.fields, url: undefined, torrent, exactSources: [url] } };
}

import { UpstreamFailed } from '../../kit/errors.ts';
import type { Net } from '../../platform/net.ts';
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
  return {
    kind: 'torrent',
    fields: { ...source.fields, url: undefined, torrent: await fetchFile(net, url, signal) },
  };
}

async function fetchFile(net: Net, url: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await net.request(url, { signal });
  // A body cut off below says so by an error event; one that nobody hears would end the process.
  response.body.on('error', () => {});
  try {
    if (response.status !== 200) {
      throw new UpstreamFailed('The .torrent file could not be fetched.', {
        retryable: response.status >= 500,
        status: response.status === 404 ? 404 : 502,
      });
    }
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of response.body) {
      if (!(chunk instanceof Uint8Array)) continue;
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_TORRENT_BYTES)
        throw new UpstreamFailed('The .torrent file is larger than 10 MiB.', { retryable: false });
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    response.body.destroy();
  }
}

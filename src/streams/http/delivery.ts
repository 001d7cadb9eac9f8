import { contentTypeOf } from '../../kit/content-type.ts';
import type { ByteSource, Delivery } from '../kind.ts';
import type { HttpOrigin } from './detail.ts';
import type { Origins } from './open.ts';

/** The source with its `delivery`. What is known to be a manifest is read by `play/` anew each time: no look at the origin before. */
export async function openDelivered(
  origins: Origins,
  detail: HttpOrigin,
  signal: AbortSignal,
): Promise<ByteSource> {
  const { format, url, headers, allowsPrivate = false } = detail;
  const delivery: Delivery = { format, url, headers, ...(allowsPrivate ? { allowsPrivate } : {}) };
  if (format === 'progressive') return Object.assign(await origins.open(detail, signal), { delivery });
  return {
    size: null,
    contentType: contentTypeOf(format === 'hls' ? 'index.m3u8' : 'index.mpd'),
    etag: null,
    lastModified: null,
    delivery,
    async send(range, sink, until) {
      const source = await origins.open(detail, until);
      const end = Math.min(range.end, source.size ?? range.end);
      await source.send({ start: range.start, end }, sink, until);
    },
    close: async () => {},
  };
}

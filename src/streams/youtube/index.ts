import { z } from 'zod';
import { BadInput } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import type { StreamKind } from '../kind.ts';
import { NOTHING_INSIDE, streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { offeredYoutube, saveYoutubeRow, streamOfVideo } from './queries.ts';

const VIDEO_ID = /^[A-Za-z0-9_-]{11}$/;
const HOSTS = /^((www|m|music|gaming)\.)?youtube(-nocookie)?\.com$/;
/** Paths whose second segment is the id: `/shorts/…`, `/embed/…`. */
const ID_PATHS: ReadonlySet<string> = new Set(['shorts', 'embed', 'live', 'v', 'e', 'watch']);

const YoutubeInput = z.object({
  videoId: z.string().max(2048).optional(),
  url: z.string().max(2048).optional(),
  isLive: z.boolean().default(false),
});
const YoutubeDetail = z.object({ videoId: z.string().regex(VIDEO_ID), isLive: z.boolean() });

/** Videos the client plays from YouTube by itself; nothing of them passes through here. */
export function youtubeKind(): StreamKind {
  return {
    kind: 'youtube',
    parse(input) {
      const { videoId, url, isLive } = parseInput(YoutubeInput, input, 'The video');
      const id = youtubeId(videoId ?? url ?? '');
      if (id === null)
        throw new BadInput('request.invalid', 'The video needs a YouTube id or link.', [
          { path: videoId === undefined ? 'url' : 'videoId', message: 'is not a YouTube id or link' },
        ]);
      return { videoId: id, isLive };
    },
    describe: async () => NOTHING_INSIDE,
    resource: (detail) => resourceKey('youtube', YoutubeDetail.parse(detail).videoId),
    find: (db, detail) => streamOfVideo(db, YoutubeDetail.parse(detail).videoId),
    async save(db, streamId, detail) {
      const { videoId, isLive } = YoutubeDetail.parse(detail);
      await saveYoutubeRow(db, streamId, videoId, isLive);
    },
    async targets(db, refs) {
      const rows = await offeredYoutube(db, streamIdsOf(refs));
      return targetsOf(refs, rows, ({ videoId }) => ({ via: 'youtube', videoId }));
    },
  };
}

/** The video id of an id or of any form of YouTube link; null when it is neither. */
export function youtubeId(text: string): string | null {
  const trimmed = text.trim();
  if (VIDEO_ID.test(trimmed)) return trimmed;
  const url = URL.parse(/^https?:/i.test(trimmed) ? trimmed : `https://${trimmed}`);
  const id = url === null ? null : idIn(url);
  return id !== null && VIDEO_ID.test(id) ? id : null;
}

function idIn(url: URL): string | null {
  const [, first = '', second = ''] = url.pathname.split('/');
  if (/^(www\.)?youtu\.be$/.test(url.hostname)) return first;
  if (!HOSTS.test(url.hostname)) return null;
  return url.searchParams.get('v') ?? (ID_PATHS.has(first) ? second : null);
}

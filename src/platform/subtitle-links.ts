import { z } from 'zod';
import type { Crypto } from './crypto.ts';
import type { LinkViewer } from './links.ts';

/** Which subtitle: an embedded track of a stream's file, or a stored one beside it. */
export type SubtitleLink = {
  streamId: number;
  fileIndex: number | null;
  /** Number of the track in the file. */
  track?: number;
  /** Row of `stream_subtitle`. */
  subtitleId?: number;
  /** As of play links: 'public', an install or profile id, 'api'. */
  subject: string;
  /** As of play links; of which title or episode it is then said too. */
  viewer?: LinkViewer;
  title?: { mediaId: number; episodeId: number | null };
  /** Epoch seconds. */
  expiresAt: number;
};

export type SubtitleLinks = {
  /** `…/play/subtitles/<token>.vtt` */
  make(link: SubtitleLink, baseUrl: string): string;
  /** Null: tampered with, or expired. */
  open(token: string): SubtitleLink | null;
};

const Payload = z.object({
  s: z.int().positive(),
  i: z.int().min(0).optional(),
  t: z.int().min(0).optional(),
  p: z.int().positive().optional(),
  u: z.string(),
  v: z.tuple([z.int(), z.int()]).optional(),
  m: z.tuple([z.int(), z.int().nullable()]).optional(),
  x: z.int(),
});

/** Sealed like play links and under a purpose of their own: one never opens as the other. */
export function createSubtitleLinks(crypto: Crypto, nowMs: () => number = Date.now): SubtitleLinks {
  return {
    make({ streamId, fileIndex, track, subtitleId, subject, viewer, title, expiresAt }, baseUrl) {
      const payload: z.input<typeof Payload> = {
        ...{ s: streamId, i: fileIndex ?? undefined, t: track, p: subtitleId, u: subject, x: expiresAt },
        v: viewer && [viewer.installId, viewer.profileId],
        m: title && [title.mediaId, title.episodeId],
      };
      return `${baseUrl.replace(/\/+$/, '')}/play/subtitles/${crypto.sealToken('subtitle', payload)}.vtt`;
    },
    open(token) {
      const parsed = Payload.safeParse(crypto.openToken('subtitle', token));
      if (!parsed.success || parsed.data.x * 1000 <= nowMs()) return null;
      const { s, i, t, p, u, v, m, x } = parsed.data;
      return {
        ...{ streamId: s, fileIndex: i ?? null, subject: u, expiresAt: x },
        ...(t === undefined ? {} : { track: t }),
        ...(p === undefined ? {} : { subtitleId: p }),
        ...(v === undefined ? {} : { viewer: { installId: v[0], profileId: v[1] } }),
        ...(m === undefined ? {} : { title: { mediaId: m[0], episodeId: m[1] } }),
      };
    },
  };
}

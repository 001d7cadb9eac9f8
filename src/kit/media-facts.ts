import { z } from 'zod';

/** One track of a file, as its container says. */
export const MediaTrack = z.object({
  /** Number of the track in the file, counted over all types. */
  index: z.int(),
  type: z.enum(['video', 'audio', 'subtitle']),
  codec: z.string(),
  /** As the file spells it, mostly ISO 639-2; null: not said, or `und`. */
  language: z.string().nullable(),
  title: z.string().nullable(),
  isDefault: z.boolean(),
  isForced: z.boolean(),
  channels: z.int().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  bitDepth: z.int().nullable(),
  isInterlaced: z.boolean(),
  /** `HDR10`, `HLG`, `DV`. */
  hdr: z.array(z.string()),
  /** `High`, `Main 10`, …; a browser takes H.264 of 8 bits only. */
  profile: z.string().nullable(),
});
export type MediaTrack = z.infer<typeof MediaTrack>;

/** What looking into a file tells. JSON-safe: it is stored. */
export const MediaFacts = z.object({
  container: z.string(),
  durationSeconds: z.number().nullable(),
  bitsPerSecond: z.number().nullable(),
  tracks: z.array(MediaTrack),
});
export type MediaFacts = z.infer<typeof MediaFacts>;

/** Subtitles that are text; pictures (PGS, VobSub, DVB) cannot become text. */
const TEXT_SUBTITLES: ReadonlySet<string> = new Set([
  'subrip',
  'srt',
  'ass',
  'ssa',
  'webvtt',
  'mov_text',
  'text',
]);

export function isTextSubtitle({ type, codec }: Pick<MediaTrack, 'type' | 'codec'>): boolean {
  return type === 'subtitle' && TEXT_SUBTITLES.has(codec);
}

/** Every browser with Media Source Extensions plays these as they are. */
export function isBrowserVideo({ codec, bitDepth, profile }: MediaTrack): boolean {
  return codec === 'h264' && (bitDepth ?? 8) === 8 && !/4:(2:2|4:4)/.test(profile ?? '');
}

export function isBrowserAudio({ codec, channels }: MediaTrack): boolean {
  return codec === 'aac' && (channels ?? 2) <= 6;
}

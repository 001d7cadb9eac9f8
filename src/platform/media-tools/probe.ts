import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import { MediaFacts, type MediaTrack } from '../../kit/media-facts.ts';

/** More tracks than any film has; the rest is left out. */
const MAX_TRACKS = 200;
const MAX_TITLE_CHARS = 300;

const NumberText = z.coerce.number().finite().optional().catch(undefined);
const Flag = z.coerce.boolean().catch(false);
const Stream = z.object({
  index: z.int(),
  codec_type: z.string().optional(),
  codec_name: z.string().default('unknown'),
  profile: z.coerce.string().optional(),
  channels: NumberText,
  width: NumberText,
  height: NumberText,
  pix_fmt: z.string().optional(),
  field_order: z.string().optional(),
  bits_per_raw_sample: NumberText,
  color_transfer: z.string().optional(),
  tags: z.record(z.string(), z.string()).default({}),
  disposition: z
    .object({ default: Flag, forced: Flag, attached_pic: Flag })
    .default({ default: false, forced: false, attached_pic: false }),
  side_data_list: z.array(z.object({ side_data_type: z.string().optional() })).default([]),
});
const Probe = z.object({
  format: z.object({ format_name: z.string(), duration: NumberText, bit_rate: NumberText }),
  streams: z.array(Stream).default([]),
});

/** ffprobe's JSON as facts; AppError `media.unreadable` when it is none of a film or a song. */
export function factsOfProbe(json: string): MediaFacts {
  const parsed = Probe.safeParse(parseJson(json));
  const tracks = parsed.success ? parsed.data.streams.slice(0, MAX_TRACKS).flatMap(trackOf) : [];
  if (!parsed.success || tracks.every(({ type }) => type === 'subtitle'))
    throw new AppError('media.unreadable', 'This file cannot be read as a film.', { status: 422 });
  const { format_name, duration, bit_rate } = parsed.data.format;
  return MediaFacts.parse({
    container: containerOf(format_name),
    durationSeconds: duration !== undefined && duration > 0 ? duration : null,
    bitsPerSecond: bit_rate ?? null,
    tracks,
  });
}

function trackOf(stream: z.infer<typeof Stream>): MediaTrack[] {
  const { codec_type: type, disposition, tags } = stream;
  // A cover picture is no film.
  if ((type !== 'video' && type !== 'audio' && type !== 'subtitle') || disposition.attached_pic) return [];
  const language = (tags.language ?? tags.LANGUAGE ?? '').toLowerCase();
  return [
    {
      index: stream.index,
      type,
      codec: stream.codec_name,
      language: /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/.test(language) && language !== 'und' ? language : null,
      title: tags.title?.slice(0, MAX_TITLE_CHARS) ?? null,
      isDefault: disposition.default,
      isForced: disposition.forced,
      channels: whole(stream.channels),
      width: whole(stream.width),
      height: whole(stream.height),
      bitDepth: type === 'video' ? bitDepthOf(stream) : null,
      isInterlaced: /^(tt|bb|tb|bt)$/.test(stream.field_order ?? ''),
      hdr: type === 'video' ? hdrOf(stream) : [],
      profile: stream.profile ?? null,
    },
  ];
}

function bitDepthOf({ pix_fmt = '', bits_per_raw_sample }: z.infer<typeof Stream>): number | null {
  const said = /(?:p|gray|gbrp)(9|10|12|14|16)(?:le|be)$/.exec(pix_fmt)?.[1];
  if (said !== undefined) return Number(said);
  return whole(bits_per_raw_sample) ?? (pix_fmt === '' ? null : 8);
}

/** SMPTE ST 2084 is HDR10's curve, ARIB STD-B67 is HLG; Dolby Vision says itself in a record of its own. */
function hdrOf({ color_transfer, side_data_list }: z.infer<typeof Stream>): string[] {
  const has = (word: RegExp) => side_data_list.some(({ side_data_type = '' }) => word.test(side_data_type));
  return [
    ...(has(/DOVI|Dolby Vision/i) ? ['DV'] : []),
    ...(has(/HDR10\+|2094-40/) ? ['HDR10+'] : color_transfer === 'smpte2084' ? ['HDR10'] : []),
    ...(color_transfer === 'arib-std-b67' ? ['HLG'] : []),
  ];
}

/** `matroska,webm` → `matroska`; the many names of ISO BMFF → `mp4`. */
function containerOf(name: string): string {
  return name.includes('mp4') ? 'mp4' : (name.split(',')[0] ?? name);
}

function whole(value: number | undefined): number | null {
  return value === undefined || value <= 0 ? null : Math.trunc(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { z } from 'zod';
import { canonicalResolution } from '../../kit/release-vocabulary.ts';
import { titleInput } from '../media/index.ts';

const { FileUrl, LanguageCode, listOf, text } = titleInput;

export const STREAM_KINDS = [
  'torrent',
  'http',
  'usenet',
  'ftp',
  'local',
  'youtube',
  'telegram',
  'external',
] as const;
export type StreamKindName = (typeof STREAM_KINDS)[number];

/** Under which licence a stream may be shown; `code` is one of the rows of `licence`. */
export const LicenceInput = z.strictObject({
  code: text(40),
  attribution: text(1000).optional(),
  proofUrl: z
    .string()
    .max(2048)
    .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), 'must be an http(s) URL')
    .optional(),
});
export type LicenceInput = z.infer<typeof LicenceInput>;

const Resolution = z
  .string()
  .max(20)
  .transform((value, context) => {
    const known = canonicalResolution(value);
    if (known !== null) return known;
    context.addIssue({ code: 'custom', message: 'must be a resolution such as 1080p or 4K' });
    return z.NEVER;
  });

/** What any stream may say of itself; the rest of the object is its kind's business and is parsed by the kind. */
export const streamShape = {
  name: text(1000).optional(),
  sizeBytes: z.int().min(0).optional(),
  resolution: Resolution.optional(),
  quality: text(50).optional(),
  codec: text(50).optional(),
  audio: listOf(text(50), 20).optional(),
  channels: listOf(text(20), 20).optional(),
  /** `true` = HDR of a sort nobody named (C7). */
  hdr: z.union([z.boolean(), listOf(text(30), 10)]).optional(),
  group: text(100).optional(),
  edition: text(100).optional(),
  languages: listOf(LanguageCode, 50).optional(),
  subtitleLanguages: listOf(LanguageCode, 100).optional(),
  subtitles: listOf(z.strictObject({ url: FileUrl, language: LanguageCode.optional() }), 200).optional(),
  licence: LicenceInput.optional(),
  files: listOf(
    z.object({ index: z.int().min(0).max(100_000), name: text(4096), sizeBytes: z.int().min(0).optional() }),
    100_000,
  ).optional(),
  trackers: listOf(z.string().max(2048), 1000).optional(),
};

/** A stream as an import file and the API give it: the common fields, and those of its kind beside them. */
export const StreamInput = z.looseObject({ kind: z.enum(STREAM_KINDS), ...streamShape });
export type StreamInput = z.infer<typeof StreamInput>;

/** What a link points a stream at: a title or one of its episodes; the whole stream (`fileIndex` null) or one file. */
export type LinkTarget = {
  mediaId: number;
  episodeId?: number | null | undefined;
  fileIndex?: number | null | undefined;
  isVerified?: boolean | undefined;
  /** 0–1. */
  confidence?: number | undefined;
  linkedBy?: number | undefined;
};

const Licence = z.object({
  code: z.string(),
  name: z.string(),
  url: z.string().nullable(),
  isOpen: z.boolean(),
});

/** What a stream looks and sounds like. */
const facts = {
  resolution: z.string().nullable(),
  quality: z.string().nullable(),
  codec: z.string().nullable(),
  audio: z.array(z.string()),
  channels: z.array(z.string()),
  hdrFormats: z.array(z.string()),
  /** 3D and how it is packed, IMAX, 10bit, Upscaled. */
  visualTags: z.array(z.string()),
  releaseGroup: z.string().nullable(),
  edition: z.string().nullable(),
};

export const PostState = z.object({
  /** Share of its articles that are there, 0–1; before a check, of those its NZB names. */
  completeness: z.number().nullable(),
  /** Epoch ms. */
  postedAt: z.int().nullable(),
  /** By the last check; null: not checked yet. */
  health: z.enum(['complete', 'damaged', 'gone', 'unknown']).nullable(),
  /** Its archives have a password, and nobody told it. */
  needsPassword: z.boolean(),
});
export type PostState = z.infer<typeof PostState>;

/** A stream offered for a title or an episode. JSON-safe, so that it can be kept in a shared cache. */
export const Offer = z.object({
  streamId: z.int(),
  publicId: z.string(),
  kind: z.enum(STREAM_KINDS),
  /** The file of it that is meant; null = the stream as a whole. */
  fileIndex: z.int().nullable(),
  name: z.string(),
  fileName: z.string().nullable(),
  /** Of the file when one is meant. */
  sizeBytes: z.int().nullable(),
  ...facts,
  /** Of a film in parts (`CD2`) the number of this one. */
  partNumber: z.int().nullable(),
  /** Spoken. */
  languages: z.array(z.string()),
  subtitleLanguages: z.array(z.string()),
  subtitles: z.array(
    z.object({
      id: z.int(),
      path: z.string(),
      language: z.string().nullable(),
      /** A file of the stream itself: `path` is its name there. */
      isInside: z.boolean(),
    }),
  ),
  /** Subtitle tracks inside the file, once somebody looked. */
  embedded: z.array(
    z.object({
      index: z.int(),
      codec: z.string(),
      language: z.string().nullable(),
      isForced: z.boolean(),
    }),
  ),
  /** OpenSubtitles' hash of the file. */
  videoHash: z.string().nullable(),
  licenceCode: z.string().nullable(),
  licenceName: z.string().nullable(),
  licenceUrl: z.string().nullable(),
  isOpen: z.boolean(),
  attribution: z.string().nullable(),
  seeders: z.int().nullable(),
  leechers: z.int().nullable(),
  /** Of a Usenet post; null: nothing is known of it. */
  post: PostState.nullable(),
  isVerified: z.boolean(),
  /** 0–10. */
  score: z.number(),
  /** Resolution plus source, 0–60. */
  rank: z.number(),
  /** Other places where the same release lies. */
  alternatives: z.int(),
  /** False: it lies on a file server that nobody reaches now. */
  isReachable: z.boolean(),
  /** Asked for preferences only: name of the source it lies on, and its bit rate, measured or its size over the title's length. */
  source: z.string().nullable().optional(),
  bitsPerSecond: z.number().nullable().optional(),
});
export type Offer = z.infer<typeof Offer>;

export const StreamLink = z.object({
  mediaId: z.uuid(),
  title: z.string(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  fileIndex: z.int().nullable(),
  fileName: z.string().nullable(),
  isVerified: z.boolean(),
  confidence: z.number(),
});

const Timestamp = z.iso.datetime();

/** A stream as the API answers it. */
export const StreamAnswer = z.object({
  streamId: z.uuid(),
  kind: z.enum(STREAM_KINDS),
  name: z.string(),
  sizeBytes: z.int().nullable(),
  ...facts,
  partNumber: z.int().nullable(),
  languages: z.array(z.string()),
  subtitleLanguages: z.array(z.string()),
  /** Elsewhere at `url`, or (null) the file of the stream with this index. */
  subtitles: z.array(
    z.object({
      url: z.string().nullable(),
      language: z.string().nullable(),
      fileIndex: z.int().nullable(),
    }),
  ),
  licence: Licence.nullable(),
  attribution: z.string().nullable(),
  licenceProofUrl: z.string().nullable(),
  state: z.enum(['pending', 'active', 'broken']),
  isActive: z.boolean(),
  isBlocked: z.boolean(),
  isPublic: z.boolean(),
  score: z.number(),
  playbackCount: z.int(),
  lastSeenAt: Timestamp,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  links: z.array(StreamLink),
});
export type StreamAnswer = z.infer<typeof StreamAnswer>;

export const StreamFileAnswer = z.object({
  index: z.int(),
  name: z.string(),
  size: z.int().nullable(),
  type: z.string().nullable(),
});

/** `PATCH /api/streams/:id`. `licence: null` takes the licence away. */
export const StreamPatch = z
  .strictObject({
    isBlocked: z.boolean(),
    isActive: z.boolean(),
    isPublic: z.boolean(),
    state: z.enum(['active', 'broken']),
    licence: LicenceInput.nullable(),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'names nothing to change');
export type StreamPatch = z.infer<typeof StreamPatch>;

import { languageOf } from '../../kit/language.ts';
import { parseReleaseName, READER_VERSION, type ReleaseName } from '../../kit/release-name.ts';
import { canonicalCodec, canonicalQuality } from '../../kit/release-vocabulary.ts';
import type { Described } from '../../streams/kind.ts';
import type { StreamColumns } from './queries/streams.ts';
import type { StreamInput } from './schemas.ts';

/** Says which rows to read again when the reading of names gets better. */
const PARSER = { parsed_by: 'release-name', parser_version: READER_VERSION };
/** What a name tells of a stream, beside its languages. */
const NAMED_COLUMNS = [
  'resolution',
  'quality',
  'codec',
  'audio',
  'channels',
  'hdr_formats',
  'visual_tags',
  'release_group',
  'edition',
  'part_number',
] as const;
const NAMELESS: Record<StreamInput['kind'], string> = {
  torrent: 'Torrent',
  http: 'Web file',
  usenet: 'Usenet post',
  ftp: 'File',
  local: 'File',
  youtube: 'YouTube video',
  telegram: 'Telegram message',
  external: 'External link',
};

export type StreamFacts = {
  name: string;
  /** What the caller said: wins over what is stored. */
  given: StreamColumns;
  /** What the name and the bytes say: fills what nobody said. */
  found: StreamColumns;
  /** Which of what a name tells was said. */
  told: readonly string[];
  languages: readonly string[];
  subtitleLanguages: readonly string[];
};

/** Splits what is known of a stream into what was said and what was read from its name. */
export function factsOf(input: StreamInput, described: Described | null): StreamFacts {
  const name = (input.name ?? described?.name ?? NAMELESS[input.kind]).slice(0, 1000);
  const parsed = parseReleaseName(name);
  const given = givenColumns(input);
  return {
    ...{ name, given, told: [...toldIn(given), ...(input.languages === undefined ? [] : ['languages'])] },
    found: {
      ...columns({ size_bytes: described?.sizeBytes ?? undefined }),
      ...namedColumns(parsed),
      ...PARSER,
    },
    languages: codesOf(input.languages ?? parsed.languages),
    subtitleLanguages: codesOf([
      ...(input.subtitleLanguages ?? parsed.subtitleLanguages),
      ...(input.subtitles ?? []).flatMap(({ language }) => language ?? []),
    ]),
  };
}

/** What a name tells, as it is stored. */
export function namedColumns(parsed: ReleaseName): StreamColumns {
  return columns({
    resolution: parsed.resolution,
    quality: parsed.quality,
    codec: parsed.codec,
    audio: parsed.audio,
    channels: parsed.channels,
    hdr_formats: parsed.hdr,
    visual_tags: visualTags(parsed),
    release_group: parsed.group,
    edition: parsed.edition,
    part_number: parsed.part,
  });
}

/** The words of the picture beside HDR, in the order they are shown. */
function visualTags({ threeD, edition = '', bitDepth, upscaled }: ReleaseName): string[] {
  const packed = threeD === undefined || threeD === '3D' ? [] : [threeD];
  return [
    ...(threeD === undefined ? [] : ['3D', ...packed]),
    ...(edition.includes('IMAX') ? ['IMAX'] : []),
    ...(bitDepth === undefined || bitDepth === '8bit' ? [] : [bitDepth]),
    ...(upscaled ? ['Upscaled'] : []),
  ];
}

/** Those of these columns that a name could tell too. */
export function toldIn(given: StreamColumns): string[] {
  return NAMED_COLUMNS.filter((column) => given[column] !== undefined);
}

function givenColumns(input: StreamInput): StreamColumns {
  return columns({
    name: input.name,
    size_bytes: input.sizeBytes,
    resolution: input.resolution,
    quality: input.quality === undefined ? undefined : (canonicalQuality(input.quality) ?? input.quality),
    codec: input.codec === undefined ? undefined : (canonicalCodec(input.codec) ?? input.codec),
    audio: input.audio,
    channels: input.channels,
    hdr_formats: hdrFormats(input.hdr),
    release_group: input.group,
    edition: input.edition,
    ...(input.licence === undefined ? {} : licenceColumns(input.licence)),
  });
}

/** The three columns of a licence; null takes it away. */
export function licenceColumns(licence: StreamInput['licence'] | null): StreamColumns {
  return {
    licence_code: licence?.code ?? null,
    attribution: licence?.attribution ?? null,
    licence_proof_url: licence?.proofUrl ?? null,
  };
}

/** C7: "HDR, yes" without a word more is the format HDR. */
function hdrFormats(hdr: StreamInput['hdr']): readonly string[] | undefined {
  if (typeof hdr !== 'boolean') return hdr;
  return hdr ? ['HDR'] : [];
}

/** Without the fields nobody spoke of. */
function columns(all: { [Column in keyof StreamColumns]: StreamColumns[Column] | undefined }): StreamColumns {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function codesOf(languages: readonly string[]): string[] {
  return [...new Set(languages.flatMap((language) => languageOf(language)?.code ?? []))];
}

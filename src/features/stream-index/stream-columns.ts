import { languageOf } from '../../kit/language.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import { canonicalCodec, canonicalQuality } from '../../kit/release-vocabulary.ts';
import type { Described } from '../../streams/kind.ts';
import type { StreamColumns } from './queries/streams.ts';
import type { StreamInput } from './schemas.ts';

/** Says which rows to read again when the reading of names gets better. */
const PARSER = { parsed_by: 'release-name', parser_version: '2' };
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
  languages: readonly string[];
  subtitleLanguages: readonly string[];
};

/** Splits what is known of a stream into what was said and what was read from its name. */
export function factsOf(input: StreamInput, described: Described | null): StreamFacts {
  const name = (input.name ?? described?.name ?? NAMELESS[input.kind]).slice(0, 1000);
  const parsed = parseReleaseName(name);
  return {
    name,
    given: givenColumns(input),
    found: {
      ...columns({
        size_bytes: described?.sizeBytes ?? undefined,
        resolution: parsed.resolution,
        quality: parsed.quality,
        codec: parsed.codec,
        audio: parsed.audio,
        channels: parsed.channels,
        hdr_formats: parsed.hdr,
        release_group: parsed.group,
        edition: parsed.edition,
        part_number: parsed.part,
      }),
      ...PARSER,
    },
    languages: codesOf(input.languages ?? parsed.languages),
    subtitleLanguages: codesOf([
      ...(input.subtitleLanguages ?? parsed.subtitleLanguages),
      ...(input.subtitles ?? []).flatMap(({ language }) => language ?? []),
    ]),
  };
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

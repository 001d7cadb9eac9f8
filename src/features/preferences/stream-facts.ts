/** What is known of a stream. An offer of the stream index is one. */
export type StreamFacts = {
  kind: string;
  name: string;
  fileName: string | null;
  resolution: string | null;
  quality: string | null;
  codec: string | null;
  hdrFormats: readonly string[];
  visualTags: readonly string[];
  audio: readonly string[];
  channels: readonly string[];
  languages: readonly string[];
  subtitleLanguages: readonly string[];
  /** Of what is played, in bytes. */
  sizeBytes: number | null;
  seeders: number | null;
  score: number;
  isVerified: boolean;
  isReachable: boolean;
  post?:
    | {
        postedAt: number | null;
        health: string | null;
      }
    | null
    | undefined;
  /** Name of the source it lies on. */
  source?: string | null | undefined;
  /** Measured, or its size over the length of its title. */
  bitsPerSecond?: number | null | undefined;
};

const OTHER_HDR: ReadonlySet<string> = new Set(['HDR10+', 'HDR10', 'HDR', 'HLG', 'SDR']);

/** 1080i is as sharp as 1080p. */
export function resolutionOf({ resolution }: Pick<StreamFacts, 'resolution'>): string | null {
  return resolution?.replace(/i$/, 'p') ?? null;
}

export function hdrOf({ hdrFormats }: Pick<StreamFacts, 'hdrFormats'>): readonly string[] {
  const isAlone = hdrFormats.includes('DV') && !hdrFormats.some((format) => OTHER_HDR.has(format));
  return isAlone ? [...hdrFormats, 'DV only'] : hdrFormats;
}

/** The texts words are looked for in: of a pack its own name and that of the file. */
export function namesOf({ name, fileName }: Pick<StreamFacts, 'name' | 'fileName'>): string {
  const file = fileName?.split('/').findLast((part) => part !== '') ?? '';
  return file === '' || name.includes(file) ? name : `${file} ${name}`;
}

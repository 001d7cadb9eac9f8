import * as z from 'zod/mini';
import { ask } from './api.ts';

const Words = z.object({
  vocabulary: z.record(z.string(), z.array(z.string())),
  sortKeys: z.array(z.string()),
  templateFields: z.array(z.object({ name: z.string(), description: z.string() })),
  defaultTemplates: z.object({ name: z.string(), description: z.string() }),
});
/** What can be chosen. */
export type PreferenceWords = z.infer<typeof Words>;

const Preview = z.object({
  shown: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      kind: z.string(),
      sortKeys: z.array(z.object({ key: z.string(), direction: z.string(), value: z.nullable(z.string()) })),
      preferred: z.array(z.string()),
    }),
  ),
  hidden: z.array(z.object({ name: z.string(), kind: z.string(), rule: z.string(), reason: z.string() })),
  hiddenCount: z.number(),
  note: z.nullable(z.string()),
});
export type Preview = z.infer<typeof Preview>;

export type Choice = {
  only?: string[] | undefined;
  exclude?: string[] | undefined;
  prefer?: string[] | undefined;
  unknown?: 'keep' | 'hide' | undefined;
};
export type Range = { min?: number | undefined; max?: number | undefined };
export type SortKey = { key: string; direction?: 'ascending' | 'descending' | undefined };

export const CHOICES = [
  ...(['language', 'subtitles', 'resolution', 'quality', 'hdr', 'codec', 'picture', 'audio'] as const),
  ...(['channels', 'kind', 'source'] as const),
] as const;
export type ChoiceName = (typeof CHOICES)[number];

/** As the server's schema has them: sizes in bytes, bit rates in bits a second. */
export type StreamPreferences = Partial<Record<Exclude<ChoiceName, 'resolution'>, Choice | undefined>> & {
  resolution?: (Choice & { min?: string | undefined; max?: string | undefined }) | undefined;
  keywords?: Omit<Choice, 'unknown'> | undefined;
  patterns?: Omit<Choice, 'unknown'> | undefined;
  size?: { film?: Range | undefined; episode?: Range | undefined; unknown?: Choice['unknown'] } | undefined;
  bitrate?: (Range & { unknown?: Choice['unknown'] }) | undefined;
  seeders?: { min?: number | undefined; unknown?: Choice['unknown'] } | undefined;
  sort?: SortKey[] | undefined;
  caps?:
    | {
        total?: number | undefined;
        perResolution?: number | undefined;
        resolutions?: Record<string, number> | undefined;
      }
    | undefined;
  templates?: { name?: string | undefined; description?: string | undefined } | undefined;
};

export function fetchWords(signal: AbortSignal): Promise<PreferenceWords> {
  return ask(Words, '/api/stream-preferences', { signal });
}

/** How samples of a film look under these; a mistake in them is an `ApiFailure` with its issues. */
export function fetchPreview(preferences: StreamPreferences, signal: AbortSignal): Promise<Preview> {
  const body = { preferences };
  return ask(Preview, '/api/stream-preferences/preview', { signal, method: 'POST', body });
}

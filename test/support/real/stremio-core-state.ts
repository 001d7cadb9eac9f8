import { z } from 'zod';

/** What stremio-core's state says, as far as tests look at it; all else is let through. */
const Manifest = z.looseObject({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  types: z.array(z.string()),
});

export const AddonDescriptor = z.looseObject({
  manifest: Manifest,
  transportUrl: z.string(),
  flags: z.object({ official: z.boolean(), protected: z.boolean() }),
});
export type AddonDescriptor = z.infer<typeof AddonDescriptor>;

export const MetaPreview = z.looseObject({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  poster: z.string().nullable(),
});
export type MetaPreview = z.infer<typeof MetaPreview>;

export const Meta = MetaPreview.extend({
  description: z.string().nullable(),
  videos: z.array(z.looseObject({ id: z.string(), title: z.string() })),
});
export type Meta = z.infer<typeof Meta>;

/** core calls a stream's `title` its description. */
export const Stream = z.looseObject({
  name: z.string().nullish(),
  description: z.string().nullish(),
  url: z.string().optional(),
  // Left out by core when nothing was said.
  behaviorHints: z
    .looseObject({
      filename: z.string().nullish(),
      videoHash: z.string().nullish(),
      videoSize: z.number().nullish(),
    })
    .default({}),
});
export type Stream = z.infer<typeof Stream>;

export const Subtitles = z.looseObject({ id: z.string(), lang: z.string(), url: z.string() });
export type Subtitles = z.infer<typeof Subtitles>;

/** core's `Loadable`. `null`: not asked for. */
function loadable<T extends z.ZodType>(content: T) {
  return z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('Ready'), content }),
      z.object({ type: z.literal('Err'), content: z.unknown() }),
      z.object({ type: z.literal('Loading') }),
    ])
    .nullish();
}

const AddonRef = z.looseObject({ manifest: z.looseObject({ id: z.string() }) });

export const AddonDetailsState = z.object({
  remoteAddon: z.object({ content: loadable(AddonDescriptor) }).nullable(),
});
export const CtxState = z.object({ profile: z.object({ addons: z.array(AddonDescriptor) }) });
export const RowsState = z.object({
  catalogs: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      name: z.string(),
      addon: AddonRef,
      content: loadable(z.array(MetaPreview)),
    }),
  ),
});
export const DiscoverState = z.object({
  selectable: z.object({
    nextPage: z.boolean(),
    extra: z.array(
      z.object({ name: z.string(), options: z.array(z.object({ value: z.string().nullable() })) }),
    ),
  }),
  catalog: z.object({ content: loadable(z.array(MetaPreview)) }).nullable(),
});
export const MetaDetailsState = z.object({
  metaItem: z.object({ content: loadable(Meta), addon: AddonRef }).nullable(),
  streams: z.array(z.object({ content: loadable(z.array(Stream)), addon: AddonRef })),
});
export const PlayerState = z.object({ subtitles: z.array(Subtitles) });

type Loadable<T> =
  | { type: 'Ready'; content: T }
  | { type: 'Err'; content: unknown }
  | { type: 'Loading' }
  | null
  | undefined;

/** What is there, or why not: core's own words. An empty list is an error to core ("EmptyContent") and none to us. */
export function outcomeOf<T>(content: Loadable<T>): { ready: T | undefined; error: string | null } {
  if (content === null || content === undefined) return { ready: undefined, error: null };
  if (content.type === 'Ready') return { ready: content.content, error: null };
  if (content.type === 'Loading') return { ready: undefined, error: 'still loading' };
  const error = typeof content.content === 'string' ? content.content : JSON.stringify(content.content);
  return { ready: undefined, error: error.includes('EmptyContent') ? null : error };
}

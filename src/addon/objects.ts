import { z } from 'zod';

/**
 * The objects of the Stremio protocol, as strict as stremio-core 0.62 (the linter of the SDK passes what core
 * drops in silence): absolute URLs, semver without "v", ISO dates, real booleans and integers.
 */
const Url = z.string().refine((value) => URL.canParse(value), 'is not an absolute URL');
const Integer = z.int().min(0);
const IsoDate = z.iso.datetime({ offset: true });
const Name = z.string().min(1);

/** `category` is free text; `imdb`, `Genres`, `Cast`, `Directors`, `Writers` have a meaning in Stremio. */
export const MetaLink = z.strictObject({ name: Name, category: Name, url: Url });
export type MetaLink = z.infer<typeof MetaLink>;

const checkedLinks = new WeakSet<object>();

/** A link that many objects share: checked here once, and frozen, it is not checked again in each of them. */
export function checkedLink(link: MetaLink): MetaLink {
  const frozen = Object.freeze(link);
  if (MetaLink.safeParse(frozen).success) checkedLinks.add(frozen);
  return frozen;
}

/** Whether it is a good link of `checkedLink`. */
export function isChecked(link: unknown): boolean {
  return typeof link === 'object' && link !== null && checkedLinks.has(link);
}

const isLink = (link: unknown) => isChecked(link) || MetaLink.safeParse(link).success;
const MetaLinks = z.custom<MetaLink[]>((links) => Array.isArray(links) && links.every(isLink));

const BehaviorHints = z.strictObject({
  defaultVideoId: z.string().optional(),
  hasScheduledVideos: z.boolean().optional(),
});

export const MetaPreview = z.strictObject({
  id: Name,
  type: Name,
  name: Name,
  poster: Url.optional(),
  posterShape: z.enum(['poster', 'square', 'landscape']).optional(),
  background: Url.optional(),
  logo: Url.optional(),
  description: z.string().optional(),
  releaseInfo: z.string().optional(),
  released: IsoDate.optional(),
  runtime: z.string().optional(),
  links: MetaLinks.optional(),
});
export type MetaPreview = z.infer<typeof MetaPreview>;

export const Subtitle = z.strictObject({ id: Name, url: Url, lang: z.string().min(2) });
export type Subtitle = z.infer<typeof Subtitle>;

const STREAM_SOURCES = ['url', 'infoHash', 'ytId', 'externalUrl'] as const;

export const Stream = z
  .strictObject({
    url: Url.optional(),
    infoHash: z
      .string()
      .regex(/^[0-9a-f]{40}$/)
      .optional(),
    fileIdx: Integer.max(65_535).optional(),
    sources: z.array(z.string()).optional(),
    ytId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{11}$/)
      .optional(),
    externalUrl: Url.optional(),
    name: z.string(),
    description: z.string(),
    subtitles: z.array(Subtitle).optional(),
    behaviorHints: z
      .strictObject({
        filename: z.string().optional(),
        videoSize: Integer.optional(),
        videoHash: z.string().optional(),
        bingeGroup: z.string().optional(),
        notWebReady: z.boolean().optional(),
      })
      .optional(),
  })
  .refine((stream) => STREAM_SOURCES.filter((source) => stream[source] !== undefined).length === 1, {
    message: 'needs exactly one of url, infoHash, ytId, externalUrl',
  });
export type Stream = z.infer<typeof Stream>;

export const Video = z
  .strictObject({
    id: Name,
    title: z.string(),
    /** Left out when unknown: a made-up date marks an episode as aired. */
    released: IsoDate.optional(),
    season: Integer.optional(),
    episode: Integer.optional(),
    overview: z.string().optional(),
    thumbnail: Url.optional(),
  })
  .refine((video) => (video.season === undefined) === (video.episode === undefined), {
    message: 'needs season and episode both or neither',
  });
export type Video = z.infer<typeof Video>;

export const Meta = z.strictObject({
  ...MetaPreview.shape,
  country: z.string().optional(),
  language: z.string().optional(),
  website: Url.optional(),
  trailerStreams: z
    .array(z.strictObject({ ytId: z.string().regex(/^[A-Za-z0-9_-]{11}$/), title: z.string() }))
    .optional(),
  videos: z.array(Video).optional(),
  behaviorHints: BehaviorHints.optional(),
});
export type Meta = z.infer<typeof Meta>;

const Extra = z.strictObject({
  name: Name,
  isRequired: z.boolean().optional(),
  options: z.array(z.string()).optional(),
  optionsLimit: Integer.optional(),
});

export const Manifest = z.strictObject({
  id: Name,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'is not a semantic version without "v"'),
  name: Name,
  description: Name,
  logo: Url.optional(),
  background: Url.optional(),
  types: z.array(Name).min(1),
  resources: z.array(
    z.union([
      Name,
      z.strictObject({ name: Name, types: z.array(Name), idPrefixes: z.array(Name).min(1).optional() }),
    ]),
  ),
  idPrefixes: z.array(Name).min(1),
  catalogs: z.array(z.strictObject({ type: Name, id: Name, name: Name, extra: z.array(Extra) })),
  behaviorHints: z.strictObject({ configurable: z.boolean(), configurationRequired: z.boolean() }),
});
export type Manifest = z.infer<typeof Manifest>;

/** Called for every object that failed and was left out. */
export type OnDropped = (resource: string, reason: string) => void;

/** Fields a title or an episode can do without: a bad picture must not cost the film. */
export const ORNAMENTS: ReadonlySet<string> = new Set([
  'poster',
  'background',
  'logo',
  'thumbnail',
  'released',
  'links',
  'trailerStreams',
]);

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Keeps the objects a client would accept and reports the others: one bad item must never cost the whole answer. An
 * object that is bad only in fields of `ornaments` is kept without these, and each of them is reported.
 */
export function keepValid<T extends z.ZodType>(
  schema: T,
  items: readonly unknown[],
  resource: string,
  onDropped: OnDropped,
  ornaments: ReadonlySet<string> = NOTHING,
): z.infer<T>[] {
  // All at once takes half the time of one by one, and almost always all are good.
  const whole = listOf(schema).safeParse(items);
  if (whole.success) return whole.data;
  return items.flatMap((item) => {
    const parsed = schema.safeParse(item);
    if (parsed.success) return [parsed.data];
    const bad = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
    const mended = [...bad].every((field) => ornaments.has(field))
      ? schema.safeParse(without(item, bad))
      : parsed;
    for (const reason of mended.success ? bad : [reasonOf(parsed.error)]) onDropped(resource, reason);
    return mended.success ? [mended.data] : [];
  });
}

const lists = new WeakMap<z.ZodType, z.ZodArray>();

function listOf<T extends z.ZodType>(schema: T): z.ZodType<z.infer<T>[]> {
  const known = lists.get(schema) ?? z.array(schema);
  lists.set(schema, known);
  return known as z.ZodArray<T>;
}

function without(item: unknown, keys: ReadonlySet<string>): unknown {
  return typeof item === 'object' && item !== null
    ? Object.fromEntries(Object.entries(item).filter(([key]) => !keys.has(key)))
    : item;
}

/** The first field at fault, as a short label (no value): it is a metric's label, so the set must stay small. */
function reasonOf(error: z.ZodError): string {
  const path = error.issues[0]?.path.filter((part) => typeof part === 'string').join('.') ?? '';
  return path === '' ? 'shape' : path.slice(0, 40);
}

import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import AddonBuilder from 'stremio-addon-sdk/src/builder.js';
import { z } from 'zod';
import type { Visibility } from '../catalogs/catalog.ts';
import { NotFound } from '../kit/errors.ts';
import { boardFor, type CatalogDeps, catalogAnswer } from './catalog.ts';
import type { AddonContext } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { buildManifest, type ManifestParts } from './manifest.ts';
import { type MetaDeps, metaAnswer } from './meta.ts';
import type { Manifest } from './objects.ts';
import { streamsFor } from './profile-streams.ts';
import type { StreamDeps } from './stream.ts';
import { type SubtitlesDeps, subtitlesAnswer } from './subtitles.ts';

/** The fixed part of the manifest, as `addon-manifest.json` holds it. */
export const FixedManifest = z.strictObject({
  id: z.string(),
  version: z.string(),
  name: z.string(),
  description: z.string(),
  resources: z.array(z.string()),
  behaviorHints: z.strictObject({ configurable: z.boolean(), configurationRequired: z.boolean() }),
});

export type AddonDeps = CatalogDeps &
  MetaDeps &
  StreamDeps &
  SubtitlesDeps & {
    fixed: z.infer<typeof FixedManifest>;
    /** Names of the genres such a viewer finds titles of, most used first. */
    genres(visibility: Visibility): Promise<readonly string[]>;
    /** The name the owner gave the add-on, and how often settings changed. */
    manifestSettings(): Pick<ManifestParts, 'name' | 'revision'>;
  };

/** The answer's fields, or with `json` its whole text (a `JsonText`) beside its freshness. */
const Answer = z.record(z.string(), z.unknown());
type Answer = z.infer<typeof Answer>;
export type Addon = {
  current(context: AddonContext): Promise<{ manifest: Manifest }>;
  /** Of what its settings make of the manifest. */
  digestOf(context: AddonContext): string;
  /** The answer of one resource; throws NotFound for what this add-on does not have. */
  answer(request: AddonRequest, context: AddonContext): Promise<Answer>;
};

type Built = {
  key: string;
  manifest: Manifest;
  get(request: AddonRequest, context: AddonContext): Promise<Answer>;
};
type Ask = { request: AddonRequest; context: AddonContext };

/**
 * The add-on: the SDK's `addonBuilder` holds manifest and handlers. Built anew only when what the manifest says
 * has changed (a genre, a list, the name, the address it is asked under).
 */
export function createAddon(deps: AddonDeps): Addon {
  // Of each install its own, and the public one.
  const built = new LRUCache<string, Built>({ max: 200 });
  let latest: Built | null = null;
  return { current, answer, digestOf };

  async function current(context: AddonContext): Promise<Built> {
    const { visibility, watching } = context;
    const [catalogs, genres] = await Promise.all([
      boardFor(deps, context),
      visibility === 'off' ? [] : deps.genres(visibility),
    ]);
    const name = nameOf(context);
    const revision = deps.manifestSettings().revision + (watching?.revision ?? 0);
    const key = JSON.stringify([
      context.baseUrl,
      name,
      revision,
      genres,
      catalogs.map(({ catalog, kinds, choices }) => [
        catalog.id,
        catalog.name,
        kinds.map((kind) => [kind, choices(kind)]),
      ]),
    ]);
    const known = built.get(key);
    latest =
      known ?? build(key, { fixed: deps.fixed, name, revision, baseUrl: context.baseUrl, catalogs, genres });
    if (known === undefined) built.set(key, latest);
    return latest;
  }

  async function answer(request: AddonRequest, context: AddonContext): Promise<Answer> {
    // The handlers are the same whatever the manifest says: no need to ask which genres there are now.
    const { get } = latest ?? (await current(context));
    return get(request, { ...context, holdsOldManifest: holdsOldManifest(context) });
  }

  /** Whether the player of an install shows by a manifest of other settings than the present ones. */
  function holdsOldManifest(context: AddonContext): boolean {
    const seen = context.watching?.seenManifest ?? null;
    return seen !== null && seen !== digestOf(context);
  }

  function nameOf({ watching }: AddonContext): string {
    const { name } = deps.manifestSettings();
    return watching === null ? name : `${name} · ${watching.name}`;
  }

  /**
   * Of what somebody decided about the manifest. Which catalogues and genres there are changes with every film that comes, and is not
   * worth installing it again.
   */
  function digestOf(context: AddonContext): string {
    const decided = [nameOf(context), context.watching?.viewer.mode ?? null];
    return hash('sha256', JSON.stringify(decided), 'base64url');
  }

  function build(key: string, parts: ManifestParts): Built {
    const manifest = buildManifest(parts);
    // The builder freezes what it is given, so it gets its own copy.
    const builder = new AddonBuilder(structuredClone(manifest));
    const asks = new Map<string, (ask: Ask) => Promise<Answer>>([
      ['catalog', ({ request, context }) => catalogAnswer(deps, request, context)],
      ['meta', ({ request, context }) => metaAnswer(deps, request, context)],
      ['stream', ({ request, context }) => streamsFor(deps, request, context)],
      ['subtitles', ({ request, context }) => subtitlesAnswer(deps, request, context)],
    ]);
    for (const [resource, handle] of asks) {
      builder.defineResourceHandler(resource, ({ config }) =>
        isAsk(config) ? handle(config) : Promise.reject(new TypeError('no request')),
      );
    }
    const addon = builder.getInterface();
    return {
      key,
      manifest,
      async get(request, context) {
        if (!asks.has(request.resource))
          throw new NotFound('addon.not_found', 'This add-on has no such resource.');
        const ask: Ask = { request, context };
        const result = await addon.get(
          request.resource,
          request.type,
          request.id,
          Object.fromEntries(request.extra),
          ask,
        );
        return Answer.parse(result);
      },
    };
  }
}

/** The request travels through the SDK's interface as its `config`. */
function isAsk(value: unknown): value is Ask {
  return typeof value === 'object' && value !== null && 'request' in value && 'context' in value;
}

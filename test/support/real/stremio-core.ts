import { z } from 'zod';
import * as actions from './stremio-core-actions.ts';
import { type CoreChild, type CoreEvent, type CoreRequest, startCoreChild } from './stremio-core-process.ts';
import * as state from './stremio-core-state.ts';

type CatalogRow = {
  id: string;
  type: string;
  name: string;
  /** The first ones: core keeps as many as a row shows. */
  items: state.MetaPreview[];
  error: string | null;
};

type CatalogPages = {
  /** All pages so far. */
  items: state.MetaPreview[];
  hasNextPage: boolean;
  /** The choices on offer: `{ genre: ['Animation', …] }`. */
  extra: Readonly<Record<string, readonly string[]>>;
};

type Details = { meta: state.Meta; streams: state.Stream[] };

export type StremioCore = {
  /** As when a person types the URL and presses Install. Throws core's words when it refuses. */
  installAddon(manifestUrl: string): Promise<state.AddonDescriptor>;
  /** Installed through here; Stremio's own add-ons are left out. */
  addons(): Promise<state.AddonDescriptor[]>;
  board(): Promise<CatalogRow[]>;
  search(query: string): Promise<CatalogRow[]>;
  /** The first page of one catalogue of the add-on installed last. */
  discover(type: string, catalogId: string, extra?: actions.Extra): Promise<CatalogPages>;
  nextPage(): Promise<CatalogPages>;
  /** Throws when no add-on has the title. Without `videoId` core guesses whose streams are meant, as it does for films. */
  metaDetails(type: string, id: string, videoId?: string): Promise<Details>;
  /** Starts the player with a stream of `metaDetails` and tells it the file's hash, size and name (default: the stream's hints). */
  playerSubtitles(
    video: { type: string; id: string; videoId?: string; stream: state.Stream },
    videoParams?: actions.VideoParams,
  ): Promise<state.Subtitles[]>;
  /** Everything core asked the network for, what was refused included. */
  requests(): readonly CoreRequest[];
  events(): readonly CoreEvent[];
};

/** Lends the real stremio-core in a process of its own; killed when `use` is done, and past `timeoutMs` (default 60 s) in any case. */
export async function withStremioCore<T>(
  use: (core: StremioCore) => Promise<T>,
  options: { timeoutMs?: number } = {},
): Promise<T> {
  await using child = await startCoreChild(options.timeoutMs ?? 60_000);
  return await use(driverOf(child));
}

function driverOf(child: CoreChild): StremioCore {
  const ourIds = new Set<string>();
  let base = '';

  return {
    installAddon,
    addons,
    board: () => rows('board', {}),
    search: (query) => rows('search', { search: query }),
    discover: (type, id, extra) =>
      pages(actions.loadCatalog(base, actions.pathOf('catalog', type, id, extra))),
    nextPage: () => pages(actions.loadNextPage()),
    metaDetails,
    playerSubtitles,
    requests: child.requests,
    events: child.events,
  };

  async function installAddon(manifestUrl: string): Promise<state.AddonDescriptor> {
    const details = state.AddonDetailsState.parse(
      await child.ask(actions.loadAddon(manifestUrl), 'addon_details'),
    );
    const { ready, error } = state.outcomeOf(details.remoteAddon?.content);
    if (ready === undefined) throw new Error(`core cannot read the manifest: ${error ?? 'nothing there'}`);
    const ctx = state.CtxState.parse(await child.ask(actions.installAddon(ready), 'ctx'));
    const installed = ctx.profile.addons.find(({ transportUrl }) => transportUrl === manifestUrl);
    if (installed === undefined) throw new Error(`core refuses to install: ${lastErrorOf(child.events())}`);
    ourIds.add(installed.manifest.id);
    base = manifestUrl;
    return installed;
  }

  async function addons(): Promise<state.AddonDescriptor[]> {
    const ctx = state.CtxState.parse(await child.ask([], 'ctx'));
    return ctx.profile.addons.filter(({ manifest }) => ourIds.has(manifest.id));
  }

  async function rows(model: 'board' | 'search', extra: actions.Extra): Promise<CatalogRow[]> {
    const { catalogs } = state.RowsState.parse(await child.ask(actions.loadRows(model, extra), model));
    return catalogs
      .filter(({ addon }) => ourIds.has(addon.manifest.id))
      .map(({ id, type, name, content }) => {
        const { ready, error } = state.outcomeOf(content);
        return { id, type, name, items: ready ?? [], error };
      });
  }

  async function pages(dispatches: actions.Dispatch[]): Promise<CatalogPages> {
    const { catalog, selectable } = state.DiscoverState.parse(await child.ask(dispatches, 'discover'));
    const { ready, error } = state.outcomeOf(catalog?.content);
    if (error !== null) throw new Error(`core has no catalogue: ${error}`);
    const extra = Object.fromEntries(
      selectable.extra.map(({ name, options }) => [name, options.flatMap(({ value }) => value ?? [])]),
    );
    return { items: ready ?? [], hasNextPage: selectable.nextPage, extra };
  }

  async function metaDetails(type: string, id: string, videoId?: string): Promise<Details> {
    const streamPath = videoId === undefined ? null : actions.pathOf('stream', type, videoId);
    const dispatches = actions.loadMeta(actions.pathOf('meta', type, id), streamPath);
    const details = state.MetaDetailsState.parse(await child.ask(dispatches, 'meta_details'));
    const meta = state.outcomeOf(details.metaItem?.content);
    if (meta.ready === undefined) throw new Error(`core has no meta: ${meta.error ?? 'nobody offers it'}`);
    const groups = details.streams
      .filter(({ addon }) => ourIds.has(addon.manifest.id))
      .map(({ content }) => state.outcomeOf(content));
    const failed = groups.find(({ error }) => error !== null);
    if (failed !== undefined) throw new Error(`core has no streams: ${failed.error}`);
    return { meta: meta.ready, streams: groups.flatMap(({ ready }) => ready ?? []) };
  }

  async function playerSubtitles(
    video: { type: string; id: string; videoId?: string; stream: state.Stream },
    videoParams?: actions.VideoParams,
  ): Promise<state.Subtitles[]> {
    const { stream, type, id, videoId = id } = video;
    const { videoHash, videoSize, filename } = stream.behaviorHints;
    const hints = { hash: videoHash ?? null, size: videoSize ?? null, filename: filename ?? null };
    const dispatches = [
      ...actions.play(base, stream, type, { id, videoId }),
      ...actions.tellVideo(videoParams ?? hints),
    ];
    return state.PlayerState.parse(await child.ask(dispatches, 'player')).subtitles;
  }
}

const ErrorEvent = z.object({
  event: z.literal('Error'),
  args: z.object({ error: z.object({ message: z.string() }) }),
});

function lastErrorOf(events: readonly CoreEvent[]): string {
  const messages = events.flatMap(({ args }) => ErrorEvent.safeParse(args).data?.args.error.message ?? []);
  return messages.at(-1) ?? 'no reason given';
}

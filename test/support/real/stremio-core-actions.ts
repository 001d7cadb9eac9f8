/** The messages stremio-core takes (its `Action` and `Model` names), as Stremio Web sends them. */
export type Dispatch = { action: unknown; model: string | null };

export type ResourcePath = {
  resource: string;
  type: string;
  id: string;
  extra: readonly (readonly [string, string])[];
};

export type Extra = Readonly<Record<string, string>>;

/** The board and the search show catalogues only for ranges asked for: without LoadRange nothing is requested. */
const ALL_ROWS = { start: 0, end: 100 };

export function pathOf(resource: string, type: string, id: string, extra: Extra = {}): ResourcePath {
  return { resource, type, id, extra: Object.entries(extra) };
}

export function loadAddon(transportUrl: string): Dispatch[] {
  return [load('addon_details', 'AddonDetails', { transportUrl })];
}

export function installAddon(descriptor: unknown): Dispatch[] {
  return [{ model: null, action: { action: 'Ctx', args: { action: 'InstallAddon', args: descriptor } } }];
}

export function loadRows(model: 'board' | 'search', extra: Extra): Dispatch[] {
  return [
    load(model, 'CatalogsWithExtra', { type: null, extra: Object.entries(extra) }),
    { model, action: { action: 'CatalogsWithExtra', args: { action: 'LoadRange', args: ALL_ROWS } } },
  ];
}

export function loadCatalog(base: string, path: ResourcePath): Dispatch[] {
  return [load('discover', 'CatalogWithFilters', { request: { base, path } })];
}

export function loadNextPage(): Dispatch[] {
  return [{ model: 'discover', action: { action: 'CatalogWithFilters', args: { action: 'LoadNextPage' } } }];
}

/** `guessStream`: with one video only, or none listed, core finds out itself whose streams to ask for. */
export function loadMeta(metaPath: ResourcePath, streamPath: ResourcePath | null): Dispatch[] {
  return [load('meta_details', 'MetaDetails', { metaPath, streamPath, guessStream: true })];
}

export type VideoParams = { hash: string | null; size: number | null; filename: string | null };

export function play(
  base: string,
  stream: unknown,
  type: string,
  ids: { id: string; videoId: string },
): Dispatch[] {
  return [
    load('player', 'Player', {
      stream,
      streamRequest: { base, path: pathOf('stream', type, ids.videoId) },
      metaRequest: { base, path: pathOf('meta', type, ids.id) },
      subtitlesPath: pathOf('subtitles', type, ids.videoId),
    }),
  ];
}

/** What a player tells once it knows the file; only then are subtitles asked for. */
export function tellVideo(videoParams: VideoParams): Dispatch[] {
  const args = { action: 'VideoParamsChanged', args: { videoParams } };
  return [{ model: 'player', action: { action: 'Player', args } }];
}

function load(field: string, model: string, args: unknown): Dispatch {
  return { model: field, action: { action: 'Load', args: { model, args } } };
}

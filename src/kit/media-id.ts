import { UUID } from './uuid.ts';
export type MediaId = {
  provider: 'imdb' | 'tmdb' | 'tvdb' | 'kitsu' | 'mal' | 'anilist' | 'tributary';
  /** The id at that provider: `tt0063350`, `603`, a UUID in lower case. */
  value: string;
  /** TMDB and TVDB number films and series apart: 550 may be both. Absent = not said. */
  namespace?: 'movie' | 'tv';
  /** Absent for anime providers, which number episodes without seasons. */
  season?: number;
  episode?: number;
};

const MAX_LENGTH = 128;

/** One entry per prefix: what the id part must look like, and which provider that is. */
const PREFIXES = new Map<string, { provider: MediaId['provider']; value: RegExp; hasNamespace?: true }>([
  ['tmdb', { provider: 'tmdb', value: /^[1-9]\d{0,8}$/, hasNamespace: true }],
  ['tvdb', { provider: 'tvdb', value: /^[1-9]\d{0,8}$/, hasNamespace: true }],
  ['kitsu', { provider: 'kitsu', value: /^[1-9]\d{0,8}$/ }],
  ['mal', { provider: 'mal', value: /^[1-9]\d{0,8}$/ }],
  ['anilist', { provider: 'anilist', value: /^[1-9]\d{0,8}$/ }],
  ['trib', { provider: 'tributary', value: UUID }],
  // Kept so that ids of installs that came from an older catalogue go on working.
  ['mf', { provider: 'tributary', value: UUID }],
]);

const NAMESPACES = new Map<string, 'movie' | 'tv'>([
  ['movie', 'movie'],
  ['tv', 'tv'],
  ['series', 'tv'],
]);

const ANIME: ReadonlySet<MediaId['provider']> = new Set(['kitsu', 'mal', 'anilist']);

/**
 * Parses a Stremio meta or video id: `tt0903747:1:2`, `tmdb:movie:603`, `kitsu:1:5` (episode only),
 * `trib:<uuid>:1:2`. Anything else is null, never an error.
 */
export function parseMediaId(id: string): MediaId | null {
  if (id.length > MAX_LENGTH) return null;
  const parts = id.split(':');
  const first = parts.shift() ?? '';
  if (/^tt\d{1,12}$/.test(first)) return withEpisode({ provider: 'imdb', value: first }, parts);
  const prefix = PREFIXES.get(first);
  if (prefix === undefined) return null;
  const namespace = prefix.hasNamespace && NAMESPACES.get(parts[0] ?? '');
  if (namespace) parts.shift();
  const value = parts.shift() ?? '';
  if (!prefix.value.test(value)) return null;
  const { provider } = prefix;
  const media = { provider, value: value.toLowerCase(), ...(namespace && { namespace }) };
  return withEpisode(media, parts);
}

/** The canonical spelling; `parseMediaId` reads it back to the same value. */
export function printMediaId(id: MediaId): string {
  const head = id.provider === 'imdb' ? [] : [id.provider === 'tributary' ? 'trib' : id.provider];
  const tail = [id.season, id.episode].filter((part) => part !== undefined);
  return [...head, ...(id.namespace ? [id.namespace] : []), id.value, ...tail].join(':');
}

/** Season and episode come together; an anime provider may give the episode alone. */
function withEpisode(media: MediaId, parts: readonly string[]): MediaId | null {
  if (parts.length === 0) return media;
  if (parts.length > 2 || !parts.every((part) => /^\d{1,5}$/.test(part))) return null;
  const [first, second] = parts.map(Number);
  if (second !== undefined && first !== undefined) return { ...media, season: first, episode: second };
  if (first === undefined || !ANIME.has(media.provider)) return null;
  return { ...media, episode: first };
}

import type { MediaKind } from '../catalogs/catalog.ts';
import type { OnBoard } from '../catalogs/registry.ts';
import { Manifest } from './objects.ts';
import { STREMIO_TYPES, stremioType } from './stremio-type.ts';

/** Stremio's account sync and the SDK refuse more. */
const MAX_MANIFEST_BYTES = 8192;
/** Every id that kit/media-id reads, so that our streams also show on the pages of catalogues that go by other ids. */
export const ID_PREFIXES = ['tt', 'tmdb:', 'tvdb:', 'kitsu:', 'mal:', 'anilist:', 'trib:', 'mf:'];

/** Years, languages, countries. */
const MAX_CHOICES = 40;
/** Of options below this share nothing is left to read. */
const SMALLEST_SHARE = 0.02;

export type ManifestParts = {
  /** The fixed part: `addon-manifest.json`. */
  fixed: {
    id: string;
    version: string;
    name: string;
    description: string;
    resources: readonly string[];
    behaviorHints: unknown;
  };
  name: string;
  /** Counts the changes of what the manifest says: clients refresh on a new version only. */
  revision: number;
  baseUrl: string;
  catalogs: readonly OnBoard[];
  /** Most used first; the last ones go when the manifest would be too large. */
  genres: readonly string[];
};

/** The manifest, within 8,192 bytes: the rarest genres and choices give way first, then system lists, never a fixed catalogue. */
export function buildManifest(parts: ManifestParts): Manifest {
  for (let share = 1; ; share = share < SMALLEST_SHARE ? 0 : share * 0.8) {
    const manifest = assemble(parts, share, parts.catalogs);
    if (sizeOf(manifest) <= MAX_MANIFEST_BYTES) return manifest;
    if (share === 0) return withFewerLists(parts);
  }
}

function withFewerLists(parts: ManifestParts): Manifest {
  const catalogs = [...parts.catalogs];
  for (;;) {
    const manifest = assemble(parts, 0, catalogs);
    const lastList = catalogs.findLastIndex(({ catalog }) => catalog.id.startsWith('list-'));
    if (sizeOf(manifest) <= MAX_MANIFEST_BYTES || lastList === -1) return manifest;
    catalogs.splice(lastList, 1);
  }
}

/** With this share of the options of each catalogue. */
function assemble(parts: ManifestParts, share: number, catalogs: readonly OnBoard[]): Manifest {
  const [major, minor] = parts.fixed.version.split('.');
  return Manifest.parse({
    id: parts.fixed.id,
    version: `${major}.${minor}.${parts.revision}`,
    name: parts.name,
    description: parts.fixed.description,
    logo: `${parts.baseUrl}/logo.png`,
    background: `${parts.baseUrl}/background.jpg`,
    types: STREMIO_TYPES,
    resources: parts.fixed.resources,
    idPrefixes: ID_PREFIXES,
    catalogs: catalogs.flatMap((entry) => entriesOf(entry, parts.genres, share)),
    behaviorHints: parts.fixed.behaviorHints,
  });
}

function entriesOf(onBoard: OnBoard, genres: readonly string[], share: number): Manifest['catalogs'] {
  const { catalog, kinds } = onBoard;
  return kinds.flatMap((kind) => {
    const options = optionsOf(onBoard, kind, genres, share);
    const isRequired = catalog.shelving?.choice === 'required';
    // Nothing can be asked of a catalogue whose every choice gave way.
    if (isRequired && options.length === 0) return [];
    const extra = [
      ...(catalog.extras.includes('search') ? [{ name: 'search', isRequired: true }] : []),
      ...(options.length > 0 ? [{ name: 'genre', ...(isRequired ? { isRequired } : {}), options }] : []),
      { name: 'skip' },
    ];
    return [{ type: stremioType(kind), id: catalog.id, name: catalog.name, extra }];
  });
}

/** Clients know no other filter than `genre`: what else a catalogue lets choose goes by that name, as Cinemeta's years do. */
function optionsOf(
  { catalog, choices }: OnBoard,
  kind: MediaKind,
  genres: readonly string[],
  share: number,
): string[] {
  const all = catalog.extras.includes('genre')
    ? genres
    : choices(kind)
        .slice(0, MAX_CHOICES)
        .map(({ label }) => label);
  return all.slice(0, Math.floor(all.length * share));
}

function sizeOf(manifest: Manifest): number {
  return Buffer.byteLength(JSON.stringify(manifest));
}

import type { Catalog } from '../catalogs/catalog.ts';
import { Manifest } from './objects.ts';
import { STREMIO_TYPES, stremioType } from './stremio-type.ts';

/** Stremio's account sync and the SDK refuse more. */
const MAX_MANIFEST_BYTES = 8192;
/** Every id that kit/media-id reads, so that our streams also show on the pages of catalogues that go by other ids. */
export const ID_PREFIXES = ['tt', 'tmdb:', 'tvdb:', 'kitsu:', 'mal:', 'anilist:', 'trib:', 'mf:'];

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
  catalogs: readonly Catalog[];
  /** Most used first; the last ones go when the manifest would be too large. */
  genres: readonly string[];
};

/** The manifest, within 8,192 bytes: genre options give way first, then system lists, never a fixed catalogue. */
export function buildManifest(parts: ManifestParts): Manifest {
  for (let genreCount = parts.genres.length; ; genreCount = Math.floor(genreCount * 0.8)) {
    const manifest = assemble(parts, parts.genres.slice(0, genreCount), parts.catalogs);
    if (sizeOf(manifest) <= MAX_MANIFEST_BYTES) return manifest;
    if (genreCount === 0) return withFewerLists(parts);
  }
}

function withFewerLists(parts: ManifestParts): Manifest {
  const catalogs = [...parts.catalogs];
  for (;;) {
    const manifest = assemble(parts, [], catalogs);
    const lastList = catalogs.findLastIndex((catalog) => catalog.id.startsWith('list-'));
    if (sizeOf(manifest) <= MAX_MANIFEST_BYTES || lastList === -1) return manifest;
    catalogs.splice(lastList, 1);
  }
}

function assemble(parts: ManifestParts, genres: readonly string[], catalogs: readonly Catalog[]): Manifest {
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
    catalogs: catalogs.flatMap((catalog) => entriesOf(catalog, genres)),
    behaviorHints: parts.fixed.behaviorHints,
  });
}

function entriesOf(catalog: Catalog, genres: readonly string[]) {
  return catalog.kinds.map((kind) => ({
    type: stremioType(kind),
    id: catalog.id,
    name: catalog.name,
    extra: [
      ...(catalog.extras.includes('search') ? [{ name: 'search', isRequired: true }] : []),
      ...(catalog.extras.includes('genre') && genres.length > 0
        ? [{ name: 'genre', options: [...genres] }]
        : []),
      { name: 'skip' },
    ],
  }));
}

function sizeOf(manifest: Manifest): number {
  return Buffer.byteLength(JSON.stringify(manifest));
}

import type { Visibility } from '../catalogs/catalog.ts';
import type { Viewer } from '../catalogs/viewer.ts';
import type { StreamPreferences } from '../features/preferences/index.ts';
import type { LinkViewer } from '../platform/links.ts';

/** What one request brings along: where links point, what its install may see, in which language. */
export type AddonContext = {
  /** `https://films.example.org`, no slash at the end. */
  baseUrl: string;
  visibility: 'off' | Visibility;
  language: string;
  /** ISO 3166-1 country for where else a title may be watched; empty: none is named. */
  region: string;
  /** Who watches by this install; null: the add-on without one. */
  watching: Watching | null;
  /** The player of this install shows by an old manifest. */
  holdsOldManifest?: boolean;
  /** Streaming services of whose links are shown; null or absent: of all. */
  services?: readonly string[] | null;
  /** Which streams whoever asks wants, in which order and words; null: as everyone. */
  preferences?: StreamPreferences | null;
};

/** An install, and whose it is, as of this request. */
export type Watching = {
  viewer: Viewer;
  /** As play links name it. */
  subject: string;
  link: LinkViewer;
  /** The profile's name, which its manifest says. */
  name: string;
  /** How often what the manifest says was changed here. */
  revision: number;
  /** Digest of the manifest its player holds; null: it took none yet. */
  seenManifest: string | null;
  /** Whether this is a time to watch. */
  time: 'open' | 'out-of-hours' | 'time-is-up';
  noteManifest(digest: string): Promise<void>;
};

/** Answers for one profile are nobody else's to keep, and a rule that changes acts on the next request. */
const NOT_KEPT: Freshness = { cacheMaxAge: 0, staleRevalidate: 0, staleError: 0 };

/** How long an answer is good for whoever asks. */
export function freshFor({ watching }: Pick<AddonContext, 'watching'>, fresh: Freshness): Freshness {
  return watching === null ? fresh : NOT_KEPT;
}

/** Seconds a client or a shared cache may keep an answer (SDK: max-age, stale-while-revalidate, stale-if-error). */
export type Freshness = { cacheMaxAge: number; staleRevalidate: number; staleError: number };

import * as z from 'zod/mini';
import { viaThisPage } from './addresses.ts';
import { ask } from './api.ts';
import { addInstall, addProfile, fetchInstalls, fetchProfiles, type Install } from './family-api.ts';

const Found = z.object({
  ...{ id: z.string(), type: z.string(), name: z.string() },
  ...{ poster: z.optional(z.string()), releaseInfo: z.optional(z.string()) },
});
const Catalog = z.object({ metas: z.array(Found) });

const Video = z.object({ title: z.string(), season: z.number(), episode: z.number() });
export type Episode = z.infer<typeof Video>;
const Meta = z.object({ meta: z.object({ videos: z.optional(z.array(Video)) }) });

/** What can be chosen for a kid. */
export type Choosable = { id: string; kind: string; title: string; facts: string; poster: string | null };

/** Players' own; the page asks as one of them. */
const PAGE_INSTALL = 'This page';
/** Stands first where a player still shows by an old manifest; it is no title. */
const NOTICE_ID = 'trib:notice';

/** By a grown-up's install: a search of everything is for administrators. */
export async function searchTitles(words: string, signal: AbortSignal): Promise<Choosable[]> {
  const install = await pageInstall(signal);
  const pages = await Promise.all(
    ['movie', 'series'].map((type) =>
      ask(Catalog, `${pathOf(install)}/catalog/${type}/search/search=${encodeURIComponent(words)}.json`, {
        signal,
      }),
    ),
  );
  return pages
    .flatMap(({ metas }) => metas)
    .filter(({ id }) => id !== NOTICE_ID)
    .map(({ id, type, name, poster, releaseInfo }) => ({
      ...{ id, kind: type, title: name, facts: releaseInfo ?? '' },
      poster: poster === undefined ? null : viaThisPage(poster, publicUrlOf(install)),
    }));
}

/** In their order; none where the series is not known in parts yet. */
export async function fetchEpisodes(id: string, signal: AbortSignal): Promise<Episode[]> {
  const install = await pageInstall(signal);
  const path = `${pathOf(install)}/meta/series/${encodeURIComponent(id)}.json`;
  return (await ask(Meta, path, { signal })).meta.videos ?? [];
}

/** An install of a profile that sees everything; both are made where there are none. */
async function pageInstall(signal: AbortSignal): Promise<Install> {
  const grownUps = (await fetchProfiles(signal)).filter(({ mode }) => mode === 'all');
  const own = (await fetchInstalls(signal)).filter(({ profileId }) =>
    grownUps.some((profile) => profile.profileId === profileId),
  );
  const known = own.find(({ name }) => name === PAGE_INSTALL);
  if (known !== undefined) return known;
  const [first] = grownUps;
  const profile = first ?? (await addProfile({ name: 'Grown-ups', kind: 'standard' }, signal));
  return addInstall(profile.profileId, PAGE_INSTALL, signal);
}

/** `/<token>`: the page may be open by another address than the one players use. */
function pathOf({ manifestUrl }: Install): string {
  return `/${manifestUrl.split('/').at(-2) ?? ''}`;
}

function publicUrlOf(install: Install): string {
  return install.manifestUrl.slice(0, -`${pathOf(install)}/manifest.json`.length);
}

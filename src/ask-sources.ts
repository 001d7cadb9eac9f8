import { httpProbe, listerProbe, type SourceHealthJobsDeps } from './features/source-health/index.ts';
import { openSource } from './features/sources/index.ts';
import type { Ground } from './ground.ts';
import { openListers } from './listers.ts';

/** How file servers are asked whether they do, and where their files lie: by the login and the permission of each source. */
export function askSources(
  ground: Pick<Ground, 'db' | 'crypto' | 'net'> & { config: Pick<Ground['config'], 'localFolders'> },
): Pick<SourceHealthJobsDeps, 'probeOf' | 'listerOf'> {
  const deps = { ...ground, openLister: openListers(ground.config.localFolders) };
  return {
    async probeOf({ sourceId }) {
      const source = await openSource(deps, sourceId);
      if (source === null) return null;
      const { place, net } = source;
      // Many web servers list nothing and give files all the same, so they are asked without a lister.
      return /^https?:/.test(place.baseUrl)
        ? httpProbe(net, place)
        : listerProbe(net, place.baseUrl, source.openLister);
    },
    listerOf: async ({ sourceId }) => (await openSource(deps, sourceId))?.openLister() ?? null,
  };
}

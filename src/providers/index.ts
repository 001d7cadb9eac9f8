import type { MetadataSettings } from '../platform/config-metadata.ts';
import { openJsonApi } from '../platform/json-api.ts';
import type { Net } from '../platform/net.ts';
import { anilist } from './anilist/index.ts';
import { cinemeta } from './cinemeta/index.ts';
import { fanart } from './fanart/index.ts';
import { kitsu } from './kitsu/index.ts';
import { mal } from './mal/index.ts';
import { omdb } from './omdb/index.ts';
import type { MetadataProvider, ProviderPlug } from './provider.ts';
import { tmdb } from './tmdb/index.ts';
import { trakt } from './trakt/index.ts';
import { tvdb } from './tvdb/index.ts';
import { tvmaze } from './tvmaze/index.ts';

const DAY_SECONDS = 24 * 3600;

/** A new one: a line here, and its name in `METADATA_PROVIDERS` of `platform/config-metadata.ts`. */
const PLUGS: readonly ProviderPlug[] = [
  anilist,
  cinemeta,
  fanart,
  kitsu,
  mal,
  omdb,
  tmdb,
  trakt,
  tvdb,
  tvmaze,
];

/** The sources that are switched on and have the key they need, most trusted first. Asks nobody yet. */
export function openProviders(
  { net }: { net: Pick<Net, 'dial'> },
  { providers, keys, perDay }: MetadataSettings,
): readonly MetadataProvider[] {
  return providers.flatMap((name) => {
    const plug = PLUGS.find((known) => known.name === name);
    const apiKey = keys[name];
    if (plug === undefined || (plug.needsKey && apiKey === undefined)) return [];
    const limits = limitsOf(plug, perDay[name]);
    const api = openJsonApi(net, { name, ...limits });
    return [plug.open({ api, ...(apiKey === undefined ? {} : { apiKey }) })];
  });
}

/** Of a day's requests half at once, the other half spread over the day: no 24 hours see more than all of them. */
function limitsOf({ limits }: ProviderPlug, perDay: number | undefined): ProviderPlug['limits'] {
  if (perDay === undefined) return limits;
  const half = Math.floor(perDay / 2);
  return { perSecond: half / DAY_SECONDS, burst: half };
}

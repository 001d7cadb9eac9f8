import { PLACE_PURPOSE } from './place.ts';
import { sealedPlaces } from './queries/feeds.ts';

export { FinderBody, FinderPatch } from './change-finders.ts';
export { type FinderJobsDeps, finderJobs } from './jobs.ts';
export { createLiveSearch, type LiveSearch } from './live-search.ts';
export { nabServerRoutes } from './nab-server/routes.ts';
export { FINDERS_PART } from './own-part.ts';
export { FinderAnswer } from './queries/finders.ts';
export { FinderDaysAnswer, FindersAnswer, FinderTest, finderRoutes, NabServerAnswer } from './routes.ts';

/** Addresses and keys of finders, for the change of the secret key. */
export const finderSecrets = { sealed: [{ purpose: PLACE_PURPOSE, atOnce: 100, ...sealedPlaces }] };

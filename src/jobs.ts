import { upkeepJobs } from './features/upkeep/index.ts';

/** The only list of background jobs. */
export const jobs = [...upkeepJobs];

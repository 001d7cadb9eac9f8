import { fileFactsJobs } from './features/file-facts/index.ts';
import { upkeepJobs } from './features/upkeep/index.ts';

/** The only list of background jobs. */
export const jobs = [...upkeepJobs, ...fileFactsJobs];

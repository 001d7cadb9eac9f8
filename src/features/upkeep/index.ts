export { type UpkeepDeps, upkeepJobs } from './jobs.ts';

export { type SourceHealthJobsDeps, sourceHealthJobs } from './jobs.ts';

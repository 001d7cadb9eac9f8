export { fillSoon } from './fill-soon.ts';
export { FILL_JOB, type ListJobsDeps, listJobs } from './jobs.ts';
export { appendItems } from './queries.ts';
export { setCatalogItems } from './set-catalog-items.ts';

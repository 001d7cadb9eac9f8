export { fillSoon } from './fill-soon.ts';
export { FILL_JOB, type ListJobsDeps, listJobs, REFRESH_JOB } from './jobs.ts';
export { appendItems } from './queries.ts';
export { refreshLists } from './refresh-lists.ts';
export { setCatalogItems } from './set-catalog-items.ts';

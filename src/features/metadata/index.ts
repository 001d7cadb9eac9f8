export { createEnricher, type Enricher } from './enricher.ts';
export { CHANGES_JOB, ENRICH_JOB, type MetadataJobsDeps, metadataJobs, POPULAR_JOB } from './jobs.ts';
export { type OnOpened, onOpened } from './lacks-details.ts';
export { type Contradiction, noteContradictions } from './note-contradictions.ts';
export { MetadataProgress, metadataRoutes } from './progress-routes.ts';
export { ApproveBody, CorrectBody, Decided, ReviewPage, ReviewQuery } from './review.ts';
export { reviewRoutes } from './routes.ts';
export { CHANGES_STEP_MS, takeChanges } from './take-changes.ts';

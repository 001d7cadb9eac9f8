export { createEnricher, type Enricher } from './enricher.ts';
export { ENRICH_JOB, type MetadataJobsDeps, metadataJobs } from './jobs.ts';
export { type OnOpened, onOpened } from './lacks-details.ts';
export { type Contradiction, noteContradictions } from './note-contradictions.ts';
export { MetadataProgress, metadataRoutes } from './progress-routes.ts';
export { ApproveBody, CorrectBody, ReviewPage, ReviewQuery } from './review.ts';
export { reviewRoutes } from './routes.ts';

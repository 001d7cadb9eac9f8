export { type FileFactsDeps, fileFactsJobs, PROBE_JOB } from './jobs.ts';
export { factsOfFile, type Lend, type Lent, type LookDeps } from './look.ts';
export { fileFactsRoutes, ProbeAnswer, ProbeQuery } from './routes.ts';
export { createSubtitleTexts, type SubtitleTexts } from './subtitle-text.ts';

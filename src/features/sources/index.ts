import { SOURCE_PASSWORD } from '../../streams/source-access.ts';
import { sealedPasswords } from './queries/sources.ts';

export { SourceBody, SourcePatch, SourceTestBody } from './change-sources.ts';
export { DROP_JOB, MATCH_JOB, SCAN_JOB, type SourceJobsDeps, sourceJobs } from './jobs.ts';
export { type OpenLister, openSource } from './open-lister.ts';
export { SourceAnswer } from './queries/sources.ts';
export { type ResultsRoutesDeps, resultsRoutes } from './results-routes.ts';
export {
  SourcesAnswer,
  SourceTest,
  sourceRoutes,
} from './routes.ts';
export { runScan } from './run-scan.ts';
export { type SourceProgress, SourcesProgress, sourceNamed, sourceProgress } from './scan-progress.ts';
export { ScanResults, ScanResultsAnswer } from './scan-results.ts';
export { ScansAnswer, scanRoutes } from './scan-routes.ts';
export { createScanner } from './scanner.ts';

/** Passwords of sources, for the change of the secret key. */
export const sourceSecrets = { sealed: [{ purpose: SOURCE_PASSWORD, atOnce: 100, ...sealedPasswords }] };

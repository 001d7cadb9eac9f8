import { SOURCE_PASSWORD } from '../../streams/source-access.ts';
import { sealedPasswords } from './queries/sources.ts';

export { SourceBody, SourcePatch, SourceTestBody } from './change-sources.ts';
export type { OpenLister } from './open-lister.ts';
export { SourceAnswer } from './queries/sources.ts';
export { SourcesAnswer, SourceTest, sourceRoutes } from './routes.ts';
export { SourcesProgress } from './scan-progress.ts';
export { ScansAnswer, scanRoutes } from './scan-routes.ts';

/** Passwords of sources, for the change of the secret key. */
export const sourceSecrets = { sealed: [{ purpose: SOURCE_PASSWORD, atOnce: 100, ...sealedPasswords }] };

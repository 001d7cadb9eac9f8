export { ownTitlesPart } from './own-part.ts';
export { type OwnTitleRoutesDeps, ownTitleRoutes } from './routes.ts';
export { OwnTitleInput, OwnTitlePage, OwnTitlePatch, OwnTitleQuery, Publication } from './schemas.ts';

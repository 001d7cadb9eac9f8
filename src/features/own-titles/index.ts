export { ownTitlesPart } from './own-part.ts';
export { type OwnTitleRoutesDeps, ownTitleRoutes } from './routes.ts';
export {
  OwnStreamQuery,
  OwnTitleInput,
  OwnTitlePage,
  OwnTitlePatch,
  OwnTitleQuery,
  Publication,
} from './schemas.ts';
export { type OwnStreamRoutesDeps, ownStreamRoutes } from './stream-routes.ts';

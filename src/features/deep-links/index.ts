export { type LaunchLink, launchLink } from './launch-link.ts';
export { SERVICE_PARTS } from './own-parts.ts';
export { isForViewer } from './platforms.ts';
export { chosenServices } from './queries/chosen.ts';
export type { Reporter } from './queries/links.ts';
export { reportLink } from './report-link.ts';
export { type ServiceRoutesDeps, serviceRoutes } from './routes.ts';
export {
  DeepLink,
  DeepLinksAnswer,
  LinkBody,
  LinkPatch,
  LinkQuery,
  ServicesAnswer,
  ServicesBody,
} from './schemas.ts';

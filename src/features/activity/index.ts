export { type ActivitySpaces, recordPlay } from './activity.ts';
export { ACTIVITY_PARTS } from './own-parts.ts';
export { type ActivityRoutesDeps, activityRoutes } from './routes.ts';
export {
  HistoryEntries,
  HistoryEntry,
  HistoryPage,
  MarkPage,
  PageQuery,
  PlayBody,
  ProgressBody,
  WatchedBody,
} from './schemas.ts';

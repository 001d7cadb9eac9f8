export { noteTrackers, noteTrackersOf } from './note-trackers.ts';
export { Tracker } from './queries.ts';
export { type TrackerRoutesDeps, trackerRoutes } from './routes.ts';

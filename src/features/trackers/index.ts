export { CHECK_JOB, type TrackerJobsDeps, trackerJobs } from './jobs.ts';
export { noteAnnounce } from './note-announce.ts';
export { noteTrackers, noteTrackersOf } from './note-trackers.ts';
export { unlinkTrackers } from './queries/trackers.ts';
export {
  CheckAnswer,
  CheckBody,
  CheckQuery,
  type DhtStatus,
  TrackerHistory,
  type TrackerRoutesDeps,
  TrackersAnswer,
  trackerRoutes,
} from './routes.ts';

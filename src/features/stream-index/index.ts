export { AddStreamBody } from './add-stream.ts';
export { findStream, requireStream, streamAnswers, streamPage } from './answers.ts';
export { countPlay, dropOrphanStreams, expireStreams, forgetOldPlays } from './count-play.ts';
export { Explanation } from './explain.ts';
export { TitleExplanation } from './explain-preferences.ts';
export { hideStream } from './hide-stream.ts';
export { subtitleLanguage } from './inner-subtitles.ts';
export { type StreamJobsDeps, streamJobs } from './jobs.ts';
export { linksOfMatches, linksOfPacks } from './link-files.ts';
export { placeRelease } from './link-release.ts';
export { LinkAnswer, LinkBody, type LinkRoutesDeps, linkRoutes } from './link-routes.ts';
export { type FileMatch, matchFiles } from './match-files.ts';
export { noteInside } from './note-inside.ts';
export { capsOf, type OfferLimits, type OffersQuery, offersFor, wide } from './offers-for.ts';
export { OWN_STREAMS_PART } from './own-part.ts';
export { addOwnStream, OwnStreamInput } from './own-streams.ts';
export { PlaylistQuery, type PlaylistRoutesDeps, playlistRoutes } from './playlist-routes.ts';
export { isPlayable } from './queries/answers.ts';
export { unlinkStreams } from './queries/own-streams.ts';
export { dropSubtitles } from './queries/parts.ts';
export { deleteStreams, markStreams, noteVerified } from './queries/reach.ts';
export { hideUnseen } from './queries/streams.ts';
export { type StreamRoutesDeps, streamRoutes } from './routes.ts';
export { prepareStream, requireLicences, type SaveDeps, saveStream, saveStreams } from './save-streams.ts';
export {
  LicenceInput,
  type LinkTarget,
  Offer,
  type PostState,
  StreamAnswer,
  StreamInput,
  StreamPatch,
} from './schemas.ts';
export { applySeenFacts, type SeenFacts } from './seen-facts.ts';
export { linkSubtitles, type PreparedStream } from './stream-parts.ts';
export { type FileInside, isExtra } from './whole-videos.ts';

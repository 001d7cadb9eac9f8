export { deleteMedia, patchMedia } from './change-media.ts';
export { type Completed, completeAllIds } from './complete-ids.ts';
export { ensureEpisodes, episodeNumbersOf, episodesOf } from './episodes.ts';
export {
  type Fill,
  fillTitles,
  type IdOwner,
  ownersOfEach,
  ownersOfIds,
  type Refused,
  type Standing,
  setMediaStandings,
} from './fill-media.ts';
export { type GenreFamily, weighParentGenres, writeGenreTree } from './genre-tree.ts';
export { type NamedTitle, type TitleMatch, titleForName, titlesForNames } from './match-name.ts';
export { mediaDetail } from './media-detail.ts';
export { type MergedList, mergeListed } from './merge-listed.ts';
export {
  addNewTitles,
  adoptStagedTitles,
  mergeEpisodes,
  mergeKnownTitles,
  mergePeople,
  mergeTitleCredits,
  prepareGenres,
  type StagedConflict,
} from './merge-staged.ts';
export { mergeWithOwner } from './merge-title.ts';
export { addOwnTitle, deletePrivateTitles } from './own-titles.ts';
export type { ListedTitle } from './queries/listed.ts';
export { lockTitles } from './queries/match.ts';
export type { StagedRange } from './queries/merge-titles.ts';
export { lockOwned, ownedBy } from './queries/owned.ts';
export * as guide from './queries/programmes.ts';
export { type Channel, forgetProgrammes, type GuideProgramme } from './queries/programmes.ts';
export { storedSeasons } from './queries/seasons.ts';
export type { StagedTable } from './queries/staging.ts';
export * as staging from './queries/staging.ts';
export { titlesOf } from './queries/titles.ts';
export { parseApiMediaId, requireMedia, resolveMediaId } from './resolve-media-id.ts';
export { type MediaRoutesDeps, mediaAnswer, mediaRoutes } from './routes.ts';
export {
  MediaAnswer,
  MediaDetail,
  MediaPage,
  MediaPatch,
  MediaQuery,
  type Programme,
  TitleInput,
} from './schemas.ts';
/** The parts an import file's own schema is built of. */
export * as titleInput from './title-input.ts';
export { type UpsertOutcome, upsertTitle, upsertTitles } from './upsert-titles.ts';
export { type Place, requireVisible } from './visible-media.ts';

export { exportTitles } from './export-titles.ts';
export {
  IMDB_FILE_ORDER,
  IMDB_FILES,
  type ImdbFile,
  type ImdbOptions,
  type ImdbResult,
  importImdb,
  TITLE_TYPES,
} from './imdb/index.ts';
export { type AddonResult, importAddon } from './import-addon.ts';
export { type ChannelsResult, importChannels } from './import-channels.ts';
export { importFile } from './import-file.ts';
export { importRelease, type ReleaseOutcome } from './import-release.ts';
export {
  type ImportDeps,
  type ImportOptions,
  type ImportResult,
  importTitles,
  wasImported,
} from './import-titles.ts';
export { importStates as syncStates, putSyncState } from './queries/sync-state.ts';
export { importSamples, readSamples } from './samples.ts';
export { STARTER_FILE } from './starter.ts';
export { importTmdb, TMDB_LISTS, type TmdbList } from './tmdb/index.ts';
export { importGuide } from './xmltv/index.ts';

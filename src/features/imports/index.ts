export {
  IMDB_FILE_ORDER,
  IMDB_FILES,
  type ImdbFile,
  type ImdbOptions,
  type ImdbResult,
  importImdb,
  TITLE_TYPES,
} from './imdb/index.ts';
export { type ImportOptions, type ImportResult, importTitles, wasImported } from './import-titles.ts';
export { STARTER_FILE } from './starter.ts';

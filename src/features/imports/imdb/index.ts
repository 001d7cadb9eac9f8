export { type ImdbOptions, type ImdbResult, importImdb } from './import-imdb.ts';
export { IMDB_FILE_ORDER, IMDB_FILES, type ImdbFile, TITLE_TYPES } from './rows.ts';

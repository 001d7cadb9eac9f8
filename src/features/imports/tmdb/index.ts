export { importTmdb, type TmdbOptions, type TmdbResult } from './import-tmdb.ts';
export { TMDB_LISTS, type TmdbList } from './rows.ts';

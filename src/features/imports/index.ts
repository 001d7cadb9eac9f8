export { type ImportOptions, type ImportResult, importTitles, wasImported } from './import-titles.ts';
export { STARTER_FILE } from './starter.ts';

export { importFile } from './import-file.ts';
export {
  type ImportDeps,
  type ImportOptions,
  type ImportResult,
  importTitles,
  wasImported,
} from './import-titles.ts';
export { STARTER_FILE } from './starter.ts';

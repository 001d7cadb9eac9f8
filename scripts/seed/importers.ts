import type { Importer } from './importer.ts';
import { file, json } from './json.ts';
import { starter } from './starter.ts';

/** What `npm run seed -- NAME` knows: one line an importer. */
export const IMPORTERS: readonly Importer[] = [
  starter, //
  json,
  file,
];

import { animeIds } from './anime-ids.ts';
import { exporter } from './export.ts';
import { imdb } from './imdb.ts';
import type { Importer } from './importer.ts';
import { file, json } from './json.ts';
import { m3u } from './m3u.ts';
import { magnets, nzbs, torrents } from './releases.ts';
import { samples } from './samples.ts';
import { source } from './source.ts';
import { starter } from './starter.ts';
import { stremioAddon } from './stremio-addon.ts';
import { tmdb } from './tmdb.ts';
import { xmltv } from './xmltv.ts';

/** What `npm run seed -- NAME` knows: one line an importer. */
export const IMPORTERS: readonly Importer[] = [
  starter, //
  samples,
  json,
  file,
  imdb,
  tmdb,
  m3u,
  xmltv,
  magnets,
  torrents,
  nzbs,
  source,
  stremioAddon,
  animeIds,
  exporter,
];

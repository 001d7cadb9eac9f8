import type { Db } from '../../platform/db.ts';
import type { Owned } from './owned-lists.ts';
import type { Touched } from './queries/labels.ts';
import { type EpisodeRow, putEpisodes, putSeasons, type SeasonRow } from './queries/seasons.ts';

/** One parameter stays below a few MB: a batch of long-running series is sent in parts. */
const ROWS_PER_STATEMENT = 5000;

/** Seasons and episodes by number. None is ever taken away here: links and histories hang on them. */
export async function writeSeasons(db: Db, titles: readonly Owned[]): Promise<readonly Touched[]> {
  const seasons = new Map<string, SeasonRow>();
  const episodes = new Map<string, EpisodeRow>();
  for (const { mediaId, lists } of titles) {
    for (const { episodes: given, poster, airDate, ...season } of lists.seasons ?? []) {
      const key = `${mediaId} ${season.number}`;
      seasons.set(key, { ...season, media_id: mediaId, poster_url: poster, air_date: airDate });
      for (const { number, title, overview, airDate: aired, runtimeMinutes, thumbnail } of given ?? []) {
        episodes.set(`${key} ${number}`, {
          media_id: mediaId,
          season: season.number,
          number,
          title,
          overview,
          air_date: aired,
          runtime_minutes: runtimeMinutes,
          thumbnail_url: thumbnail,
        });
      }
    }
  }
  const touched: Touched[] = [];
  for (const part of partsOf([...seasons.values()])) touched.push(...(await putSeasons(db, part)));
  for (const part of partsOf([...episodes.values()])) touched.push(...(await putEpisodes(db, part)));
  return touched;
}

function partsOf<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / ROWS_PER_STATEMENT) }, (_, part) =>
    list.slice(part * ROWS_PER_STATEMENT, (part + 1) * ROWS_PER_STATEMENT),
  );
}

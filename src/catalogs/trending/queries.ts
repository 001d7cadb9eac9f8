import { sql } from '../../platform/db.ts';
import type { FillAbout, ShelfContent } from '../catalog.ts';

const DAYS = 7;

/** A play counts half as much with every second day that passes, and after a week not at all. */
export function content({ today }: FillAbout): ShelfContent {
  return {
    from: sql.fragment`(
        SELECT d.media_id, sum(d.plays * power(0.5, greatest(${today}::date - d.day, 0) / 2.0)) AS heat FROM play_day d
        WHERE d.day > ${today}::date - ${DAYS}::integer GROUP BY d.media_id
      ) p JOIN title m ON m.id = p.media_id`,
    where: sql.fragment`true`,
    choice: sql.fragment`''`,
    score: sql.fragment`p.heat`,
  };
}

import { sql } from '../../platform/db.ts';
import type { FillAbout, ShelfContent } from '../catalog.ts';

/** The day is that of the place where the server stands. */
export function content({ today }: FillAbout): ShelfContent {
  return {
    from: sql.fragment`(SELECT DISTINCT e.media_id FROM episode e WHERE e.air_date = ${today}::date) e JOIN title m ON m.id = e.media_id`,
    where: sql.fragment`true`,
    choice: sql.fragment`''`,
    score: sql.fragment`m.rank`,
  };
}

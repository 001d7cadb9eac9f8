import { sql } from '../../platform/db.ts';
import type { FillAbout, ShelfContent } from '../catalog.ts';

/** By the day they begin. */
export function content({ today }: FillAbout): ShelfContent {
  return {
    from: sql.fragment`title m`,
    where: sql.fragment`true`,
    choice: sql.fragment`''`,
    // Those to come, the next one first; then those that were, the last one first; at the end those without a date.
    score: sql.fragment`CASE WHEN m.release_date >= ${today}::date THEN 200000 - least(m.release_date - ${today}::date, 99999)
      WHEN m.release_date IS NOT NULL THEN 100000 - least(${today}::date - m.release_date, 99999) ELSE 0 END`,
  };
}

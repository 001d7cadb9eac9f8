import { sql } from '../../platform/db.ts';
import type { ShelfContent } from '../catalog.ts';

/** Every language of a title, without its region. */
export function content(): ShelfContent {
  return {
    from: sql.fragment`title m CROSS JOIN LATERAL (SELECT DISTINCT split_part(l, '-', 1) AS code FROM unnest(m.languages) l) l`,
    where: sql.fragment`l.code <> ''`,
    choice: sql.fragment`l.code`,
    score: sql.fragment`m.rank`,
  };
}

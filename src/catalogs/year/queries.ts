import { sql } from '../../platform/db.ts';
import type { ShelfContent } from '../catalog.ts';

/** The year a title came out. */
export function content(): ShelfContent {
  return {
    from: sql.fragment`title m`,
    where: sql.fragment`m.year IS NOT NULL`,
    choice: sql.fragment`m.year`,
    score: sql.fragment`m.rank`,
  };
}

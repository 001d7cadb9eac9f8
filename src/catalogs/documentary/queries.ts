import { sql } from '../../platform/db.ts';
import type { ShelfContent } from '../catalog.ts';

/** By what a title is, or by its genre. */
export function content(): ShelfContent {
  return {
    from: sql.fragment`title m`,
    where: sql.fragment`(m.subkind = 'documentary' OR 'Documentary' = ANY(m.genres))`,
    choice: sql.fragment`''`,
    score: sql.fragment`m.rank`,
  };
}

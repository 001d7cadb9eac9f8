import { sql } from '../../platform/db.ts';
import type { ShelfContent } from '../catalog.ts';

/** Every country of a title. */
export function content(): ShelfContent {
  return {
    from: sql.fragment`title m CROSS JOIN LATERAL (SELECT DISTINCT c AS code FROM unnest(m.countries) c) c`,
    where: sql.fragment`c.code ~ '^[A-Z]{2}$'`,
    choice: sql.fragment`c.code`,
    score: sql.fragment`m.rank`,
  };
}

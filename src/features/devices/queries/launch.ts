import { z } from 'zod';
import { type Db, rows } from '../../../platform/db.ts';

const LaunchTitle = z.object({ kind: z.string(), canonicalId: z.string() });
export type LaunchTitle = z.infer<typeof LaunchTitle>;

export function launchTitle(db: Db, mediaId: number): Promise<LaunchTitle> {
  return db.one(rows('devices.launch_title', LaunchTitle)`
    SELECT kind, canonical_id AS "canonicalId" FROM media WHERE id = ${mediaId}
  `);
}

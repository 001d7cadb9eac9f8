import { z } from 'zod';
import { type Db, rows } from '../../../platform/db.ts';

const ExplainRow = z.object({
  publicId: z.string(),
  kind: z.string(),
  name: z.string(),
  isActive: z.boolean(),
  isBlocked: z.boolean(),
  isPublic: z.boolean(),
  state: z.string(),
  isExpired: z.boolean(),
  licenceName: z.string().nullable(),
  isOpenLicence: z.boolean(),
  isOpen: z.boolean(),
  readerVersion: z.string().nullable(),
  told: z.array(z.string()).nullable(),
});
export type ExplainRow = z.infer<typeof ExplainRow>;

/** What each filter of `offersFor` looks at, of one stream. */
export function explainRow(db: Db, streamId: number): Promise<ExplainRow | null> {
  return db.maybeOne(rows('streams.explain', ExplainRow)`
    SELECT s.public_id AS "publicId", s.kind, s.name, s.is_active AS "isActive", s.is_blocked AS "isBlocked",
      s.is_public AS "isPublic", s.state, coalesce(h.expires_at <= now(), false) AS "isExpired", li.name AS "licenceName",
      coalesce(li.is_open, false) AS "isOpenLicence", is_open_stream(s.id, s.kind, s.licence_code) AS "isOpen",
      s.parser_version AS "readerVersion", s.told
    FROM stream s
    LEFT JOIN stream_http h ON h.stream_id = s.id
    LEFT JOIN licence li ON li.code = s.licence_code
    WHERE s.id = ${streamId}
  `);
}

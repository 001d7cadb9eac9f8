import { z } from 'zod';
import { type Db, rows, sql } from '../../platform/db.ts';
import { MEDIA_KINDS, type MediaKind } from '../catalog.ts';
import { allowedTo, listed, type Viewer } from '../viewer.ts';

const Kind = z.object({ kind: z.enum(MEDIA_KINDS) });
/** Looked at, best known first, before a kind is taken for empty: the work stays bounded. */
const LOOKED_AT = sql.fragment`LIMIT 3000`;

/** The kinds of which such a viewer finds a title. */
export async function kindsFor(db: Db, viewer: Viewer): Promise<readonly MediaKind[]> {
  const byAge = sql.fragment`EXISTS (
      SELECT FROM (SELECT * FROM media m WHERE m.kind = k.kind AND ${listed({ visibility: 'all' })} ORDER BY m.rank DESC ${LOOKED_AT}) m
      WHERE ${listed({ visibility: 'all', viewer })})`;
  const found = await db.any(rows('catalog.kinds_for', Kind)`
    SELECT k.kind FROM unnest(${sql.array(MEDIA_KINDS, 'text')}) WITH ORDINALITY AS k(kind, place)
    WHERE EXISTS (SELECT FROM profile_policy a WHERE ${allowedTo(viewer)} AND a.kind = k.kind)
      ${viewer.mode === 'allow' ? sql.fragment`` : sql.fragment`OR ${byAge}`}
    ORDER BY k.place
  `);
  return found.map(({ kind }) => kind);
}

/** Names of the genres of what a profile is allowed title by title, most used first. */
export async function genresFor(db: Db, viewer: Viewer, limit: number): Promise<readonly string[]> {
  const found = await db.any(rows('catalog.genres_for', z.object({ name: z.string() }))`
    SELECT g.name
    FROM profile_policy a
    JOIN media_genre mg ON mg.media_id = a.media_id
    JOIN genre g ON g.id = mg.genre_id AND g.is_active AND g.parent_id IS NULL
    WHERE ${allowedTo(viewer)}
    GROUP BY g.id
    ORDER BY count(*) DESC, g.name
    LIMIT ${limit}
  `);
  return found.map(({ name }) => name);
}

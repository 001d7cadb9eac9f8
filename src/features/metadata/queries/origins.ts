import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const Origin = z.object({ field: z.string(), provider: z.string(), fingerprint: z.string() });
export type FieldOrigin = z.infer<typeof Origin>;

/** Who gave what each field holds, and the fingerprint of what was written. */
export function fieldOrigins(db: Db, mediaId: number): Promise<readonly FieldOrigin[]> {
  return db.any(rows('metadata.field_origins', Origin)`
    SELECT o.field, p.name AS provider, o.fingerprint
    FROM media_field_origin o JOIN metadata_provider p ON p.id = o.provider_id
    WHERE o.media_id = ${mediaId} ORDER BY o.field
  `);
}

export async function putFieldOrigins(
  db: Db,
  mediaId: number,
  origins: readonly FieldOrigin[],
): Promise<void> {
  const values = origins.map(({ field, provider, fingerprint }) => [field, provider, fingerprint]);
  await db.query(command('metadata.put_field_origins')`
    INSERT INTO media_field_origin AS o (media_id, field, provider_id, fingerprint)
    SELECT ${mediaId}, g.field, p.id, g.fingerprint
    FROM ${sql.unnest(values, ['text', 'text', 'text'])} AS g(field, provider, fingerprint)
    JOIN metadata_provider p ON p.name = g.provider
    ON CONFLICT (media_id, field) DO UPDATE SET provider_id = EXCLUDED.provider_id, fingerprint = EXCLUDED.fingerprint
      WHERE (o.provider_id, o.fingerprint) IS DISTINCT FROM (EXCLUDED.provider_id, EXCLUDED.fingerprint)
  `);
}

export type WatchOffer = {
  provider: string;
  region: string;
  service: string;
  offer: string;
  url: string | null;
};

/** Makes these the offers that the providers named know of a title. */
export async function putWatchOffers(
  db: Db,
  mediaId: number,
  providers: readonly string[],
  offers: readonly WatchOffer[],
): Promise<void> {
  const values = offers.map((o) => [o.provider, o.region, o.service, o.offer, o.url]);
  await db.query(command('metadata.drop_watch_offers')`
    DELETE FROM media_provider w USING metadata_provider p
    WHERE w.media_id = ${mediaId} AND p.id = w.provider_id AND p.name = ANY(${sql.array(providers, 'text')})
      AND (w.region, w.service, w.offer) NOT IN (
        SELECT g.region, g.service, g.offer
        FROM ${sql.unnest(values, ['text', 'text', 'text', 'text', 'text'])} AS g(provider, region, service, offer, url))
  `);
  await db.query(command('metadata.put_watch_offers')`
    INSERT INTO media_provider AS w (media_id, region, service, offer, url, provider_id)
    SELECT DISTINCT ON (g.region, g.service, g.offer) ${mediaId}::int8, g.region, g.service, g.offer, g.url, p.id
    FROM ${sql.unnest(values, ['text', 'text', 'text', 'text', 'text'])} AS g(provider, region, service, offer, url)
    JOIN metadata_provider p ON p.name = g.provider
    ORDER BY g.region, g.service, g.offer, p.priority
    ON CONFLICT (media_id, region, service, offer) DO UPDATE SET url = EXCLUDED.url, provider_id = EXCLUDED.provider_id
      WHERE (w.url, w.provider_id) IS DISTINCT FROM (EXCLUDED.url, EXCLUDED.provider_id)
  `);
}

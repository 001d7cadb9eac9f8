import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const Origin = z.object({
  mediaId: z.int(),
  field: z.string(),
  provider: z.string(),
  fingerprint: z.string(),
});
export type FieldOrigin = z.infer<typeof Origin>;

/** Who gave what each field of some titles holds, and the fingerprint of what was written. */
export function fieldOrigins(db: Db, mediaIds: readonly number[]): Promise<readonly FieldOrigin[]> {
  return db.any(rows('metadata.field_origins', Origin)`
    SELECT o.media_id AS "mediaId", o.field, p.name AS provider, o.fingerprint
    FROM media_field_origin o JOIN metadata_provider p ON p.id = o.provider_id
    WHERE o.media_id = ANY(${sql.array(mediaIds, 'int8')}) ORDER BY o.media_id, o.field
  `);
}

export async function putFieldOrigins(db: Db, origins: readonly FieldOrigin[]): Promise<void> {
  const values = origins.map((o) => [o.mediaId, o.field, o.provider, o.fingerprint]);
  await db.query(command('metadata.put_field_origins')`
    INSERT INTO media_field_origin AS o (media_id, field, provider_id, fingerprint)
    SELECT g.media_id, g.field, p.id, g.fingerprint
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'text'])} AS g(media_id, field, provider, fingerprint)
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

const OFFER = ['int8', 'text', 'text', 'text', 'text', 'text'] as const;

/** Makes these the offers that the providers named know of each title. */
export async function putWatchOffers(
  db: Db,
  titles: readonly { mediaId: number; providers: readonly string[]; offers: readonly WatchOffer[] }[],
): Promise<void> {
  const tellers = titles.flatMap(({ mediaId, providers }) => providers.map((name) => [mediaId, name]));
  const values = titles.flatMap(({ mediaId, offers }) =>
    offers.map((o) => [mediaId, o.provider, o.region, o.service, o.offer, o.url]),
  );
  await db.query(command('metadata.drop_watch_offers')`
    DELETE FROM media_provider w
    USING ${sql.unnest(tellers, ['int8', 'text'])} AS t(media_id, provider)
    JOIN metadata_provider p ON p.name = t.provider
    WHERE w.media_id = t.media_id AND w.provider_id = p.id
      AND (w.media_id, w.region, w.service, w.offer) NOT IN (
        SELECT g.media_id, g.region, g.service, g.offer
        FROM ${sql.unnest(values, [...OFFER])} AS g(media_id, provider, region, service, offer, url))
  `);
  if (values.length === 0) return;
  await db.query(command('metadata.put_watch_offers')`
    INSERT INTO media_provider AS w (media_id, region, service, offer, url, provider_id)
    SELECT DISTINCT ON (g.media_id, g.region, g.service, g.offer) g.media_id, g.region, g.service, g.offer, g.url, p.id
    FROM ${sql.unnest(values, [...OFFER])} AS g(media_id, provider, region, service, offer, url)
    JOIN metadata_provider p ON p.name = g.provider
    ORDER BY g.media_id, g.region, g.service, g.offer, p.priority
    ON CONFLICT (media_id, region, service, offer) DO UPDATE SET url = EXCLUDED.url, provider_id = EXCLUDED.provider_id
      WHERE (w.url, w.provider_id) IS DISTINCT FROM (EXCLUDED.url, EXCLUDED.provider_id)
  `);
}

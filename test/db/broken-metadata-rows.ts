/** As `BROKEN_ROWS`: what providers tell of titles. */
export const BROKEN_METADATA_ROWS: [constraint: string, statement: string][] = [
  ['provider_metadata_check', `UPDATE provider_metadata SET expires_at = fetched_at - interval '1 day'`],
  ['media_field_origin_field_check', `UPDATE media_field_origin SET field = ''`],
  ['media_provider_region_check', `UPDATE media_provider SET region = 'de'`],
  ['media_provider_service_check', `UPDATE media_provider SET service = ''`],
  ['media_provider_offer_check', `UPDATE media_provider SET offer = 'lend'`],
  ['metadata_doubt_kind_check', `UPDATE metadata_doubt SET kind = 'title'`],
  ['metadata_doubt_ids_check', `UPDATE metadata_doubt SET ids = '[]'`],
  ['metadata_doubt_confidence_check', `UPDATE metadata_doubt SET confidence = 94.74`],
  ['metadata_doubt_poster_url_check', `UPDATE metadata_doubt SET poster_url = ''`],
  ['metadata_doubt_state_check', `UPDATE metadata_doubt SET state = 'gone'`],
  [
    'metadata_doubt_media_id_provider_id_kind_key',
    `INSERT INTO metadata_doubt (media_id, provider_id, kind, ids, reason) VALUES ($film, $tmdb, 'ids', '{}', 'x')`,
  ],
  ['metadata_provider_asked_check', `UPDATE metadata_provider SET asked = -1`],
  ['metadata_provider_failures_check', `UPDATE metadata_provider SET failures = -1`],
  ['metadata_provider_asked_today_check', `UPDATE metadata_provider SET asked_today = -1`],
  ['title_enrichment_attempts_check', `UPDATE title_enrichment SET attempts = -1`],
];

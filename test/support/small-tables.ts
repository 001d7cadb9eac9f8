/** Tables that stay small whatever the catalogue holds: reading them whole is right, and they need no index on what they refer to. */
export const SMALL_TABLES: ReadonlySet<string> = new Set([
  'genre',
  'genre_translation',
  'language',
  'licence',
  'live_list',
  'metadata_provider',
  'rating_provider',
  'schema_migration',
  'search_tier',
  'setting',
  'source',
  'sync_state',
  'torrent_storage',
  'tracker_health',
  'tracker_list',
  'usenet_provider_usage',
]);

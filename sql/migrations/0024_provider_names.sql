-- Up Migration
-- Sources of metadata that came later, with how far they are believed (lower is more), and what they rate out of.
INSERT INTO metadata_provider (name, priority, is_external) VALUES ('tvmaze', 35, true), ('omdb', 85, true), ('fanart', 95, true)
  ON CONFLICT (name) DO NOTHING;
INSERT INTO rating_provider (name, max_rating, is_percentage) VALUES ('tvmaze', 10, false), ('kitsu', 100, true), ('anilist', 100, true)
  ON CONFLICT (name) DO NOTHING;

-- Down Migration
DELETE FROM media_rating WHERE provider_id IN (SELECT id FROM rating_provider WHERE name IN ('tvmaze', 'kitsu', 'anilist'));
DELETE FROM rating_provider WHERE name IN ('tvmaze', 'kitsu', 'anilist');
DELETE FROM media_external_id WHERE provider IN ('tvmaze', 'omdb', 'fanart');
UPDATE media SET provider_id = NULL WHERE provider_id IN (SELECT id FROM metadata_provider WHERE name IN ('tvmaze', 'omdb', 'fanart'));
UPDATE season SET provider_id = NULL WHERE provider_id IN (SELECT id FROM metadata_provider WHERE name IN ('tvmaze', 'omdb', 'fanart'));
UPDATE episode SET provider_id = NULL WHERE provider_id IN (SELECT id FROM metadata_provider WHERE name IN ('tvmaze', 'omdb', 'fanart'));
DELETE FROM media_image WHERE provider_id IN (SELECT id FROM metadata_provider WHERE name IN ('tvmaze', 'omdb', 'fanart'));
DELETE FROM metadata_provider WHERE name IN ('tvmaze', 'omdb', 'fanart');

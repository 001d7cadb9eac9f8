-- Up Migration
-- What a channel is called in programme guides (XMLTV `channel`, M3U `tvg-id`): one more outside id, by which a list knows its channels again.
INSERT INTO metadata_provider (name, priority, is_external) VALUES ('xmltv', 90, true) ON CONFLICT (name) DO NOTHING;

-- Down Migration
DELETE FROM media_external_id WHERE provider = 'xmltv';
DELETE FROM metadata_provider WHERE name = 'xmltv';

-- Up Migration
-- Ids of an import file or of the public lists of anime that contradict what is stored go before a person too (C1): who says so needs a name.
INSERT INTO metadata_provider (name, priority, is_external) VALUES ('import', 5, false), ('anime-lists', 75, true);

-- Down Migration
DELETE FROM metadata_doubt WHERE provider_id IN (SELECT id FROM metadata_provider WHERE name IN ('import', 'anime-lists'));
DELETE FROM metadata_provider WHERE name IN ('import', 'anime-lists');

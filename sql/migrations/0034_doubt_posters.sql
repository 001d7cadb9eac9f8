-- Up Migration
-- A person who chooses between titles wants to see them.
ALTER TABLE metadata_doubt ADD COLUMN poster_url text CHECK (length(poster_url) BETWEEN 1 AND 2048);

-- Down Migration
ALTER TABLE metadata_doubt DROP COLUMN poster_url;

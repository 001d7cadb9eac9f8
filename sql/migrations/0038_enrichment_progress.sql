-- Up Migration
-- How each source of metadata does, and how far the titles are.
ALTER TABLE metadata_provider
  ADD COLUMN asked bigint NOT NULL DEFAULT 0 CHECK (asked >= 0),
  ADD COLUMN failures bigint NOT NULL DEFAULT 0 CHECK (failures >= 0),
  -- Of `asked_on`, a day in UTC.
  ADD COLUMN asked_today integer NOT NULL DEFAULT 0 CHECK (asked_today >= 0),
  ADD COLUMN asked_on date,
  ADD COLUMN last_asked_at timestamptz,
  -- NULL: it answered the last time.
  ADD COLUMN last_error text,
  ADD COLUMN rest_until timestamptz;
CREATE INDEX title_enrichment_tried ON title_enrichment (tried_at);
CREATE INDEX title_enrichment_failed ON title_enrichment (next_at) WHERE failure IS NOT NULL;

-- Down Migration
DROP INDEX title_enrichment_failed, title_enrichment_tried;
ALTER TABLE metadata_provider DROP COLUMN asked, DROP COLUMN failures, DROP COLUMN asked_today, DROP COLUMN asked_on,
  DROP COLUMN last_asked_at, DROP COLUMN last_error, DROP COLUMN rest_until;

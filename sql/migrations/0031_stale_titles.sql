-- Up Migration
-- A title of which a provider said that it changed, or one of the popular ones at night: asked about anew although it has its details.
ALTER TABLE title_enrichment ADD COLUMN is_stale boolean NOT NULL DEFAULT false;
CREATE INDEX title_enrichment_stale ON title_enrichment (next_at) WHERE is_stale;

-- Down Migration
ALTER TABLE title_enrichment DROP COLUMN is_stale;

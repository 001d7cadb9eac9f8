-- Up Migration
-- Since when its owner wants a source gone: it is shown, scanned and asked no more, and its files go some thousand at a time, it last.
ALTER TABLE source
  ADD COLUMN deleted_at timestamptz,
  ADD CONSTRAINT source_deleted_at_check CHECK (deleted_at IS NULL OR NOT is_active);

-- Down Migration
ALTER TABLE source DROP COLUMN deleted_at;

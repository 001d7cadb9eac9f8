-- Up Migration
-- Scans hid files that were gone by `is_active` too, which nobody takes back any more: the state alone says it now.
UPDATE stream SET is_active = true
WHERE state = 'broken' AND NOT is_active AND id IN (
  SELECT stream_id FROM stream_http WHERE source_id IS NOT NULL
  UNION ALL SELECT stream_id FROM stream_ftp WHERE source_id IS NOT NULL
  UNION ALL SELECT stream_id FROM stream_local WHERE source_id IS NOT NULL);

-- Down Migration
-- What was hidden before is hidden by its state.
SELECT 1;

-- Up Migration
-- Titles that nobody named: made from the name of a release, an item of a feed, an entry of a list. While it is less than 0.80 sure what
-- such a title is, it is not published (F3); a person, an import or an id that names it takes the mark away or publishes it (F5).
ALTER TABLE media ADD COLUMN is_from_name boolean NOT NULL DEFAULT false;

-- What is there already is known by where its streams came from: a title that was flagged although an owner or a file named it keeps its place.
UPDATE media m SET is_from_name = true,
  is_published = m.is_published AND (m.enrichment_status = 'pending' OR m.match_confidence >= 0.8)
WHERE m.enrichment_status IN ('pending', 'flagged') AND m.match_confidence IS NOT NULL AND m.owner_id IS NULL
  AND NOT EXISTS (SELECT FROM media_external_id e WHERE e.media_id = m.id)
  AND (SELECT bool_and(coalesce(s.origin, '') ~ '^(magnets|torrents|nzbs|rss|m3u)') FROM stream_media_link l JOIN stream s ON s.id = l.stream_id
    WHERE l.media_id = m.id);

-- Down Migration
UPDATE media SET is_published = true WHERE is_from_name AND enrichment_status = 'flagged';
ALTER TABLE media DROP COLUMN is_from_name;
